"""Restarting on changes where there is no fork (Windows): a child process serves, one at a time.

The child binds the port itself, so requests that come during a restart are refused.
"""

from __future__ import annotations

import marshal
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions_framework.runtime import terminal
from functions_framework.runtime.values import asdict, replace

from ..wire.listening import port_of
from .changes import HELD, names_of, take_note
from .child import seconds_to_end
from .signals import STOPS, death
from .watcher import Watcher

if TYPE_CHECKING:
    import socket
    from types import FrameType

    from functions_framework.settings import Settings

    from .watched import Watched

# As for the process that watches: files beside the source must not stand in for what is imported.
_COMMAND = (
    "import sys; sys.path = [entry for entry in sys.path if entry]; sys.path.append(sys.argv[2]); "
    "from functions_framework.server.as_child import serve_as_child; "
    "serve_as_child(sys.argv[1])"
)
# Without a time limit a wait cannot be interrupted on Windows.
_LONGEST_WAIT = 0.5


def serve_restarting(settings: Settings, listener: socket.socket, watched: Watched) -> int:
    """Serve in a child process, in a new one after each change; return the exit code.

    Args:
        settings: what the user asked for.
        listener: the bound socket, which is closed: it said that the port is free, and which.
        watched: what is watched.

    Raises:
        FunctionsFrameworkException: the source cannot be watched.
    """
    settings = replace(settings, port=port_of(listener))
    listener.close()
    return _Restarting(settings, watched).run()


class _Restarting:
    def __init__(self, settings: Settings, watched: Watched) -> None:
        self._settings = settings
        self._watcher = Watcher(watched)
        # (what happened, what to know of it); handlers of signals may write to it.
        self._events: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> int:
        for number in STOPS:
            signal.signal(number, self._note_signal)
        self._watcher.start()
        self._start()
        try:
            self._watcher.confirm()
            threading.Thread(target=self._read_changes, daemon=True).start()
            return self._follow()
        finally:
            self._end_child()
            self._watcher.stop()

    def _note_signal(self, number: int, _frame: FrameType | None) -> None:
        self._events.put(("signal", number))

    def _read_changes(self) -> None:
        while (changed := self._watcher.take()) is not None:
            if changed:
                self._events.put(("change", changed))

    def _follow(self) -> int:
        while True:
            try:
                what, detail = self._events.get(timeout=_LONGEST_WAIT)
            except queue.Empty:
                continue
            if what == "signal":
                return self._end_child()
            if what == "change":
                terminal.say(f"{names_of(detail)} changed: restarting.")
                self._end_child()
                take_note(detail, self._watcher.source_dir)
                self._start()
            elif self._child is not None and detail is self._child:
                self._child = None
                if detail.returncode != 1:  # the child has said what failed
                    terminal.say(f"The server {death(detail.returncode)}.")
                terminal.say(HELD)

    def _start(self) -> None:
        given = {name: _plain(value) for name, value in asdict(self._settings).items()}
        home = str(Path(__file__).resolve().parents[3])
        # A group of its own, so that it can be sent CTRL_BREAK; elsewhere there are no such flags.
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        self._child = child = subprocess.Popen(  # noqa: S603 - this interpreter, our own code
            [sys.executable, "-c", _COMMAND, marshal.dumps(given).hex(), home], creationflags=flags
        )

        def wait() -> None:
            child.wait()
            self._events.put(("end", child))

        threading.Thread(target=wait, daemon=True).start()

    def _end_child(self) -> int:
        """Let the child finish what it has accepted; its exit code."""
        child, self._child = self._child, None
        if child is None:
            return 0
        child.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
        try:
            return child.wait(seconds_to_end(self._settings.grace_period))
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()


def _plain(value: object) -> object:
    """A setting as `marshal` can write it."""
    return str(value) if isinstance(value, str) else value
