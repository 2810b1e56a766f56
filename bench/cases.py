"""The cases: which function is served, which request is sent, and which target it is held to."""

from __future__ import annotations

import json
from dataclasses import dataclass

from .exchange import Exchange

EVENT_BODY = json.dumps(
    {
        "subscription": "projects/sample-project/subscriptions/sample-subscription",
        "message": {
            "@type": "type.googleapis.com/google.pubsub.v1.PubsubMessage",
            "messageId": "aaaaaa-1111-bbbb-2222-cccccccccccc",
            "publishTime": "2020-09-29T11:32:00.123Z",
            "attributes": {"attr1": "attr1-value"},
            "data": "dGVzdCBtZXNzYWdlIDM=",
        },
    }
).encode()

PUBSUB = Exchange(
    method="POST",
    headers={
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
        "ce-source": "//pubsub.googleapis.com/projects/sample-project/topics/gcf-test",
        "ce-id": "aaaaaa-1111-bbbb-2222-cccccccccccc",
        "ce-time": "2020-09-29T11:32:00.123Z",
        "Content-Type": "application/json",
    },
    body=EVENT_BODY,
    answer=b"OK",
)
HELLO = Exchange(answer=b"Hello world!")
JSON = Exchange(
    method="POST",
    path="/orders?lang=en",
    headers={"Content-Type": "application/json"},
    body=json.dumps({"name": "Ada", "items": [1, 2, 3], "note": "as soon as you can"}).encode(),
    status=201,
    answer=b'{"greeting":"Hello Ada","lang":"en","total":6}',
    answer_headers={"X-Case": "json"},
)
TYPED = Exchange(
    method="POST",
    headers={"Content-Type": "application/json"},
    body=json.dumps({"name": "Ada", "age": 36}).encode(),
    answer=b'{"name": "Ada", "age": 37}',
)


@dataclass(frozen=True, slots=True)
class Case:
    """One function under one request.

    Attributes:
        name: what it is called on the command line.
        label: what it is called in the table.
        source: file in `bench/functions`.
        exchange: the request and its response.
        target: the function's name in the file.
        signature: `--signature-type`, for a function that no decorator marks.
        is_async: served over ASGI.
        node: the signature type of its twin in `functions/node`, None where there is none.
        at_least_ref: the throughput that is asked for, as a multiple of the reference's.
        at_least_bare: the same, of the bare server's.
        start_at_most: the start-up time allowed, as a fraction of the reference's.
        memory_at_most: the memory allowed, as a fraction of the reference's.
        p99_at_most: the 99th percentile of latency allowed, as a fraction of the reference's.
    """

    name: str
    label: str
    source: str
    exchange: Exchange
    target: str = "hello"
    signature: str | None = None
    is_async: bool = False
    node: str | None = None
    at_least_ref: float | None = None
    at_least_bare: float | None = None
    start_at_most: float | None = None
    memory_at_most: float = 0.8
    p99_at_most: float = 0.1


CASES = (
    Case(
        "http", "sync http, `return \"Hello world!\"`", "http_hello.py", HELLO,
        node="http", at_least_ref=12, at_least_bare=0.70, start_at_most=0.95, memory_at_most=1.1,
    ),
    Case(
        "json", "sync http, JSON in and out, status and header", "http_json.py", JSON,
        target="order", node="http", at_least_ref=6, memory_at_most=1.1,
    ),
    Case(
        "cloudevent", "sync cloudevent, binary Pub/Sub event", "cloudevent.py", PUBSUB,
        target="on_event", node="cloudevent", at_least_ref=11, at_least_bare=0.55,
        start_at_most=0.62,
    ),
    Case(
        "event", "sync event (background), from the same CloudEvent", "event.py", PUBSUB,
        target="on_background_event", signature="event", node="event", at_least_ref=11,
    ),
    Case(
        "typed", "sync typed (`from_dict`/`to_dict`)", "typed.py", TYPED,
        target="birthday", at_least_ref=9,
    ),
    Case(
        "async-http", "async http", "async_http.py", HELLO,
        is_async=True, node="http", at_least_ref=3.7, at_least_bare=0.90, start_at_most=0.55,
        p99_at_most=0.6,
    ),
    Case(
        "async-cloudevent", "async cloudevent", "async_cloudevent.py", PUBSUB,
        target="on_event", is_async=True, node="cloudevent", at_least_ref=5, at_least_bare=0.75,
        p99_at_most=0.6,
    ),
)  # fmt: skip


class UnknownCase(Exception):  # noqa: N818 - named for what was given
    """A name on the command line that no case has."""


def chosen(names: list[str]) -> tuple[Case, ...]:
    """The cases of these names, in the table's order; all of them for no names.

    Raises:
        UnknownCase: a name is not a case's.
    """
    known = {case.name for case in CASES}
    for name in names:
        if name not in known:
            raise UnknownCase(f"no case is called {name!r}: choose from {', '.join(sorted(known))}")
    return tuple(case for case in CASES if not names or case.name in names)
