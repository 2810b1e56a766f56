"""The ASGI side of what serves from an event loop (ASGI 3): reading a scope, sending a reply."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from functions_framework.exceptions import MalformedRequest
from functions_framework.logs import log_crash
from functions_framework.model.execution import (
    DEADLINE,
    EXECUTION_ID,
    FIRST,
    Execution,
    Received,
    execution,
    take_first,
)
from functions_framework.model.fields import as_text, encoded_query, merged, sent_bytes
from functions_framework.model.message import COMMON_FIELDS, Message, Reply, tuple_of
from functions_framework.runtime.closing import aclose

from ..errors import ClientLeftError
from ..outgoing import passed, with_length

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import ASGIMessage, Receive, Scope, Send
    from functions_framework.model.request import Request

_EXECUTION_ID = EXECUTION_ID.lower()
_get: Callable[[Any, str], Any] = dict.get


def header_fields(scope: Scope) -> dict[str, str]:
    """The header fields by lower-case name, one value each.

    The server's own scope has them as text already (`server.async_scope`).
    """
    known: dict[str, str] | None = getattr(scope, "by_name", None)
    if known is not None:
        return known
    return merged(as_text(scope["headers"]))


def begin(scope: Scope, function: Function | None) -> Execution:
    """Start a call: give the request an execution id if it has none, and make it current."""
    fields: dict[str, str] | None = getattr(scope, "by_name", None)
    is_own = fields is not None
    if fields is None:
        fields = header_fields(scope)
    running = Received()
    running.function = function
    # What is not there is `None` of the class's.
    sent = None
    if _EXECUTION_ID in fields:
        running.known_id = sent = fields[_EXECUTION_ID] or None
    if "traceparent" in fields:
        running.traceparent = fields["traceparent"]
        running.tracestate = fields.get("tracestate")
    if "x-cloud-trace-context" in fields:
        running.cloud_trace = fields["x-cloud-trace-context"]
    if FIRST:
        running.cold_start = take_first()
    deadline: float | None = _get(scope, DEADLINE)
    if deadline is not None:
        running.deadline = deadline
    execution.set(running)
    if sent:
        return running
    if is_own:
        scope.running = running  # type: ignore[attr-defined]  # asks for the id when it is read
    else:
        name = _EXECUTION_ID.encode()
        kept = [pair for pair in scope["headers"] if pair[0] != name]
        scope["headers"] = [*kept, (name, running.execution_id.encode())]
    return running


def message(scope: Scope, body: bytes, *, is_event: bool = True) -> Message:
    """A request whose body was read.

    Args:
        scope: of the request.
        body: as it was read.
        is_event: whether attributes of an event are looked for.
    """
    fields = header_fields(scope)
    query: str | None = getattr(scope, "query", None)
    attributes = {}
    if is_event and ("ce-id" in fields or not COMMON_FIELDS.issuperset(fields)):
        attributes = _attributes(fields)
    if query is None or not query.isascii():
        query = encoded_query(scope["query_string"])
    content_type = fields.get("content-type") or None
    parts = (content_type, attributes, body, scope["path"], query, scope["method"], fields)
    return tuple_of(Message, parts)


def _attributes(fields: dict[str, str]) -> dict[str, str]:
    """The values of `ce-` headers, those that every event has first."""
    try:
        attributes = {
            "specversion": fields["ce-specversion"],
            "id": fields["ce-id"],
            "source": fields["ce-source"],
            "type": fields["ce-type"],
        }
    except KeyError:
        attributes = {}
    else:
        if COMMON_FIELDS.issuperset(fields):
            if "ce-time" in fields:
                attributes["time"] = fields["ce-time"]
            return attributes
    for name, value in fields.items():
        # Nearly all names fail the first test, which takes half of the second's time.
        if "ce-" in name and name[:3] == "ce-":
            attributes[name[3:]] = value
    return attributes


def read_body(receive: Receive) -> Awaitable[bytes]:
    """Read the whole body.

    Raises:
        MalformedRequest: the client left before it was complete.
    """
    # The server's own gives all at once.
    whole: Callable[[], Awaitable[bytes]] | None = getattr(receive, "whole", None)
    return _read_messages(receive) if whole is None else whole()


async def _read_messages(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise MalformedRequest("The request body broke off before it was complete.")
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def with_request(
    scope: Scope, receive: Receive, request: Request, scheme: str = ""
) -> tuple[Scope, Receive]:
    """A scope and a receive in which another request stands for the one that came.

    Args:
        scope: the request's that came.
        receive: gives its body, of which nothing is left, and tells that the client has left.
        request: the other one.
        scheme: the other's, that of the one that came where it is empty.
    """
    inbox = [{"type": "http.request", "body": request.body, "more_body": False}]

    async def receive_other() -> ASGIMessage:
        return inbox.pop() if inbox else await receive()

    sent = [(name.lower().encode(), sent_bytes(value)) for name, value in request.headers]
    length = [(b"content-length", str(len(request.body)).encode())]
    made = {
        **scope,
        "method": request.method,
        "scheme": scheme or scope["scheme"],
        "path": unquote(request.path),
        "raw_path": request.path.encode(),
        "query_string": request.query.encode(),
        "headers": [pair for pair in sent if pair[0] != b"content-length"] + length,
    }
    return made, receive_other


async def live(receive: Receive, send: Send) -> None:
    """Answer the lifespan protocol; there is nothing to do at either end."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def send_reply(reply: Reply, send: Send, scope: Scope) -> None:
    """Send a reply; a stream that fails is logged and cut off, so that it never looks whole."""
    method = scope["method"]
    reply = passed(reply, method, scope)
    pairs = with_length(reply, method)
    headers = [(name.lower().encode(), sent_bytes(value)) for name, value in pairs]
    body: Any = reply.body
    try:
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if isinstance(body, bytes):
            await send({"type": "http.response.body", "body": body})
        elif await _send_parts(body, send, scope):
            # Before the body is closed: what is done then may take long.
            await send({"type": "http.response.body", "body": b""})
    finally:
        await aclose(None, body)


async def _send_parts(body: Any, send: Send, scope: Scope) -> bool:
    """Send the parts of a stream; whether it came to its end."""
    try:
        async for part in body:
            chunk = part.encode() if isinstance(part, str) else part
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except asyncio.CancelledError:
        raise
    except ClientLeftError:
        return False
    except BaseException as error:  # noqa: BLE001 - any failure of the user's stream, exits too
        log_crash(error, method=scope["method"], path=scope["path"])
        return False
    return True
