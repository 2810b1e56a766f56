"""Whatever is sent, no host of an event or typed function returns 5xx unless the function fails."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - an annotation that is read at run time
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions_framework.model.function import Signature
from support.event_messages import NAMES, suite_file
from support.in_memory import EVENT_HOSTS, serve

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.once

SECRET = "c2VjcmV0LWluLWEtaGVhZGVy"
VALUES = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=20)
CONTEXT = ["id", "source", "type", "specversion", "time", "dataschema", "a"]
NAMES_OF_HEADERS = st.sampled_from([f"ce-{name}" for name in CONTEXT]) | st.sampled_from(
    ["accept", "traceparent", "x-cloud-trace-context", "function-execution-id", "host"]
)
TYPES = st.sampled_from(
    [
        "application/json",
        "application/json; charset=utf-16",
        "application/cloudevents+json",
        "application/cloudevents-batch+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; charset=no-such",
    ]
)
HEADERS = st.dictionaries(NAMES_OF_HEADERS, VALUES, max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "source", "type", "specversion", "data", "data_base64", "context"]
            )
            | st.sampled_from(["name", "count", "when", "tags", "inner", "message"]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)
BODIES = st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode())
METHODS = st.sampled_from(["POST", "POST", "POST", "GET", "HEAD", "PUT", "OPTIONS", "BREW"])
TARGETS = st.sampled_from(["/", "/?name=a&count=b", "/a/b", "/?when=%ff&&=", "/topics/t?__GCP=1"])


@dataclass
class Order:
    name: str
    count: int = 1
    when: datetime | None = None
    tags: list[float] = field(default_factory=list)
    inner: Order | None = None


def on_event(event: Any) -> None:
    assert event["id"]


def on_background(data: Any, context: Any) -> None:
    str(data), str(context)


def on_order(order: Order) -> Order:
    return order


FUNCTIONS: dict[Signature, Callable[..., Any]] = {
    Signature.CLOUDEVENT: on_event,
    Signature.EVENT: on_background,
    Signature.TYPED: on_order,
}


@cache
def served(host: str, signature: Signature) -> Callable[..., Any]:
    input_type = Order if signature is Signature.TYPED else None
    return serve(host, FUNCTIONS[signature], signature, input_type=input_type)


@pytest.mark.parametrize("signature", FUNCTIONS, ids=str)
@pytest.mark.parametrize("host", EVENT_HOSTS)
@settings(max_examples=60)
@given(data=st.data())
def test_arbitrary_request_is_taken_or_refused(
    host: str, signature: Signature, data: st.DataObject
) -> None:
    headers = {**data.draw(HEADERS), "authorization": SECRET}
    if data.draw(st.booleans()):
        headers["content-type"] = data.draw(TYPES | VALUES)
    answer = served(host, signature)(
        data.draw(METHODS), data.draw(TARGETS), headers, data.draw(BODIES)
    )
    assert answer.status < 500
    assert SECRET.encode() not in answer.body


@pytest.mark.parametrize("signature", [Signature.CLOUDEVENT, Signature.EVENT], ids=str)
@pytest.mark.parametrize("host", EVENT_HOSTS)
@settings(max_examples=40)
@given(data=st.data())
def test_real_event_with_bytes_changed_is_taken_or_refused(
    host: str, signature: Signature, data: st.DataObject
) -> None:
    form = data.draw(st.sampled_from(["legacy-input", "cloudevent-input"]))
    body = bytearray(
        json.dumps(suite_file(f"{data.draw(st.sampled_from(NAMES))}-{form}.json")).encode()
    )
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    kind = "application/cloudevents+json" if form.startswith("cloud") else "application/json"
    answer = served(host, signature)("POST", "/", {"content-type": kind}, bytes(body))
    assert answer.status < 500
