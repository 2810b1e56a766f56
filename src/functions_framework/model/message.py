"""What passes between a host and a signature: a request's parts in, a reply's parts out.

Hosts (WSGI, ASGI, the server's own protocol) make a `Message` and send a `Reply`; signatures
turn one into arguments and a result into the other. Neither knows of the other's library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.runtime.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Mapping

Headers = list[tuple[str, str]]

tuple_of = tuple.__new__
"""Makes a named tuple of all its fields, as one tuple: its constructor takes twice the time."""


class Message(NamedTuple):
    """The parts of a request that a signature reads.

    Attributes:
        content_type: the Content-Type header as received, None when absent.
        attributes: values of the headers that start with `ce-`, undecoded, keyed by the lower-case
            rest of the name (`ce-eventType` is `eventtype`).
        body: the whole body.
        path: the path of the URL, percent-decoded, with its leading slash.
        query: the query string, undecoded, without `?`.
        method: the HTTP method.
        fields: the request's header fields as its host has them: by lower-case name, or an environ.
    """

    content_type: str | None
    attributes: Mapping[str, str]
    body: bytes
    path: str = "/"
    query: str = ""
    method: str = "POST"
    fields: Mapping[str, Any] = {}

    def header(self, name: str) -> str | None:
        """A header field by its lower-case name, None where it is absent."""
        fields = self.fields
        if name in fields:
            return fields[name]  # type: ignore[no-any-return]
        return fields.get(f"HTTP_{name.upper().replace('-', '_')}")


class Reply(NamedTuple):
    """A response before it is sent.

    Attributes:
        status: HTTP status code.
        headers: names and values in sending order; no Content-Length for a whole body, the
            server adds it.
        body: all of it as bytes, or an iterable of its parts to be streamed.
    """

    status: int
    headers: Headers
    body: bytes | Iterable[bytes | str] | AsyncIterable[bytes | str]


class Easy(Reply):
    """A whole reply with status 200 whose headers are the framework's own: fit to be sent as it is.

    What is made of one with `_replace` is any reply.
    """

    __slots__ = ()

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Reply:  # type: ignore[override]
        return Reply._make(iterable)


CORE_ATTRIBUTES = (
    "id", "source", "specversion", "type", "time", "subject", "datacontenttype", "dataschema",
)  # fmt: skip
"""What every CloudEvent may have (CloudEvents core, section 3.1)."""

COMMON_FIELDS = frozenset({
    "accept", "accept-encoding", "accept-language", "authorization", "cache-control", "connection",
    "content-length", "content-type", "cookie", "expect", "forwarded", "from",
    "function-execution-id", "host", "k-proxy-request", "origin", "pragma", "prefer", "referer",
    "traceparent", "tracestate", "transfer-encoding", "user-agent", "via", "x-b3-parentspanid",
    "x-b3-sampled", "x-b3-spanid", "x-b3-traceid", "x-cloud-trace-context",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-request-id",
    "ce-id", "ce-source", "ce-specversion", "ce-type", "ce-time",
})  # fmt: skip
"""Header fields of most requests. One with only these has no further attribute to be looked for,
which one look tells, as a loop takes five times as long."""

CLIENT_LEFT = 499
"""The status in logs, traces and metrics of a call that was cancelled as its client had left."""

NO_CONTENT = frozenset({204, 205, 304})
"""Statuses whose replies have no content (RFC 9110, section 6.4.1)."""

NO_LENGTH = NO_CONTENT - {205}
"""Those that have no Content-Length of it either (RFC 9110, section 8.6)."""

HTML = ("content-type", "text/html; charset=utf-8")
TEXT = ("content-type", "text/plain; charset=utf-8")
JSON = ("content-type", "application/json")
CRASH = ("x-google-status", "crash")

EVENT_TAKEN = Easy(200, [HTML], b"OK")
"""The response to every event; one for all calls, as nobody changes a reply."""
