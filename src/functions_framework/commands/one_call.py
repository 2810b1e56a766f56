"""Calls a function in this process, through the pipeline the server has."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import threading
import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from functions_framework.calls.isolation import World
from functions_framework.calls.pipeline import Pipeline
from functions_framework.calls.respond import Answer, respond, respond_async
from functions_framework.calls.result import ResponseHeaders, Result
from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.hosts.routes import Routes, paths_of
from functions_framework.hosts.with_flask.context import FlaskContext
from functions_framework.loading.diagnosis import diagnosis
from functions_framework.loading.failure import users_part
from functions_framework.loading.load import find_source
from functions_framework.loading.load import load as load_functions
from functions_framework.loading.parameters import require_fit
from functions_framework.logs import configure
from functions_framework.logs.crash import log_exception

from .faults import BadInput, as_bad_input

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from pathlib import Path
    from types import FrameType

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import AsyncHost, SyncHost
    from functions_framework.model.request import Request
    from functions_framework.settings import Settings


class SourceFailed(FunctionsFrameworkException):
    """The source raised while it was loaded, which was logged; the command exits with 1."""


def call_once(
    settings: Settings, request_for: Callable[[Function], Request], path: str = "/"
) -> Result:
    """Load the function, run its hooks, call it.

    What the source prints goes to stderr: stdout is the response's.

    Args:
        settings: what names the function, and how records look.
        request_for: makes the request, given the function.
        path: that of the request, which chooses one of several functions.

    Raises:
        BadInput: there is no such function, or no such request for it.
        SourceFailed: the source or a start-up hook raised.
    """
    with contextlib.redirect_stdout(sys.stderr):
        configure(settings)
        pipeline = load(settings)
        return _call_each(pipeline, [request_for(_function_at(path, pipeline))])[0]


def _function_at(path: str, pipeline: Pipeline) -> Function:
    """The function that a request for a path is for.

    Raises:
        BadInput: there are several, and none of them owns the path.
    """
    owners = paths_of(pipeline.functions)
    found = Routes(owners).find(urlsplit(path).path)
    if found is not None or len(owners) == 1:
        return found or pipeline.function
    listed = ", ".join(repr(function.name) for function in pipeline.functions)
    raise BadInput(f"There are several functions: {listed}. Name the one to call: invoke NAME.")


def call_each(settings: Settings, requests: Sequence[Request]) -> list[Result]:
    """As `call_once`, with one request after the other."""
    with contextlib.redirect_stdout(sys.stderr):
        configure(settings)
        return _call_each(load(settings), requests)


def _call_each(pipeline: Pipeline, requests: Sequence[Request]) -> list[Result]:
    with pipeline.entered():
        host = pipeline.host
        if host.is_async:
            return _run(_call_async(pipeline, host, requests))
        return _call(pipeline, host, requests)


def load(settings: Settings) -> Pipeline:
    """Load the function the settings name.

    Raises:
        BadInput: there is no such function.
        SourceFailed: the source raised; its traceback has been logged.
    """
    with as_bad_input():
        path = find_source(settings.target, settings.source)
    with failures_told(path):
        pipeline = Pipeline(
            settings.source or "", settings.target, settings.signature_type, None, None
        )
        require_fit(pipeline.functions)
    return pipeline


def load_only(settings: Settings) -> list[Function]:
    """Load the functions the settings name, and reach for nothing that serving them needs.

    Raises:
        BadInput, SourceFailed: as `load`.
    """
    with as_bad_input():
        path = find_source(settings.target, settings.source)
    found: list[Function] = []
    with failures_told(path):
        around = FlaskContext().around
        found = World().load(path, lambda: load_functions(settings, around=around))
        require_fit(found)
    return found


@contextlib.contextmanager
def failures_told(path: Path) -> Iterator[None]:
    """Tell what a source raises while it is loaded inside the block.

    Raises:
        BadInput: there is no such function, or what failed is known and said in a line.
        SourceFailed: the source raised; its traceback has been logged.
    """
    with as_bad_input():
        try:
            yield
        except FunctionsFrameworkException:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code
            if text := diagnosis(error, path):
                raise BadInput(text) from None
            shown = error.with_traceback(users_part(error.__traceback__))
            log_exception(f"{path} could not be loaded", shown)
            failed = error
        else:
            return
    raise SourceFailed(f"The source failed while it was loaded: {type(failed).__name__}.")


def _call(pipeline: Pipeline, host: SyncHost, requests: Sequence[Request]) -> list[Result]:
    try:
        pipeline.start()
    except Exception as error:  # noqa: BLE001 - the user's code
        raise _hook_failed(error) from None
    results = []
    with _interrupts() as interrupted:
        for request in requests:
            before = time.perf_counter()
            answer = copy_context().run(respond, host, request)
            if interrupted.is_set():
                break
            results.append(_result(answer, time.perf_counter() - before))
    pipeline.stop()
    if interrupted.is_set():
        raise KeyboardInterrupt
    return results


@contextlib.contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Tell whether there was a Ctrl-C: sync hosts answer it as any crash of the function."""
    interrupted = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        signal.default_int_handler(number, frame)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


def _run(work: Coroutine[Any, Any, list[Result]]) -> list[Result]:
    """As `asyncio.run`, which cancels its work on Ctrl-C from Python 3.11 on: here before, too."""
    if sys.version_info >= (3, 11):
        return asyncio.run(work)
    interrupted = threading.Event()

    async def main() -> list[Result]:
        task = asyncio.current_task()

        def interrupt() -> None:
            interrupted.set()
            if task is not None:
                task.cancel()

        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
        return await work

    try:
        return asyncio.run(main())
    except asyncio.CancelledError:
        if interrupted.is_set():
            raise KeyboardInterrupt from None
        raise


async def _call_async(
    pipeline: Pipeline, host: AsyncHost, requests: Sequence[Request]
) -> list[Result]:
    try:
        await pipeline.lifecycle.start()
    except Exception as error:  # noqa: BLE001 - the user's code
        raise _hook_failed(error) from None
    results = []
    for request in requests:
        before = time.perf_counter()
        # A task has a context of its own, as each request of the server has.
        answer = await asyncio.create_task(respond_async(host, request))
        results.append(_result(answer, time.perf_counter() - before))
    await pipeline.lifecycle.stop()
    return results


def _result(answer: Answer, duration: float) -> Result:
    headers = ResponseHeaders(answer.headers)
    return Result(answer.status, headers, answer.body, duration=duration, is_whole=answer.is_whole)


def _hook_failed(error: Exception) -> SourceFailed:
    log_exception("A start-up hook failed", error)
    return SourceFailed(f"A start-up hook failed: {type(error).__name__}.")
