"""From settings to a running server: binds the port and chooses the process that serves."""

from __future__ import annotations

import os
from contextlib import nullcontext

from functions_framework.runtime import output, terminal, thread_room
from functions_framework.runtime.values import replace

from .parent.supervisor import Supervisor
from .wire import listening
from .worker.debuggers import is_debugged

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from contextlib import AbstractContextManager

    from functions_framework.settings import Settings

    from .hosted import Build
    from .parent.metrics_port import Exporter
    from .parent.watched import Watched


def run(settings: Settings) -> int:
    """Serve; the exit code.

    Raises:
        FunctionsFrameworkException: nothing could be served.
    """
    if not is_plainly_there(settings):
        from functions_framework.loading.load import precheck

        precheck(settings)
    return serve(settings)


def is_plainly_there(settings: Settings) -> bool:
    """Whether the source needs no closer look in this process; each worker looks for itself."""
    target, source = settings.target, settings.source or "."
    if not target or not target.isidentifier():
        return False
    file = os.path.join(source, "main.py") if os.path.isdir(source) else source  # noqa: PTH112, PTH118
    return file.endswith(".py") and os.access(file, os.R_OK) and os.path.isfile(file)  # noqa: PTH113


def serve(settings: Settings, build: Build | None = None) -> int:
    """Serve functions until SIGTERM or SIGINT.

    Args:
        settings: what the user asked for.
        build: makes the host, called in each worker; loads `settings.target` when omitted.

    Returns:
        What the process should exit with.

    Raises:
        FunctionsFrameworkException: the port cannot be bound or the function not be loaded.
    """
    output.secure()
    if settings.certfile or settings.keyfile:
        from .certificate import check_certificate

        check_certificate(settings.certfile, settings.keyfile)
    if settings.record:
        from functions_framework.recording.directory import require_writable

        require_writable(settings.record)
    settings = _with_room(_for_debugging(settings))
    with (
        _metrics(settings) as exporter,
        listening.bind_as_set(settings) as listener,
    ):
        return _serve(settings, build, listener, exporter)


def _serve(
    settings: Settings, build: Build | None, listener: socket.socket, exporter: Exporter | None
) -> int:
    # Functions that are there already are not loaded again: nothing is to be watched.
    is_reloading = build is None and settings.is_reloading
    if build is None:
        from .worker.build import of_target

        build = of_target(settings)
    if hasattr(os, "fork"):
        made = _reloading if is_reloading else Supervisor
        with output.hurried():
            return made(settings, build, listener).run(exporter)
    if is_reloading:
        from .parent.restarting import serve_restarting

        return serve_restarting(settings, listener, _watched(settings))
    from .parent.in_process import serve_in_process

    return serve_in_process(settings, build, listener)


def _for_debugging(settings: Settings) -> Settings:
    if settings.debug:
        settings = replace(settings, workers=1, timeout=0.0)
    if is_debugged():
        # Who looks at a call that has stopped needs the time it takes.
        settings = replace(settings, timeout=0.0)
    return settings


def _with_room(settings: Settings) -> Settings:
    """Have no more calls run at once than the system lets there be threads."""
    thread_room.save_address_space()
    others = settings.is_reloading + (settings.metrics_port is not None)
    room = thread_room.required(settings.workers, others)
    if room is None or room[0] >= settings.threads:
        return settings
    threads, limit = room
    terminal.warn(
        f"The system leaves few threads ({limit}): {threads} calls of sync functions run at once "
        f"in a worker, not {settings.threads}. Raise that limit, or set --threads."
    )
    return replace(settings, threads=threads)


def _metrics(settings: Settings) -> AbstractContextManager[Exporter | None]:
    if settings.metrics_port is None:
        return nullcontext()
    from .parent.metrics_port import metrics_served

    return metrics_served(settings)


def _reloading(settings: Settings, build: Build, listener: socket.socket) -> Supervisor:
    from .parent.reloading import ReloadingSupervisor

    return ReloadingSupervisor(settings, build, listener, _watched(settings))


def _watched(settings: Settings) -> Watched:
    from functions_framework.loading.load import source_of
    from functions_framework.settings import env_file

    from .parent.watched import Watched

    return Watched.of(settings, source_of(settings), env_file.own_files())
