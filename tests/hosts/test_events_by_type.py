"""Functions that share an endpoint: each event goes to the one that asked for its type."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework import aio, testing
from functions_framework.events.samples import forms
from functions_framework.events.samples.catalogue import find
from functions_framework.exceptions import InvalidConfigurationException
from support.served_source import EVENT, Given, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.served_source import Served

SOURCE = """
import functions_framework as ff
from functions_framework import Drop, PubSubMessage, Retry, StorageObject
{imports}
{says}

@ff.cloud_event(type="google.cloud.pubsub.topic.v1.messagePublished", reply_type="pub")
{first}def on_message(message: PubSubMessage):
    return {{"text": message.text, "function": ff.current().function.name}}

@ff.cloud_event(type=["google.cloud.storage.object.v1.*", "com.example.upload"])
{second}def on_object(event):
    if event.data == "crash":
        raise ValueError("crashed")
    if event.data == "drop":
        raise Drop("bad")
    return {{"type": "stored", "source": "/on_object", "data": ff.current().function.name}}

@ff.cloud_event(type="com.example.order")
{second}def on_order(event, order: list[int]):
    raise Retry(after=len(order))

@ff.on_dropped
def dropped(event, reason):
    say("dropped " + event["id"] + ": " + reason)

@ff.middleware
def around(invocation, call_next):
    say("around " + invocation.function.name)
    return call_next(invocation)
"""
SAYS = """
import sys
def say(text):
    print(text, file=sys.stderr, flush=True)
"""
KINDS = {"def": ("", ""), "async def": ("async ", "async "), "both": ("", "async ")}


def source(kind: str, imports: str = "") -> str:
    first, second = KINDS[kind]
    return SOURCE.format(first=first, second=second, imports=imports, says=SAYS)


SERVERS = {kind: Given(source(kind)) for kind in KINDS} | {
    "with flask": Given(source("def", "import flask")),
    "beside": Given(
        source("both") + "\n@ff.http\ndef hello(request):\n    return 'hello'\n",
        variables={"LOG_FORMAT": "json"},
    ),
}
JSON = {"content-type": "application/json"}
every_server = pytest.mark.parametrize("name", SERVERS)


def post(served: Served, kind: str, data: Any = None, **more: str) -> Any:
    headers = {**EVENT, **JSON, "ce-type": kind, **more}
    return served.client.post("/", headers=headers, content=json.dumps(data))


@every_server
def test_an_event_reaches_the_function_of_its_type(servers: dict[str, Served], name: str) -> None:
    served = servers[name]
    pushed = forms.pushed(find("pubsub"), {"message": "hi"})
    for form in ("binary", "structured", "background", "push"):
        request = forms.request_in(form, find("pubsub"), {"message": "hi"})
        answer = served.client.post("/", headers=dict(request.headers), content=request.body)
        assert answer.json() == {"text": "hi", "function": "on_message"}
        assert (answer.headers["ce-type"], answer.headers["ce-source"]) == ("pub", "/on_message")
    uploaded = forms.request_in("binary", find("storage-deleted"), {})
    answer = served.client.post("/", headers=dict(uploaded.headers), content=uploaded.body)
    assert (answer.headers["ce-type"], answer.json()) == ("stored", "on_object")
    assert post(served, "com.example.upload").headers["ce-type"] == "stored"
    answer = post(served, "com.example.order", [1, 2])
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    served.server.wait_for("around on_object", times=2)
    if name != "beside":  # without another function every path is theirs
        assert served.client.post(
            "/projects/p/topics/t", headers=dict(pushed.headers), content=pushed.body
        ).json()


@every_server
def test_what_the_function_of_an_event_refuses_or_decides(
    servers: dict[str, Served], name: str
) -> None:
    served = servers[name]
    answer = post(served, "google.cloud.pubsub.topic.v1.messagePublished", {"message": 1})
    assert answer.status_code == 400
    assert answer.text == (
        "The event is not a PubSubMessage: message: Expected `object`, got `int`.\n"
    )
    assert post(served, "com.example.order", "x").status_code == 422
    answer = post(served, "com.example.upload", "crash")
    assert (answer.status_code, answer.headers["x-google-status"]) == (500, "crash")
    assert post(served, "com.example.upload", "drop", **{"ce-id": name}).status_code == 200
    served.server.wait_for(f"dropped {name}: bad")


@every_server
def test_an_event_nobody_wants_is_dropped_in_terms_of_its_sender(
    servers: dict[str, Served], name: str
) -> None:
    served = servers[name]
    answer = post(served, "com.example.chair", **{"ce-id": "c1"})
    assert (answer.status_code, answer.text) == (200, "The event was dropped.\n")
    assert post(served, "com.example.chair", prefer="reply").status_code == 422
    answer = post(served, "com.example.chair", **{"aeg-event-type": "Notification"})
    assert answer.status_code == 400
    assert post(served, "com.example.orders").status_code == 200
    served.server.wait_for("dropped c1: no function takes events of the type 'com.example.chair'")
    served.server.wait_for("type 'com.example.orders', only of")
    said = "The server dropped the event: no function takes events of the type 'com.example.chair'"
    assert served.server.log.count(said) == 1
    batch = [
        {"specversion": "1.0", "id": str(n), "source": "/s", "type": kind, "data": [1]}
        for n, kind in enumerate(["com.example.upload", "nobody.s", "com.example.order"])
    ]
    headers = {"content-type": "application/cloudevents-batch+json"}
    answer = served.client.post("/", headers=headers, content=json.dumps(batch))
    (failure,) = answer.json()["batchItemFailures"]
    assert (failure["itemIdentifier"], failure["reason"]) == ("2", "retry")


def test_they_stand_beside_functions_with_paths(servers: dict[str, Served]) -> None:
    client = servers["beside"].client
    assert client.get("/hello").text == "hello"
    assert client.get("/").status_code == 200
    assert client.put("/").status_code == 405


def test_the_server_says_what_shares_an_endpoint(servers: dict[str, Served]) -> None:
    log = servers["def"].server.log
    assert "Serving on_message,on_object,on_order (cloudevent, sync)" in log
    assert "on_message,on_object,on_order (cloudevent, async) at /" in servers["beside"].server.log


PAIR = """
import functions_framework as ff

