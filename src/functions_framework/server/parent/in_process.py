"""Serving without a parent process, where there is no fork (Windows)."""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING

from functions_framework import exceptions
from functions_framework.runtime import terminal
from functions_framework.runtime.native_threads import start_thread

from .. import messages
from ..wire.listening import port_of
from ..worker.orders import Parent
from ..worker.worker import Unloaded, load, serve
from .signals import Mailbox
from .startup_line import startup_lines

if TYPE_CHECKING:
    from functions_framework.settings import Settings

    from ..hosted import Build


def serve_in_process(settings: Settings, build: Build, listener: socket.socket) -> int:
    """Serve with one worker in this process until a signal comes; return the exit code.

    Raises:
        FunctionsFrameworkException: the function could not be loaded.
    """
    if settings.workers > 1:
        terminal.warn("This platform has no fork: one worker serves.")
    loaded = load(settings, build)
    if isinstance(loaded, Unloaded):
        failed = loaded.failed
        if failed.text:
            raise getattr(exceptions, failed.kind)(failed.text)
        return failed.code
    ours, theirs = socket.socketpair()
    with Mailbox() as mailbox, ours, theirs:
        ready = messages.Ready(loaded.hosted.what, loaded.hosted.host.is_async)
        lines = startup_lines(ready, settings, port_of(listener))
        start_thread(partial(_announce, ours, lines), "announcement")
        start_thread(partial(_pass_on, mailbox, ours), "signals")
        refused = serve(settings, loaded, listener, Parent(theirs))
    if refused is not None:
        raise getattr(exceptions, refused.kind)(refused.text)
    return 0


def _pass_on(mailbox: Mailbox, ours: socket.socket) -> None:
    mailbox.wait()
    ours.sendall(messages.DRAIN)


def _announce(ours: socket.socket, lines: list[str]) -> None:
    report = messages.decode(ours.makefile("rb").readline())
    if isinstance(report, messages.Ready):
        terminal.announce(*lines)
