"""Clients that call a function through its real pipeline in memory: one that waits, one awaited."""

from __future__ import annotations

import asyncio
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from functions_framework.calls.compose import EventMode, event_request, request_of, value_request
from functions_framework.calls.pipeline import Overrides, Pipeline, Source
from functions_framework.calls.respond import Answer, respond, respond_async
from functions_framework.calls.result import ResponseHeaders, Result
from functions_framework.model.function import Function, Signature

from .records import Records, collected, crash_in

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

    from typing_extensions import Self, Unpack

    from functions_framework.calls.compose import Deliverable, Parts
    from functions_framework.model.request import Request

R = TypeVar("R")


class _Verbs(ABC, Generic[R]):
    """What both clients can be told to send.

    Args:
        function_or_source: the function itself, or the path of its file or directory.
        target: the function's name in the source; needed where `functions-framework` needs it.
        signature_type: how it is called where no decorator says so, `http` when omitted.
        environ: environment variables it sees, while it is loaded and called; None unsets one.
        overrides: what resources give instead of what they make, by resource or by its name.

    Raises:
        FunctionsFrameworkException: there is no such function, or it cannot be served.
        BaseException: whatever the source raises, unchanged.
        ValueError: an unknown signature type, or an override that names no resource.
    """

    def __init__(
        self,
        function_or_source: Callable[..., Any] | Source,
        *,
        target: str | None = None,
        signature_type: str | None = None,
        environ: Mapping[str, str | None] | None = None,
        overrides: Overrides | None = None,
    ) -> None:
        self._pipeline = Pipeline(function_or_source, target, signature_type, environ, overrides)

    @property
    def function(self) -> Function:
        """The function that is called."""
        return self._pipeline.function

    @property
    def module(self) -> ModuleType | None:
        """The module the function is in, to patch names of; a source's is this client's own."""
        return self._pipeline.module

    @abstractmethod
    def _respond(self, request: Request) -> R:
        """Send a request through the pipeline."""

    def request(self, method: str, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a request.

        Args:
            method: the HTTP method.
            path: the URL's path, with a query string if you like.
            **parts: `json=` a value, or `data=` bytes, text or a form; `headers=`, `query=`.

        Raises:
            ValueError: there is no such request.
        """
        return self._respond(request_of(method, path, **parts))

    def get(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a GET request; see `request`."""
        return self.request("GET", path, **parts)

    def head(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a HEAD request; see `request`."""
        return self.request("HEAD", path, **parts)

    def post(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a POST request; see `request`."""
        return self.request("POST", path, **parts)

    def put(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a PUT request; see `request`."""
        return self.request("PUT", path, **parts)

    def patch(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a PATCH request; see `request`."""
        return self.request("PATCH", path, **parts)

    def delete(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send a DELETE request; see `request`."""
        return self.request("DELETE", path, **parts)

    def options(self, path: str = "/", **parts: Unpack[Parts]) -> R:
        """Send an OPTIONS request; see `request`."""
        return self.request("OPTIONS", path, **parts)

    def send(self, event: Deliverable, mode: EventMode = "binary") -> R:
        """Deliver an event, or several as one batch.

        Args:
            event: a CloudEvent, or the dict of a background event, a Pub/Sub push or a structured
                CloudEvent; `functions_framework.testing` has builders of all of them. A list of
                CloudEvents is sent as a batch.
            mode: how a CloudEvent is sent, `binary` or `structured`.

        Raises:
            ValueError: the function is a typed one, or the event cannot be sent like this.
            TypeError: it isn't an event.
        """
        if self.function.signature is Signature.TYPED:
            raise ValueError(
                f"{self.function.name!r} is a typed function, which takes a value and no event. "
                "Use client.invoke(value)."
            )
        return self._respond(event_request(event, mode))

    def invoke(self, value: Any) -> R:
        """Hand a value to a typed function.

        Args:
            value: what JSON holds, or a dataclass, attrs, msgspec or pydantic object.

        Raises:
            ValueError: the function is not a typed one.
            TypeError: the value has no JSON form.
        """
        if self.function.signature is not Signature.TYPED:
            way = "client.get or client.post" if self._takes_request else "client.send(event)"
            raise ValueError(
                f"{self.function.name!r} isn't a typed function but has the signature "
                f"{self.function.signature}. Use {way}."
            )
        return self._respond(value_request(value))

    @property
    def _takes_request(self) -> bool:
        return self.function.signature is Signature.HTTP


class Client(_Verbs[Result]):
    """Calls a function, sync or async, and waits for its response.

    The start-up hooks of its source run before the first call; `close`, or the end of a `with`
    block, runs the shut-down hooks and closes its resources.
    """

    _is_started = False
    _loop: asyncio.AbstractEventLoop | None = None

    def _respond(self, request: Request) -> Result:
        pipeline = self._pipeline
        with pipeline.entered(), collected() as records:
            self._start()
            before = time.perf_counter()
            if pipeline.host.is_async:
                answer = self._run(respond_async(pipeline.host, request))
            else:
                answer = copy_context().run(respond, pipeline.host, request)
            return _result(answer, records, time.perf_counter() - before)

    def _start(self) -> None:
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


class AsyncClient(_Verbs[Coroutine[Any, Any, Result]]):
    """Calls a function, sync or async, on the event loop of the test: `await client.get("/")`.

    As `Client`, with `async with` and `await client.close()`.
    """

    _starting: asyncio.Future[None] | None = None

    async def _respond(self, request: Request) -> Result:
        with self._pipeline.entered(), collected() as records:
            if self._starting is None:
                self._starting = asyncio.ensure_future(self._start())
            await asyncio.shield(self._starting)
            before = time.perf_counter()
            host = self._pipeline.host
            if host.is_async:
                # A task has a context of its own, as each request of the server has.
                answer = await asyncio.create_task(respond_async(host, request))
            else:
                answer = await asyncio.to_thread(respond, host, request)
            return _result(answer, records, time.perf_counter() - before)

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


def _has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _result(answer: Answer, records: Records, duration: float) -> Result:
    return Result(
        answer.status,
        ResponseHeaders(answer.headers),
        answer.body,
        tuple(records),
        crash_in(records),
        duration,
        answer.is_whole,
    )
