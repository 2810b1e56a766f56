"""A serving process: loads the function, listens, serves until told to drain, and leaves."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model import execution
from functions_framework.runtime import terminal
from functions_framework.runtime.endings import wind_up
from functions_framework.runtime.escaping import own_logger

from .. import messages
from ..on_threads.admission import QUEUE
from ..on_threads.serving import SyncServing
from ..parent.signals import STOPS
from ..wire import listening, silent_clients
from ..wire.granian import Engine, Limits
from . import breakpoints
from .build import observed
from .loaded import Loaded
from .orders import Parent

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from functions_framework.settings import Settings

    from ..hosted import Build, Hosted
    from ..on_loop.serving import AsyncServing
    from ..on_threads.admission import Running

_log = own_logger("functions_framework.server")
_THREADS_FOR_SLOW_CLIENTS = 2048
_LEAST_HEADER_SIZE = 8 * 1024  # what the engine reads at once
_RETIREMENT_SECONDS = 3600.0
_MOST_NAMED = 100
"""Calls that are logged one by one at the end: to write takes time that shut-down hooks need."""
_LONGEST_WAY_OUT = 3.0
_NO_LIMIT = 365 * 24 * 3600.0


@contextmanager
def unhurried_collector() -> Iterator[None]:
    """Import without collecting garbage: next to nothing dies, and all of it would be looked at.

    What was loaded is then left out of all later collections: it lives as long as the worker.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def work(settings: Settings, build: Build, listener: socket.socket, channel: socket.socket) -> int:
    """Load, serve, drain; return the exit code. Called once, in a process of its own."""
    execution.reseed()
    parent = Parent(channel)
    with parent.watched(), unhurried_collector():
        loaded = load(settings, build)
        if settings.is_reloading:
            loaded = _kept_up(settings, loaded, parent)
    failed: messages.Failed | None
    if isinstance(loaded, Unloaded):
        failed = loaded.failed
        parent.tell(failed)
    else:
        leave = messages.Leaving(messages.TOLD)
        # The parent gets SIGINT as well and says what to do; others may be for this one alone.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in {*STOPS} - {signal.SIGINT}:
            signal.signal(number, lambda _number, _frame: parent.tell(leave))
        breakpoints.open_prompts(lambda is_open: parent.tell(messages.Prompt(is_open)))
        failed = serve(settings, loaded, listener, parent)
    wind_up()  # os._exit follows
    return 0 if failed is None else failed.code


class Unloaded(NamedTuple):
    """What ended a load.

    Attributes:
        failed: what the parent is told.
        error: what was raised.
    """

    failed: messages.Failed
    error: BaseException


def serving_of(hosted: Hosted, settings: Settings) -> AsyncServing | SyncServing:
    """What takes requests to a host."""
    host = hosted.host
    serving: AsyncServing | SyncServing
    if host.is_async:
        # asyncio takes longer to import than all the rest: only for who uses it.
        from ..on_loop.serving import AsyncServing

        serving = AsyncServing(host, settings, hosted.outlives, hosted.sockets)
    else:
        serving = SyncServing(host, settings)
    if settings.health_path:
        from ..wire.health import Health

        checks = hosted.lifecycle.readiness_checks
        serving.health = Health(settings.health_path, checks, serving.unready)
    return serving


def load(settings: Settings, build: Build) -> Loaded | Unloaded:
    """Load the functions, make their host, start them; a fault is a value, said only once.

    The framework's own errors are for the parent to say; those of the user's module are shown
    here with their traceback, without the framework's frames.
    """
    try:
        with terminal.progress(f"loading {settings.target or 'the function'}"):
            hosted = observed(settings, build)
            loaded = Loaded(hosted, serving_of(hosted, settings))
            loaded.start()
        return loaded
    except BaseException as error:  # noqa: BLE001 - whatever a module raises
        return Unloaded(_failed(error), error)


def _failed(error: BaseException) -> messages.Failed:
    if isinstance(error, FunctionsFrameworkException):
        return messages.Failed(error.exit_code, type(error).__name__, str(error))
    if not isinstance(error, SystemExit):
        from functions_framework.loading.failure import load_failure_text

        print(load_failure_text(error), file=sys.stderr)  # noqa: T201
        return messages.Failed(1)
    if error.code is None or isinstance(error.code, int):
        return messages.Failed(error.code or 0)
    print(error.code, file=sys.stderr)  # noqa: T201 - what the interpreter would do
    return messages.Failed(1)


