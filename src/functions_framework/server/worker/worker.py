"""A serving process: loads the function, listens, serves until told to drain, and leaves."""

from __future__ import annotations

import gc
import sys
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model import execution
from functions_framework.runtime import output, terminal, thread_room
from functions_framework.runtime.endings import SHORTLY, finish_threads, wind_up
from functions_framework.runtime.escaping import own_logger
from functions_framework.runtime.values import NamedTuple

from .. import messages
from ..on_threads.admission import QUEUE
from ..wire import listening, silent_clients
from ..wire.granian import Engine, Limits
from . import breakpoints
from .build import observed
from .last_seconds import count_threads_of_calls, end_threads, log_left
from .loaded import Loaded
from .orders import Parent
from .signals import answer_signals, wake_loop

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from functions_framework.settings import Settings

    from ..hosted import Build, Hosted
    from ..on_loop.serving import AsyncServing
    from ..on_threads.serving import SyncServing

_log = own_logger("functions_framework.server")
_THREADS_FOR_SLOW_CLIENTS = 2048
_LEAST_HEADER_SIZE = 8 * 1024  # what the engine reads at once
_RETIREMENT_SECONDS = 3600.0
_SHORT_TURN = 1e-4
"""Seconds for which a thread may calculate while it drains, where others wait for their turn.

The way out gives the interpreter's lock away dozens of times; behind each call that calculates it
would have to wait for 5 ms to get it back.
"""

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
    output.wait_for_readers()
    parent = Parent(channel)
    count_threads_of_calls()
    with parent.watched(), unhurried_collector():
        loaded = load(settings, build)
        if settings.is_reloading:
            loaded = _kept_up(settings, loaded, parent)
    failed: messages.Failed | None
    if isinstance(loaded, Unloaded):
        failed = loaded.failed
        parent.tell(failed)
        finish_threads(SHORTLY)
    else:
        answer_signals(parent)
        breakpoints.open_prompts(lambda is_open: parent.tell(messages.Prompt(is_open)))
        if settings.is_reloading:
            from . import late_imports

            late_imports.tell_of_them(parent)
        failed = serve(settings, loaded, listener, parent, partial(end_threads, settings))
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
    # Only what is used: asyncio takes longer to import than all the rest.
    if host.is_async:
        from ..on_loop.serving import AsyncServing

        serving = AsyncServing(host, settings, hosted.outlives, hosted.sockets)
    else:
        from ..on_threads.serving import SyncServing

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
    from functions_framework.loading.failure import show_load_failure

    code = error.code if isinstance(error, SystemExit) else 1
    if code is None or isinstance(code, int):
        show_load_failure(error)
        return messages.Failed(code or 0)
    print(code, file=sys.stderr)  # noqa: T201 - what the interpreter would do
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
    settings: Settings,
    loaded: Loaded,
    listener: socket.socket,
    parent: Parent,
    at_end: Callable[[float], object] = lambda _until: None,
) -> messages.Failed | None:
    """Listen and serve until the order to drain has been carried out.

    `at_end` is called last, with the `time.monotonic()` seconds at which the grace period is over.
    """
    hosted, serving = loaded
    _watch_clients(listener, settings, has_sockets=hosted.sockets is not None)
    try:
        limits = limits_of(settings)
        listening.listen(listener, limits.backlog)
    except FunctionsFrameworkException as error:
        failed = messages.Failed(error.exit_code, type(error).__name__, str(error))
        parent.tell(failed)
        return failed
    ready = messages.Ready(hosted.what, hosted.host.is_async)
    drain = _Drain(settings, listener, hosted.at_drain)
    serving.leave = partial(parent.ask_to_leave, is_patient=True)
    _retire_in_time(settings, parent)
    silent_clients.watch(listener, limits, serving)

    def listening_now() -> None:
        if hosted.host.is_async:
            wake_loop()
        parent.tell(ready)

    left = serving.run(
        Engine(listener, limits),
        listening_now,
        lambda then: parent.on_order(partial(drain.begin, then)),
    )
    log_left(hosted.name, left, drain.allowed, drain.until)
    loaded.stop(drain.until)
    at_end(drain.until)
    return None


class _Drain:
    """Carries out orders to drain, of which a second one may bring the end forward.

    Attributes:
        allowed: seconds that calls have.
        until: `time.monotonic()` seconds at which they are over.
    """

    def __init__(
        self, settings: Settings, listener: socket.socket, then: Callable[[], object] | None
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._then = then
        self._is_accepting = True
        self.allowed = settings.grace_period
        self.until = 0.0

    def begin(self, then: Callable[[float], object], order: bytes) -> None:
        """Accept nothing more, and call `then` with the seconds that are left."""
        ordered = time.monotonic()
        settings = self._settings
        if self._is_accepting:
            self._is_accepting = False
            sys.setswitchinterval(_SHORT_TURN)
            _stop_accepting(self._listener, self._then)
        self.allowed = settings.grace_period
        if order == messages.RETIRE:
            self.allowed += settings.timeout or _RETIREMENT_SECONDS
        self.until = ordered + self.allowed
        then(self.until - time.monotonic())


def _watch_clients(listener: socket.socket, settings: Settings, *, has_sockets: bool) -> None:
    listening.limit_sending(listener, settings.send_timeout)
    if has_sockets:
        listening.find_the_gone(listener)


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
    """What the engine bounds, as the settings say.

    Raises:
        FunctionsFrameworkException: the system leaves it no threads.
    """
    certificate = None
    if settings.certfile and settings.keyfile:
        certificate = settings.certfile, settings.keyfile
    slots = settings.concurrency or settings.threads
    threads = slots + QUEUE + _THREADS_FOR_SLOW_CLIENTS
    # Counted anew, as the source is there and has its own; what has no thread yet waits for one.
    if room := thread_room.required(settings.workers):
        threads = min(threads, room[0])
    return Limits(
        threads=threads,
        backlog=settings.backlog,
        header_size=max(_LEAST_HEADER_SIZE, settings.max_header_size),
        head_seconds=max(settings.header_timeout or _NO_LIMIT, settings.keep_alive),
        keeps_alive=settings.keep_alive > 0,
        certificate=certificate,
    )
