"""Bodies that are sent in parts: turning each kind of iterable into the one its host can send."""

from __future__ import annotations

from collections.abc import AsyncIterable
from contextvars import copy_context
from threading import Lock
from typing import TYPE_CHECKING, Any

from functions_framework.runtime.closing import close
from functions_framework.signatures.responses import Deferred

from .beginnings import begin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from contextvars import Context

    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Reply
    from functions_framework.runtime.threads import Start

_END = object()


class Threaded:
    """A blocking body on an event loop: its parts are drawn in threads, in a context of its own.

    Args:
        body: closed when it was sent, or the client has left; while a thread draws from it, when
            that has its part.
        start: has a part drawn in a thread.
        context: of the call that made it; a copy of the task's own where there is none.
    """

    def __init__(self, body: Iterable[Any], start: Start, context: Context | None = None) -> None:
        self._body = body
        self._start = start
        self._context = context
        self._parts: Iterator[Any] | None = None
        self._lock = Lock()
        self._is_drawing = False
        self._is_closed = False

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        from functions_framework.runtime.crossing import run_in_thread

        if self._context is None:
            self._context = copy_context()
        part = await run_in_thread(self._draw, self._context, start=self._start)
        if part is _END:
            raise StopAsyncIteration
        return part

    def _draw(self, context: Context) -> Any:
        """Draw one part, in a thread; close the body where nobody waits for it any more."""
        from functions_framework.runtime.crossing import run_within

        with self._lock:
            if self._is_closed:
                return _END
            self._is_drawing = True
        try:
            return run_within(context, self._next)
        finally:
            with self._lock:
                self._is_drawing = False
                is_left = self._is_closed
            if is_left:
                run_within(context, self._close)

    def _next(self) -> Any:
        if self._parts is None:
            self._parts = iter(self._body)
        return next(self._parts, _END)

    def _close(self) -> None:
        close(self._parts, self._body)

    async def aclose(self) -> None:
        """Close the body once, in the context of its parts."""
        from functions_framework.runtime.crossing import run_in_thread, run_within

        with self._lock:
            is_left_to_thread = self._is_closed or self._is_drawing
            self._is_closed = True
        if not is_left_to_thread:
            context = self._context or copy_context()
            await run_in_thread(run_within, context, self._close, start=self._start, is_kept=True)


class Blocking:
    """An async body for a thread to iterate; it runs on the loop that async code has beside it."""

    def __init__(self, body: AsyncIterable[Any]) -> None:
        from functions_framework.runtime.pump import Pump

        self._pump = Pump(body)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        from functions_framework.runtime.crossing import wait_for
        from functions_framework.runtime.pump import END

        part = wait_for(self._pump.ask)
        if part is END:
            raise StopIteration
        return part

    def close(self) -> None:
        """Close the body."""
        from functions_framework.runtime.crossing import wait_for

        wait_for(self._pump.close, is_kept=True)


def begun(reply: Reply, environ: Environ) -> Reply:
    """A reply as a thread can send it, the first part of a stream there.

    Args:
        reply: of any kind.
        environ: of its request; for HEAD no part is wanted.

    Raises:
        BaseException: what the stream raises before that part.
    """
    body: Any = reply.body
    if isinstance(body, bytes):
        return reply
    if isinstance(body, Deferred):
        from .deferred import opened

        reply = opened(body.response, environ)
        body = reply.body
        if isinstance(body, bytes):
            # Flask would declare the length of what it is given, and a HEAD is given nothing.
            is_head = environ["REQUEST_METHOD"] == "HEAD"
            return reply._replace(body=iter(())) if is_head else reply
    elif isinstance(body, AsyncIterable):
        body = Blocking(body)
    return reply._replace(body=body if environ["REQUEST_METHOD"] == "HEAD" else begin(body))
