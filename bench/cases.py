"""The cases: which function is served, and which request is sent; targets are in `targets`."""

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
        name: what it is called on the command line and in the results.
        label: what it is called in the table.
        source: file in `bench/functions`, or the path of one.
        exchange: the request and its response.
        target: the function's name in the file; none for all that are decorated.
        signature: `--signature-type`, for a function that no decorator marks.
        is_async: served over ASGI.
        node: the signature type of its twin in `functions/node`, None where there is none.
        has_bare: a two-line application stands beside it.
        least: the application in `functions/least.py` that stands beside it, if any.
        reference: what the reference serves in its place, for a kind of function it lacks.
    """

    name: str
    label: str
    source: str
    exchange: Exchange
    target: str = "hello"
    signature: str | None = None
    is_async: bool = False
    node: str | None = None
    has_bare: bool = False
    least: str = ""
    reference: str | None = None


CASES = (
    Case(
        "http", "sync http, `return \"Hello world!\"`", "http_hello.py", HELLO,
        node="http", has_bare=True, least="wsgi_http",
    ),
    Case(
        "json", "sync http, JSON in and out, status and header", "http_json.py", JSON,
        target="order", node="http",
    ),
    Case(
        "cloudevent", "sync cloudevent, binary Pub/Sub event", "cloudevent.py", PUBSUB,
        target="on_event", node="cloudevent", has_bare=True, least="wsgi_cloudevent",
    ),
    Case(
        "event", "sync event (background), from the same CloudEvent", "event.py", PUBSUB,
        target="on_background_event", signature="event", node="event",
        least="wsgi_event",
    ),
    Case(
        "typed", "sync typed (`from_dict`/`to_dict`)", "typed.py", TYPED, target="birthday",
        least="wsgi_typed",
    ),
    Case(
        "async-http", "async http", "async_http.py", HELLO, is_async=True, node="http",
        has_bare=True,
    ),
    Case(
        "async-json", "async http, JSON in and out, status and header", "async_json.py", JSON,
        target="order", is_async=True, node="http", least="asginl_json",
    ),
    Case(
        "async-cloudevent", "async cloudevent", "async_cloudevent.py", PUBSUB,
        target="on_event", is_async=True, node="cloudevent", has_bare=True,
        least="asginl_cloudevent",
    ),
    Case(
        "async-typed", "async typed (`from_dict`/`to_dict`)", "async_typed.py", TYPED,
        target="birthday", is_async=True, reference="typed.py",
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
