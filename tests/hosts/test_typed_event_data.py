"""Event data as the type a function asks for, on every host that takes events."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pytest
from cloudevents.http import CloudEvent

from functions_framework.model.function import Function, Signature
from functions_framework.signatures import codec_of
from functions_framework.signatures.cloud_event import CloudEventSignature
from functions_framework.signatures.event import EventSignature
from support.in_memory import EVENT_HOSTS, serve
from support.served_source import EVENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.in_memory import Answer

JSON = {"content-type": "application/json"}
every_host = pytest.mark.parametrize("host", EVENT_HOSTS)


@dataclass
class Upload:
    name: str
    size: int = 0


def _cloud_event(host: str, call: Callable[..., Any], data: Any) -> Answer:
    send = serve(host, call, Signature.CLOUDEVENT)
    return send("POST", "/", EVENT | JSON, json.dumps(data).encode())


@every_host
def test_a_second_parameter_gets_the_data_checked(host: str) -> None:
    seen: list[Any] = []

    def on_upload(event: CloudEvent, data: Upload) -> None:
        seen.append((event["id"], event.data, data))

    answer = _cloud_event(host, on_upload, {"name": "a", "size": 3})
    assert (answer.status, answer.body) == (200, b"OK")
    assert seen == [("1", {"name": "a", "size": 3}, Upload("a", 3))]


@every_host
def test_an_annotated_event_has_the_checked_data(host: str) -> None:
    seen: list[Any] = []

    def on_upload(event: Annotated[CloudEvent, Upload]) -> None:
        seen.append(event.data)

    assert _cloud_event(host, on_upload, {"name": "a"}).status == 200
    assert seen == [Upload("a", 0)]


@every_host
def test_structured_events_and_unions_of_types(host: str) -> None:
    seen: list[Any] = []

    def on_event(event: CloudEvent, data: list[int] | Upload) -> None:
        seen.append(data)

    body = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": [1, 2]}
    headers = {"content-type": "application/cloudevents+json"}
    send = serve(host, on_event, Signature.CLOUDEVENT)
    assert send("POST", "/", headers, json.dumps(body).encode()).status == 200
    assert seen == [[1, 2]]


@every_host
def test_a_background_function_gets_its_data_checked(host: str) -> None:
    seen: list[Any] = []

    def on_upload(data: Upload, context: Any) -> None:
        seen.append((data, context.event_id))

    send = serve(host, on_upload, Signature.EVENT)
    body = json.dumps({"eventId": "7", "data": {"name": "a"}}).encode()
    assert send("POST", "/", JSON, body).status == 200
    assert seen == [(Upload("a"), "7")]


@every_host
@pytest.mark.parametrize("signature", [Signature.CLOUDEVENT, Signature.EVENT])
def test_data_that_does_not_fit_is_refused_and_each_field_listed(
    host: str, signature: Signature
) -> None:
    called: list[Any] = []

    def on_cloud_event(event: CloudEvent, data: Upload) -> None:
        called.append(data)

    def on_background(data: Upload, context: Any) -> None:
        called.append(data)

    wrong = {"name": 7, "size": "secret text"}
    if signature is Signature.CLOUDEVENT:
        answer = _cloud_event(host, on_cloud_event, wrong)
    else:
        body = json.dumps({"eventId": "7", "data": wrong}).encode()
        answer = serve(host, on_background, Signature.EVENT)("POST", "/", JSON, body)
    assert (answer.status, answer.type) == (422, "application/problem+json")
    pointers = [fault["pointer"] for fault in json.loads(answer.body)["errors"]]
    assert pointers == ["#/name", "#/size"]
    assert b"secret text" not in answer.body
    assert called == []


def _plain(event: Any) -> None: ...


def _noted(event: CloudEvent) -> None: ...


def _with_default(event: CloudEvent, retries: int = 3) -> None: ...


def _data(data: dict[str, Any], context: Any) -> None: ...


def _bare_dict(data: dict, context: Any) -> None: ...  # type: ignore[type-arg]


@pytest.mark.parametrize(
    ("call", "signature", "codec"),
    [
        (_plain, Signature.CLOUDEVENT, CloudEventSignature),
        (_noted, Signature.CLOUDEVENT, CloudEventSignature),
        (_with_default, Signature.CLOUDEVENT, CloudEventSignature),
        (_plain, Signature.EVENT, EventSignature),
        (_data, Signature.EVENT, EventSignature),
        (_bare_dict, Signature.EVENT, EventSignature),
    ],
)
def test_functions_that_ask_for_nothing_get_the_plain_codec(
    call: Callable[..., Any], signature: Signature, codec: type
) -> None:
    assert type(codec_of(Function(call, "f", signature))) is codec


@every_host
def test_a_struct_is_decoded_too(host: str) -> None:
    class Message(msgspec.Struct):
        text: str

    seen: list[Any] = []

    def on_event(event: CloudEvent, message: Message) -> None:
        seen.append(message.text)

    # Local classes resolve because annotations are evaluated where they stand.
    on_event.__annotations__ = {"event": CloudEvent, "message": Message}
    assert _cloud_event(host, on_event, {"text": "hi"}).status == 200
    assert seen == ["hi"]
