"""What a function returned, as a reply that can be kept: encoded at once, its stream read out."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from typing import TYPE_CHECKING, Any

from functions_framework.model.function import Signature
from functions_framework.model.message import Reply
from functions_framework.runtime.closing import aclose, close
from functions_framework.signatures import codec_of
from functions_framework.signatures.responses import Deferred
from functions_framework.signatures.results import compact_json, encode

if TYPE_CHECKING:
    from functions_framework.model.function import Function

Encode = Callable[[Any], Reply]


def encoder_of(function: Function) -> Encode:
    """What turns a function's results into replies, as its host would."""
    if function.signature is not Signature.HTTP:
        return codec_of(function).encode
    if function.is_asgi:
        return lambda result: encode(result, compact_json)
    from .with_flask.views import encode_as_flask

    return encode_as_flask


def read_out(reply: Reply, request: Any) -> Reply:
    """A reply with a whole body, read in this thread."""
    body: Any = reply.body
    if isinstance(body, Deferred) and not hasattr(request, "scope"):
        from .deferred import opened

        reply = opened(body.response, request.environ)
        body = reply.body
    if isinstance(body, bytes):
        return reply
    if isinstance(body, (AsyncIterable, Deferred)):
        from functions_framework.runtime.crossing import wait_for

        read: Reply = wait_for(lambda: read_out_async(reply, request), is_kept=True)
        return read
    try:
        return reply._replace(body=b"".join(map(_as_bytes, body)))
    finally:
        close(None, body)


async def read_out_async(reply: Reply, request: Any) -> Reply:
    """The same on an event loop; a blocking stream is read in a thread."""
    if isinstance(reply.body, Deferred):
        from .asgi.opening import open_asgi

        reply = await open_asgi(reply.body.response, request.scope, request.receive)
    body = reply.body
    if isinstance(body, bytes):
        return reply
    if not isinstance(body, AsyncIterable):
        from functions_framework.runtime.crossing import run_in_thread

        read: Reply = await run_in_thread(read_out, reply, request)
        return read
    try:
        return reply._replace(body=b"".join([_as_bytes(part) async for part in body]))
    finally:
        await aclose(None, body)


def _as_bytes(part: bytes | str) -> bytes:
    return part.encode() if isinstance(part, str) else bytes(part)