def _kept_up(settings: Settings, loaded: Loaded | Unloaded, parent: Parent) -> Loaded | Unloaded:
    """Under --reload: tell which files matter; a source that cannot be loaded is served as such."""
    from functions_framework.loading.files import local_modules

    if isinstance(loaded, Loaded):
        parent.tell(messages.Local(local_modules()))
        return loaded
    failed, error = loaded
    parent.tell(messages.Local(local_modules(error)))
    parent.tell(failed)
    from .broken_source import hosted_failure

    return load(settings, lambda: hosted_failure(error, settings))


def serve(
    settings: Settings, loaded: Loaded, listener: socket.socket, parent: Parent
) -> messages.Failed | None:
    """Listen and serve until the order to drain has been carried out."""
    hosted, serving = loaded
    limits = limits_of(settings)
    _watch_clients(listener, settings, has_sockets=hosted.sockets is not None)
    try:
        listening.listen(listener, limits.backlog)
    except FunctionsFrameworkException as error:
        failed = messages.Failed(error.exit_code, type(error).__name__, str(error))
        parent.tell(failed)
        return failed
    ready = messages.Ready(hosted.what, hosted.host.is_async)
    until, allowed, is_accepting = 0.0, settings.grace_period, True

    def on_drain(then: Callable[[float], object]) -> None:
        def drain(order: bytes) -> None:
            nonlocal allowed, until, is_accepting
            ordered = time.monotonic()
            if is_accepting:
                is_accepting = False
                _stop_accepting(listener, hosted.at_drain)
            if order == messages.RETIRE:
                allowed = settings.grace_period + (settings.timeout or _RETIREMENT_SECONDS)
            else:
                allowed = settings.grace_period
            until = ordered + allowed
            then(until - time.monotonic())

        parent.on_order(drain)

    serving.leave = partial(parent.ask_to_leave, is_patient=True)
    _retire_in_time(settings, parent)
    silent_clients.watch(listener, limits, serving)
    left = serving.run(Engine(listener, limits), lambda: parent.tell(ready), on_drain)
    _log_left(hosted.name, left, allowed, until)
    loaded.stop(until)
    return None


def _watch_clients(listener: socket.socket, settings: Settings, *, has_sockets: bool) -> None:
    listening.limit_sending(listener, settings.send_timeout)
    if has_sockets:
        listening.find_the_gone(listener)


def _leave_in_time(until: float) -> None:
    """End this process soon: a call that cannot be ended may hold a lock that the way out needs."""

    def leave() -> None:
        time.sleep(max(0.0, until - time.monotonic()) + _LONGEST_WAY_OUT)
        os._exit(1)

    threading.Thread(target=leave, name="way-out", daemon=True).start()


def _retire_in_time(settings: Settings, parent: Parent) -> None:
    is_limited = settings.max_worker_age or settings.max_worker_memory
    if is_limited and not settings.is_reloading:
        from . import retirement

        retirement.watch(settings, parent)


def _stop_accepting(listener: socket.socket, then: Callable[[], object] | None) -> None:
    try:
        listening.stop_accepting(listener)
    except OSError:
        # No descriptor is left, so nothing can be accepted as it is.
        _log.warning("The worker closes its listener at once.", exc_info=True)
        listener.close()
    if then is not None:
        then()


def limits_of(settings: Settings) -> Limits:
    """What the engine bounds, as the settings say."""
    certificate = None
    if settings.certfile and settings.keyfile:
        certificate = settings.certfile, settings.keyfile
    slots = settings.concurrency or settings.threads
    return Limits(
        threads=slots + QUEUE + _THREADS_FOR_SLOW_CLIENTS,
        backlog=settings.backlog,
        header_size=max(_LEAST_HEADER_SIZE, settings.max_header_size),
        head_seconds=max(settings.header_timeout or _NO_LIMIT, settings.keep_alive),
        keeps_alive=settings.keep_alive > 0,
        certificate=certificate,
    )


def _log_left(name: str, left: list[Running], grace: float, until: float) -> None:
    if left:
        _leave_in_time(until)
    for call in left[:_MOST_NAMED]:
        _log.error(
            "%s: %s was ended at shutdown: it had been running for %.1f seconds, "
            "the grace period is %g.",
            name,
            call.path,
            call.seconds,
            grace,
        )
    if len(left) > _MOST_NAMED:
        _log.error("%s: %d more calls were ended at shutdown.", name, len(left) - _MOST_NAMED)
