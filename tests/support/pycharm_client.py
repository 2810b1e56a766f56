"""What PyCharm is to the debugger it starts: it listens, and every process connects to it.

The protocol is that of pydevd: lines of a command, a number and a text, with tabs between them.
"""

from __future__ import annotations

import contextlib
import queue
import re
import socket
import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

PATIENCE = 30.0
_RUN, _SUSPEND, _GO_ON, _BREAKPOINT, _EVALUATE = "101", "105", "106", "111", "113"
_PROCESS_CREATED, _PROCESS_SEEN, _VERSION = "149", "159", "501"


class Stop:
    """A thread that has stopped.

    Attributes:
        line: where.
    """

    def __init__(self, process: Process, told: str) -> None:
        self._process = process
        thread = re.search(r'thread id="([^"]+)"', told)
        frame = re.search(r'frame id="([^"]+)".*? line="(\d+)"', told)
        assert thread, told
        assert frame, told
        self._thread, self._frame = thread[1], frame[1]
        self.line = int(frame[2])

    def evaluate(self, expression: str) -> str:
        """The value of an expression there."""
        self._process.send(_EVALUATE, f"{self._thread}\t{self._frame}\tLOCAL\t{expression}\t1")
        told = self._process.values.get(timeout=PATIENCE)
        found = re.search(r'value="([^"]*)"', told)
        assert found, told
        return unquote(found[1])

    def go_on(self) -> None:
        """Let it run."""
        self._process.send(_GO_ON, self._thread)


class Process:
    """One process that is debugged."""

    def __init__(self, connection: socket.socket, editor: PyCharm) -> None:
        self.values: queue.Queue[str] = queue.Queue()
        self._connection = connection
        self._editor = editor
        self._sent = 1
        self._lock = threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, command: str, text: str = "") -> None:
        """Send a command."""
        with self._lock:
            self._connection.sendall(f"{command}\t{self._sent}\t{text}\n".encode())
            self._sent += 2

    def _read(self) -> None:
        with contextlib.suppress(OSError), self._connection.makefile(newline="\n") as lines:
            self.send(_VERSION, "0.1\tUNIX")
            file, line = self._editor.breakpoint
            self.send(_BREAKPOINT, f"python-line\t{file}\t{line}\tNone\tTHREAD\tNone\tNone")
            self.send(_RUN)
            for told in lines:
                command, number, text = told.rstrip("\n").split("\t", 2)
                if command == _PROCESS_CREATED:
                    self.send(_PROCESS_SEEN, number)
                elif command == _SUSPEND:
                    self._editor.stopped.put((self, unquote(text)))
                elif command == _EVALUATE:
                    self.values.put(unquote(text))


class PyCharm:
    """Takes the connections of a program and of all its processes.

    Args:
        file: where the breakpoint is.
        line: its line.

    Attributes:
        port: where it listens.
    """

    def __init__(self, file: Path, line: int) -> None:
        self.breakpoint = (file, line)
        self.stopped: queue.Queue[tuple[Process, str]] = queue.Queue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in (self._listener, *self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                Process(connection, self)

    def wait_for_stop(self) -> Stop:
        """Wait until the breakpoint is reached."""
        return Stop(*self.stopped.get(timeout=PATIENCE))