@ff.cloud_event(type={first})
def one(event): pass

@ff.cloud_event(type={second})
def two(event): pass
"""


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ("'a.b'", "'a.b'", "'a.b'"),
        ("'a.*'", "'a.b'", "'a.b'"),
        ("'a.b.c'", "['x', 'a.*']", "'a.b.c'"),
        ("'a.b.*'", "'a.*'", "'a.b.*'"),
        ("'*'", "'*'", "'*'"),
    ],
)
def test_two_functions_for_one_type_are_a_start_up_error(
    tmp_path: Path, first: str, second: str, found: str
) -> None:
    source = tmp_path / "main.py"
    source.write_text(PAIR.format(first=first, second=second), encoding="utf-8")
    with pytest.raises(InvalidConfigurationException) as caught:
        testing.Client(source)
    said = str(caught.value)
    assert said.startswith("The functions 'one' (")
    assert f"and 'two' ({source}:7) both take events of the type {found}. " in said


@pytest.mark.once
def test_the_server_ends_with_that_error(tmp_path: Path) -> None:
    code, log = refused(tmp_path, PAIR.format(first="'a'", second="'a'"))
    assert code == 1
    assert "The functions 'one'" in log


ANY = """
import functions_framework as ff
from functions_framework import StorageObject

@ff.cloud_event(type="com.example.order")
def on_order(event):
    return {"type": "order", "source": "/s"}

@ff.cloud_event(type="*")
def on_rest(event):
    return {"type": "rest", "source": "/s"}

@ff.cloud_event(type="com.example.*", path="/other")
def on_other(event):
    return {"type": "other", "source": "/s"}
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[testing.Client]:
    source = tmp_path_factory.mktemp("any") / "main.py"
    source.write_text(ANY, encoding="utf-8")
    with testing.Client(source) as found:
        yield found


@pytest.mark.parametrize(
    ("path", "kind", "reply"),
    [
        ("/", "com.example.order", "order"),
        ("/", "com.example.orders", "rest"),
        ("/", "com.example.order.created", "rest"),
        ("/deeper", "x", "rest"),
        ("/other", "com.example.order", "other"),
        ("/other", "x", None),
    ],
)
def test_types_below_a_name_and_all_the_rest(
    client: testing.Client, path: str, kind: str, reply: str | None
) -> None:
    answer = client.post(path, headers={**EVENT, "ce-type": kind})
    assert answer.status == 200
    assert answer.headers.get("ce-type") == reply


def test_one_function_with_a_type_gets_no_other(tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text(ANY, encoding="utf-8")
    with testing.Client(source, target="on_order") as one:
        assert one.post("/", headers={**EVENT, "ce-type": "com.example.order"}).headers["ce-type"]
        answer = one.post("/", headers={**EVENT, "ce-type": "other"})
        assert (answer.status, answer.text) == (200, "The event was dropped.\n")
    app = functions_framework.create_app("on_order", str(source))
    assert "order" in sender_of(app, "com.example.order")
    assert "dropped" in sender_of(app, "other")


def sender_of(app: Any, kind: str) -> str:
    answer = app.test_client().post("/", headers={**EVENT, "ce-type": kind})
    return f"{answer.text}{answer.headers}"


@pytest.mark.parametrize("given", ["", (), "a.*.b", 7, ["a", "*b"]])
def test_what_is_not_a_type_is_refused_where_the_decorator_stands(given: Any) -> None:
    for decorate in (functions_framework.cloud_event, aio.cloud_event):
        with pytest.raises(ValueError, match="type="):
            decorate(type=given)
        with pytest.raises(ValueError, match="type= and batch=True"):
            decorate(type="a", batch=True)


def test_made_up_types_do_not_fill_the_log_or_the_memory(
    client: testing.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for number in range(1100):
            client.post("/other", headers={**EVENT, "ce-type": f"made.up.{number}"})
    assert 900 < len(caplog.records) <= 1000
