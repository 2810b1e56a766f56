"""Serving without a parent process, where there is no fork (Windows)."""

from __future__ import annotations

import socket
import sys
import threading
from typing import TYPE_CHECKING

from functions_framework import exceptions

from . import messages
from .signals import Mailbox
from .startup_line import startup_line
from .worker import Parent, load, serve

if TYPE_CHECKING:
    from functions_framework.settings import Settings

    from .hosting import Build


def serve_in_process(settings: Settings, build: Build, listener: socket.socket) -> int:
    """Serve with one worker in this process until a signal comes; return the exit code.

    Raises:
        FunctionsFrameworkException: the function could not be loaded.
    """
    port: int = listener.getsockname()[1]
    if settings.workers > 1:
        print("This platform has no fork: one worker serves.", file=sys.stderr)  # noqa: T201
    loaded = load(settings, build)
    if isinstance(loaded, messages.Failed):
        if loaded.text:
            raise getattr(exceptions, loaded.kind)(loaded.text)
        return loaded.code
    ours, theirs = socket.socketpair()
    with Mailbox(on_stop=lambda: ours.sendall(messages.DRAIN)), ours, theirs:
        ready = messages.Ready(loaded.hosted.what, loaded.hosted.host.is_async)
        line = startup_line(ready, settings, port)
        threading.Thread(target=_announce, args=(ours, line), daemon=True).start()
        failed = serve(settings, loaded, listener, Parent(theirs))
    if failed is not None:
        raise getattr(exceptions, failed.kind)(failed.text)
    return 0


def _announce(ours: socket.socket, line: str) -> None:
    report = messages.decode(ours.makefile("rb").readline())
    if isinstance(report, messages.Ready):
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - the server's own word
