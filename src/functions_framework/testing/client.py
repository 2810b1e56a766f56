"""Clients that call a function through its real pipeline in memory: one that waits, one awaited."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Coroutine, Mapping
from contextvars import copy_context
from functools import partial
from time import perf_counter  # our own: tests give `time` another clock
from typing import TYPE_CHECKING, Any

from functions_framework.calls.respond import Answer, respond, respond_async
from functions_framework.calls.result import ResponseHeaders, Result

from .records import Records, collected, crash_in, raise_end_of_test
from .verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from typing_extensions import Self

    from functions_framework.calls.conversation import Conversation
    from functions_framework.model.request import Request

    from .sockets import AsyncClientSocket, ClientSocket

    Pairs = Mapping[str, str] | Sequence[tuple[str, str]] | None


class Client(Verbs[Result]):
    """Calls a function, sync or async, and waits for its response.

    The start-up hooks of its source run before the first call; `close`, or the end of a `with`
    block, runs the shut-down hooks and closes its resources. Threads may call at the same time;
    calls of an async function, which share one event loop, are then made one after the other.
    """

    _is_started = False
    _loop: asyncio.AbstractEventLoop | None = None

    def _respond(self, request: Request) -> Result:
        pipeline = self._pipeline
        with pipeline.entered(), collected() as records:
            self._start()
            before = perf_counter()
            if pipeline.host.is_async:
                answer = self._run(respond_async(pipeline.host, request))
            else:
                answer = copy_context().run(respond, pipeline.host, request)
            return _result(answer, records, perf_counter() - before)

    def websocket(
        self, path: str = "/", *, headers: Pairs = None, subprotocols: Sequence[str] = ()
    ) -> ClientSocket:
        """Open a WebSocket for the time of a `with` block: `with client.websocket("/chat") as s`.

        Args:
            path: the URL's path, with a query string if you like.
            headers: names and values.
            subprotocols: what the client offers.

        Raises:
            WebSocketRefused: when the block begins: the handshake was refused.
            ValueError: nothing here takes WebSockets.
        """
        from .sockets import ClientSocket

        def run(work: Coroutine[Any, Any, Any]) -> Any:
            with self._pipeline.entered():
                self._start()
                return self._run(work)

        return ClientSocket(partial(self._pipeline.conversation, path, headers, subprotocols), run)

    def _start(self) -> None:
        with self._turn:
            if self._is_started:
                return
            if self._pipeline.host.is_async:
                self._run(self._pipeline.lifecycle.start())
            else:
                self._pipeline.start()
            self._is_started = True

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        if _has_loop():
            coroutine.close()
            raise RuntimeError(
                "An event loop runs in this thread. Use AsyncClient and await its calls."
            )
        with self._turn:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                weakref.finalize(self, self._loop.close)
            return self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        """Run the shut-down hooks and close the resources, if anything was called."""
        if self._is_started:
            self._is_started = False
            with self._pipeline.entered():
                if self._pipeline.host.is_async:
                    self._run(self._pipeline.lifecycle.stop())
                else:
                    self._pipeline.stop()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.run_until_complete(_end_tasks())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()
        self._loop = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient(Verbs[Coroutine[Any, Any, Result]]):
    """Calls a function, sync or async, on the event loop of the test: `await client.get("/")`.

    As `Client`, with `async with` and `await client.close()`.
    """

    _starting: asyncio.Future[None] | None = None

    async def _respond(self, request: Request) -> Result:
        with self._pipeline.entered(), collected() as records:
            if self._starting is None:
                self._starting = asyncio.ensure_future(self._start())
            await asyncio.shield(self._starting)
            before = perf_counter()
            host = self._pipeline.host
            if host.is_async:
                # A task has a context of its own, as each request of the server has.
                answer = await asyncio.create_task(respond_async(host, request))
            else:
                answer = await asyncio.to_thread(respond, host, request)
            return _result(answer, records, perf_counter() - before)

    def websocket(
        self, path: str = "/", *, headers: Pairs = None, subprotocols: Sequence[str] = ()
    ) -> AsyncClientSocket:
        """Open a WebSocket for the time of an `async with` block; as `Client.websocket`."""
        from .sockets import AsyncClientSocket

        async def start() -> Conversation:
            if self._starting is None:
                self._starting = asyncio.ensure_future(self._start())
            await asyncio.shield(self._starting)
            return self._pipeline.conversation(path, headers, subprotocols)

        return AsyncClientSocket(start, self._pipeline.entered())

    async def _start(self) -> None:
        if self._pipeline.host.is_async:
            await self._pipeline.lifecycle.start()
        else:
            await asyncio.to_thread(self._pipeline.start)

    async def close(self) -> None:
        """Run the shut-down hooks and close the resources, if anything was called."""
        if self._starting is None:
            return
        self._starting = None
        with self._pipeline.entered():
            if self._pipeline.host.is_async:
                await self._pipeline.lifecycle.stop()
            else:
                await asyncio.to_thread(self._pipeline.stop)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


async def _end_tasks() -> None:
    """Cancel what calls left running: once the loop is closed, nothing could end it."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _result(answer: Answer, records: Records, duration: float) -> Result:
    raise_end_of_test(records)
    return Result(
        answer.status,
        ResponseHeaders(answer.headers),
        answer.body,
        tuple(records),
        crash_in(records),
        duration,
        answer.is_whole,
    )
