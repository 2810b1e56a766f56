"""A real server in a process of its own, on a free port, for tests that need one."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from functions_framework.calls.compose import EventMode, event_request, request_of, value_request
from functions_framework.calls.over_http import send

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from functions_framework.calls.compose import Deliverable, Parts
    from functions_framework.calls.result import Result

# Perhaps in colour: CI services set FORCE_COLOR for all that runs there.
_SERVING = re.compile(r"^(?:\x1b\[[\d;]*m)?Serving .* on http://\S+?:(\d+)", re.MULTILINE)
_POLL_SECONDS = 0.02
# Longer than the default grace period, after which the server ends by itself.
_STOP_SECONDS = 12.0


class RunningServer:
    """Runs `functions-framework` until it is stopped; ready when the port answers.

    Args:
        source: the file or directory that holds the function.
        target: the function's name, where the command needs it.
        environ: variables for the process, beside those of this one; None unsets one.
        arguments: further arguments of the command.
        start_seconds: how long it may take to be ready.

    Attributes:
        url: where it listens, without a slash at the end.
        port: the port.

    Raises:
        RuntimeError: it ended or was not ready in time; the text holds its output.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        target: str | None = None,
        *,
        environ: Mapping[str, str | None] | None = None,
        arguments: Sequence[str] = (),
        start_seconds: float = 30.0,
    ) -> None:
        command = [sys.executable, "-m", "functions_framework", "--source", os.fspath(source)]
        command += [] if target is None else ["--target", target]
        command += ["--host", "127.0.0.1", "--port", "0", *arguments]
        variables = {**os.environ, "PYTHONUNBUFFERED": "1", **(environ or {})}
        self._output: list[str] = []
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            command,
            env={name: value for name, value in variables.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.port = self._wait_until_ready(time.monotonic() + start_seconds)
        except BaseException:
            self.stop()
            raise
        self.url = f"http://127.0.0.1:{self.port}"

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._output.append(line)

    @property
    def output(self) -> str:
        """What the process has written so far, both streams."""
        return "".join(self._output)

    def _wait_until_ready(self, deadline: float) -> int:
        while time.monotonic() < deadline:
            announced = _SERVING.search(self.output)
            if announced and _answers(int(announced[1])):
                return int(announced[1])
            if self._process.poll() is not None:
                self._reader.join(1.0)
                raise RuntimeError(
                    f"The server ended with exit code {self._process.returncode}:\n{self.output}"
                )
            time.sleep(_POLL_SECONDS)
        raise RuntimeError(f"The server was not ready in time:\n{self.output}")

    def request(self, method: str, path: str = "/", **parts: Unpack[Parts]) -> Result:
        """Send a request; arguments as for a client's `request`. Its result has no logs."""
        return send(self.url, request_of(method, path, **parts))

    def get(self, path: str = "/", **parts: Unpack[Parts]) -> Result:
        """Send a GET request."""
        return self.request("GET", path, **parts)

    def post(self, path: str = "/", **parts: Unpack[Parts]) -> Result:
        """Send a POST request."""
        return self.request("POST", path, **parts)

    def send(self, event: Deliverable, mode: EventMode = "binary") -> Result:
        """Deliver an event; arguments as for a client's `send`."""
        return send(self.url, event_request(event, mode))

    def invoke(self, value: Any) -> Result:
        """Hand a value to a typed function; as a client's `invoke`."""
        return send(self.url, value_request(value))

    def stop(self) -> int:
        """End the process, by force if it does not end by itself; return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(_STOP_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return self._process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False
