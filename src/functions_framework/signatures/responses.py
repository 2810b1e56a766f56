"""Responses of Flask and Starlette as replies; neither library is imported for it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from functions_framework.model.fields import as_bytes, as_text
from functions_framework.model.message import NO_CONTENT, Reply
from functions_framework.runtime.closing import aclose, close

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator

    from functions_framework.model.message import Headers


class Closing:
    """An iterable of parts with something to close when the last was sent or the client left."""

    def __init__(self, parts: Iterable[bytes | str], close: Callable[[], None]) -> None:
        self._parts = iter(parts)
        self.close = close

    def __iter__(self) -> Iterator[bytes | str]:
        return self  # what the parts close themselves may be the same: it is done once

    def __next__(self) -> bytes | str:
        return next(self._parts)


class Lasting(bytes):
    """A whole body with something to close once it was sent, as `Closing` is for a stream.

    To whoever handles it on its way it is bytes. Who sends it closes it.
    """

    _left: Any = None

    @classmethod
    def of(cls, body: bytes, left: object) -> Lasting:
        """A body.

        Args:
            body: all of it.
            left: what is closed, by its `close` or `aclose`.
        """
        made = cls(body)
        made._left = left
        return made

    def close(self) -> None:
        """Close what is left, once."""
        left, self._left = self._left, None
        close(None, left)

    async def aclose(self) -> None:
        """The same on an event loop."""
        left, self._left = self._left, None
        await aclose(None, left)


def instead(body: bytes, given: object) -> bytes:
    """A body that is sent in place of another, which is closed when that was done."""
    if isinstance(given, (bytes, bytearray, memoryview)) and not isinstance(given, Lasting):
        return body
    return Lasting.of(body, given)


class Deferred:
    """A Starlette response that only it can send: a file, one with background tasks.

    Attributes:
        response: an ASGI application; the host that has the request's scope runs it.
    """

    def __init__(self, response: Any) -> None:
        self.response = response

    def change(self, status: int, headers: Headers) -> None:
        """Have the response sent with what stands beside it in a tuple, as Flask does with its."""
        self.response.status_code = status
        self.response.raw_headers[:] = as_bytes(headers)

    def __aiter__(self) -> AsyncIterator[bytes | str]:
        raise TypeError("A deferred response is opened with its request's scope before it is sent.")


def from_response(value: object) -> Reply | None:
    """The reply that a response stands for, None for anything else."""
    # A response of a library that was never imported cannot be what the function returned. What
    # was imported is looked up where it is: an import statement takes as long as all the rest.
    known = sys.modules.get("werkzeug.wrappers")
    if known is not None and isinstance(value, known.Response):
        return _from_werkzeug(value)
    known = sys.modules.get("starlette.responses")
    if known is not None and isinstance(value, known.Response):
        return _from_starlette(value, known.StreamingResponse)
    return None


def _from_werkzeug(response: Any) -> Reply:
    headers = list(response.headers.items())
    if response.is_sequence:
        return whole(response, headers, b"".join(response.iter_encoded()))
    body: Any = Closing(response.iter_encoded(), response.close)
    return Reply(response.status_code, headers, body)


def whole(response: Any, headers: Headers, body: bytes) -> Reply:
    """The reply of a Werkzeug response whose whole body is known.

    What is to be called at its close (`call_on_close`) is called when it was sent, as people run
    what is not to keep their client waiting so.
    """
    if response._on_close:  # noqa: SLF001 - nothing public tells
        headers = [pair for pair in headers if pair[0].lower() != "content-length"]
        if response.status_code not in NO_CONTENT:
            headers.append(("Content-Length", str(len(body))))
        parts = (body,) if body else ()
        return Reply(response.status_code, headers, Closing(parts, response.close))
    response.close()
    return Reply(response.status_code, headers, body)


def _from_starlette(response: Any, streaming: type) -> Reply:
    headers = as_text(response.raw_headers)
    if response.background is None and isinstance(response, streaming):
        return Reply(response.status_code, headers, _parts_of(response.body_iterator))  # type: ignore[attr-defined]
    if response.background is None and hasattr(response, "body"):
        return Reply(response.status_code, headers, bytes(response.body))
    return Reply(response.status_code, headers, Deferred(response))


def _parts_of(parts: Any) -> Any:
    """What Starlette streams, without the async generator that it puts around a blocking iterable.

    That one shares a few threads with everybody, gives each part another context, and leaves what
    is in it to the garbage collector.
    """
    from starlette.concurrency import iterate_in_threadpool

    if getattr(parts, "ag_code", None) is not iterate_in_threadpool.__code__:
        return parts
    frame = parts.ag_frame
    return parts if frame is None else frame.f_locals["iterator"]
