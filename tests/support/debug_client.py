"""A client of the Debug Adapter Protocol, as an editor is one: breakpoints and what stops there."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import threading
from typing import TYPE_CHECKING, Any

from support.server_process import wait_until

if TYPE_CHECKING:
    from typing_extensions import Self

PATIENCE = 30.0


class Stop:
    """A thread of the program that has stopped.

    Attributes:
        line: where.
    """

    def __init__(self, session: Session, thread: int) -> None:
        self._session = session
        self._thread = thread
        frames = session.ask("stackTrace", threadId=thread)["stackFrames"]
        self._frame = frames[0]["id"]
        self.line: int = frames[0]["line"]

    def evaluate(self, expression: str) -> str:
        """The value of an expression there."""
        found = self._session.ask("evaluate", expression=expression, frameId=self._frame)
        return str(found["result"])

    def go_on(self) -> None:
        """Let it run."""
        self._session.ask("continue", threadId=self._thread)


class Session:
    """One debugged process."""

    def __init__(self, port: int, given: dict[str, Any], editor: Editor) -> None:
        self._connection = _connect(port)
        self._stream = self._connection.makefile("rb")
        self._answers: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._initialized = threading.Event()
        self._editor = editor
        self._sent = 0
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.ask("initialize", adapterID="debugpy", pathFormat="path", linesStartAt1=True)
        attached = self._send(given["request"], given)
        wait_until(lambda: self._initialized.is_set() or attached.qsize(), "the debugger", PATIENCE)
        if not self._initialized.is_set():
            _result(attached)  # says why not
        for path, lines in editor.breakpoints.items():
            wanted = [{"line": line} for line in lines]
            self.ask("setBreakpoints", source={"path": path}, breakpoints=wanted)
        self.ask("setExceptionBreakpoints", filters=[])
        self.ask("configurationDone")
        _result(attached)

    def _send(self, command: str, arguments: dict[str, Any]) -> queue.Queue[dict[str, Any]]:
        with self._lock:
            self._sent += 1
            answer = self._answers[self._sent] = queue.Queue()
            message = {"seq": self._sent, "type": "request", "command": command}
            body = json.dumps({**message, "arguments": arguments}).encode()
            self._connection.sendall(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        return answer

    def ask(self, command: str, **arguments: Any) -> Any:
        """Send a request; return the body of its response."""
        return _result(self._send(command, arguments))

    def _read(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := self._stream.readline():
                length = int(line.split(b":")[1])
                self._stream.readline()
                self._take(json.loads(self._stream.read(length)))

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "response":
            self._answers[message["request_seq"]].put(message)
        elif message["type"] == "event" and message["event"] == "initialized":
            self._initialized.set()
        elif message["type"] == "event" and message["event"] == "stopped":
            self._editor.stopped.put((self, message["body"]["threadId"]))
        elif message["type"] == "event" and message["event"] == "debugpyAttach":
            # A process was forked: what an editor does is to open one more session for it.
            body = message["body"]
            port = body["connect"]["port"]
            threading.Thread(target=self._editor.open, args=[port, body], daemon=True).start()

    def close(self, *, ends_program: bool) -> None:
        """Leave; the program goes on unless it is to end."""
        with contextlib.suppress(OSError):
            if ends_program:
                self.ask("disconnect", terminateDebuggee=True)
            self._connection.shutdown(socket.SHUT_RDWR)
        self._reader.join(PATIENCE)
        self._stream.close()
        self._connection.close()


class Editor:
    """Sessions for a program and all its processes.

    Args:
        port: where `debugpy` or its adapter listens.
        configuration: as in an editor's list of launch configurations.
        breakpoints: lines by file.

    Attributes:
        sessions: those that were opened, the program's own first.
    """

    def __init__(
        self, port: int, configuration: dict[str, Any], breakpoints: dict[str, list[int]]
    ) -> None:
        self.breakpoints = breakpoints
        self.stopped: queue.Queue[tuple[Session, int]] = queue.Queue()
        self.sessions: list[Session] = []
        self._has_launched = configuration["request"] == "launch"
        self.open(port, configuration)

    def open(self, port: int, configuration: dict[str, Any]) -> None:
        """Open a session."""
        self.sessions.append(Session(port, configuration, self))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for session in reversed(self.sessions):
            # What the adapter has launched is nobody else's to end.
            session.close(ends_program=session is self.sessions[0] and self._has_launched)

    def wait_for_stop(self) -> Stop:
        """Wait until a breakpoint is reached."""
        session, thread = self.stopped.get(timeout=PATIENCE)
        return Stop(session, thread)


def _result(answer: queue.Queue[dict[str, Any]]) -> Any:
    found = answer.get(timeout=PATIENCE)
    assert found["success"], found
    return found.get("body", {})


def _connect(port: int) -> socket.socket:
    found: list[socket.socket] = []

    def connect() -> bool:
        with contextlib.suppress(ConnectionRefusedError):
            found.append(socket.create_connection(("127.0.0.1", port), PATIENCE))
        return bool(found)

    wait_until(connect, f"a debugger on port {port}", PATIENCE)
    return found[0]
