"""Bodies that are sent in parts: turning each kind of iterable into the one its host can send."""

from __future__ import annotations

from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from functions_framework.logs import log_crash
from functions_framework.model.message import Reply

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
    from contextvars import Context

    from functions_framework.runtime.threads import Threads


async def open_asgi(app: Any, scope: Any, receive: Any) -> Reply:
    """Run an ASGI app until its head is known, and hand out the rest as a stream.

    An app that is done by then gives a whole reply.

    Raises:
        RuntimeError: the app returned without a response.
        BaseException: whatever it raises before its body has begun.
    """
    # Room for a head, a body and the end: an app that waits for nothing is done at the first turn.
    import asyncio

    messages: asyncio.Queue[Any] = asyncio.Queue(3)

    async def run() -> None:
        try:
            await app(scope, receive, messages.put)
        except BaseException as error:
            await messages.put(error)
            raise
        await messages.put(None)

    task = asyncio.ensure_future(run())
    try:
        head = await messages.get()
    except BaseException:
        task.cancel()
        raise
    if isinstance(head, BaseException):
        with suppress(BaseException):
            await task
        raise head
    if head is None or head["type"] != "http.response.start":
        task.cancel()
        raise RuntimeError(f"{type(app).__name__} returned without sending a response.")
    headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in head.get("headers", ())]
    if task.done():
        return Reply(head["status"], headers, _whole(messages, task, scope))
    return Reply(head["status"], headers, _rest(messages, task, scope))


def _whole(messages: asyncio.Queue[Any], task: asyncio.Future[None], scope: Any) -> bytes:
    body = b""
    is_complete = False
    while (message := messages.get_nowait()) is not None:
        if isinstance(message, BaseException):
            task.exception()  # seen; not "never retrieved"
            _after_response(message, scope, is_complete=is_complete)
            break
        body += message.get("body", b"")
        is_complete = not message.get("more_body", False)
    return body


def _after_response(error: BaseException, scope: Any, *, is_complete: bool) -> None:
    """Log what an app raises after its whole response: that reply stands."""
    if not is_complete:
        raise error
    log_crash(error, method=scope["method"], path=scope["path"])


async def _rest(
    messages: asyncio.Queue[Any], task: asyncio.Future[None], scope: Any
) -> AsyncIterator[bytes]:
    is_complete = False
    try:
        while (message := await messages.get()) is not None:
            if isinstance(message, BaseException):
                _after_response(message, scope, is_complete=is_complete)
                return
            is_complete = not message.get("more_body", False)
            if message.get("body"):
                yield message["body"]
        await task
    finally:
        if not task.done():
            task.cancel()
        elif not task.cancelled():
            task.exception()


def as_async(
    body: Iterable[bytes | str], threads: Threads, context: Context | None = None
) -> AsyncIterator[bytes | str]:
    """Iterate a blocking body in threads, so that it never blocks the event loop."""

    async def iterate() -> AsyncIterator[bytes | str]:
        from functions_framework.runtime.crossing import run_in_thread

        iterator = iter(body)
        around = context or copy_context()

        def step() -> bytes | str | None:
            return next(iterator, None)

        try:
            while (
                part := await run_in_thread(step, start=threads.start, context=around)
            ) is not None:
                yield part
        finally:
            close = getattr(body, "close", None)
            if close is not None:
                await run_in_thread(close, start=threads.start, context=around)

    return iterate()


class Blocking:
    """An async body driven from a thread by an event loop of its own."""

    def __init__(self, body: AsyncIterable[bytes | str]) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._iterator = body.__aiter__()

    def __iter__(self) -> Iterator[bytes | str]:
        return self

    def __next__(self) -> bytes | str:
        async def step() -> bytes | str:
            return await self._iterator.__anext__()

        if self._loop is None:
            import asyncio

            self._loop = asyncio.new_event_loop()
        try:
            return self._loop.run_until_complete(step())
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """Close the body and its event loop."""
        if self._loop is None or self._loop.is_closed():
            return
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            self._loop.run_until_complete(close())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()
