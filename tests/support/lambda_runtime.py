"""AWS Lambda as its runtimes see it: the Runtime API over HTTP, and the process of a function.

The process is the real one: `awslambdaric`, AWS's own client of the API, with a handler of ours.
Sources: Lambda developer guide, "Using the Lambda runtime API for custom runtimes" (paths, headers,
the form of errors), "Defined runtime environment variables" and "Lambda SnapStart" (runtime hooks).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

pytest.importorskip("awslambdaric", reason="AWS's client of the Runtime API isn't installed here")

HANDLER = "functions_framework.platforms.aws_lambda.handler"
ARN = "arn:aws:lambda:us-east-2:123456789012:function:hello"
_API = "/2018-06-01/runtime"
_SECONDS = 30.0
# As Lambda sets them ("Defined runtime environment variables").
_ENVIRONMENT = {
    "AWS_REGION": "us-east-2",
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "AWS_LAMBDA_FUNCTION_NAME": "hello",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/hello",
    "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[$LATEST]0123456789abcdef",
}


class Invocation(NamedTuple):
    """What the runtime is given by `next`."""

    request_id: str
    payload: bytes
    deadline_ms: int
    trace: str | None


class Outcome(NamedTuple):
    """What the runtime posted: to `response`, `error`, `init/error` or `restore/error`.

    Attributes:
        kind: the last part of the path.
        request_id: of the invoke, empty where there is none.
        body: as it came.
        headers: by lower-case name.
    """

    kind: str
    request_id: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)


class RuntimeAPI:
    """Hands invokes to the one runtime there is, and takes what comes of them."""

    def __init__(self) -> None:
        self._waiting: Queue[Invocation | None] = Queue()
        self.outcomes: Queue[Outcome] = Queue()
        self.asked: Queue[str] = Queue()
        self.restoring = threading.Event()
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"api": self})
        )
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def start(self) -> None:
        """Take requests."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more; who still waits for an invoke is let go."""
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def put(self, invocation: Invocation) -> None:
        """Have the runtime get an invoke next."""
        self._waiting.put(invocation)

    def next(self) -> Invocation | None:
        """The next invoke, when there is one; None at the end."""
        return self._waiting.get()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: ClassVar[RuntimeAPI]

    def do_GET(self) -> None:
        self.api.asked.put(self.path)
        if self.path == f"{_API}/restore/next":
            self.api.restoring.wait(_SECONDS)
            self._send(200, b"")
            return
        invocation = self.api.next() if self.path == f"{_API}/invocation/next" else None
        if invocation is None:
            self._send(403, b"{}")
            return
        fields = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
        }
        if invocation.trace:
            fields["Lambda-Runtime-Trace-Id"] = invocation.trace
        self._send(200, invocation.payload, fields)

    def do_POST(self) -> None:
        body = self._body()
        parts = self.path.removeprefix(f"{_API}/").split("/")
        of_invoke = parts[0] == "invocation"
        fields = {name.lower(): value for name, value in self.headers.items()}
        kind = parts[-1] if of_invoke else "/".join(parts)
        self._send(202, b'{"status":"OK"}')
        self.api.outcomes.put(Outcome(kind, parts[1] if of_invoke else "", body, fields))

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(self, status: int, body: bytes, fields: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (fields or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        with contextlib.suppress(ConnectionError):  # of a runtime that has ended
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class LambdaFunction:
    """A function in an execution environment: the process of its runtime, and its Runtime API.

    Args:
        root: the directory of its code, where the process starts.
        handler: what the runtime calls.
        environ: further variables, `FUNCTION_TARGET` and so on.
    """

    def __init__(
        self, root: Path, handler: str = HANDLER, environ: Mapping[str, str] | None = None
    ) -> None:
        self._root = root
        self._handler = handler
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self._environ = {**kept, **_ENVIRONMENT, "LAMBDA_TASK_ROOT": str(root), **(environ or {})}
        self.api = RuntimeAPI()
        self._lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.api.start()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", self._handler],
            cwd=self._root,
            env={**self._environ, "AWS_LAMBDA_RUNTIME_API": self.api.address},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._lines.extend(self._process.stdout)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.api.stop()
        self._reader.join(_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def send(
        self,
        payload: Any,
        seconds: float = 30.0,
        trace: str | None = None,
        request_id: str | None = None,
    ) -> str:
        """Invoke it and go on.

        Args:
            payload: any JSON value.
            seconds: until its time is over.
            trace: X-Ray's header.
            request_id: of the invoke, else a new one.

        Returns:
            The invoke's id.
        """
        request_id = request_id or str(uuid.uuid4())
        deadline = int((time.time() + seconds) * 1000)
        self.api.put(Invocation(request_id, json.dumps(payload).encode(), deadline, trace))
        return request_id

    def outcome(self) -> Outcome:
        """The next that the runtime posted.

        Raises:
            AssertionError: it posted nothing.
        """
        try:
            return self.api.outcomes.get(timeout=_SECONDS)
        except Empty:
            raise AssertionError(f"The runtime posted nothing. It wrote:\n{self.output}") from None

    def invoke(self, payload: Any, **options: Any) -> Any:
        """What an invoke returns; arguments as for `send`."""
        request_id = self.send(payload, **options)
        outcome = self.outcome()
        assert (outcome.kind, outcome.request_id) == ("response", request_id), self.output
        return outcome.json

    def fail(self, payload: Any, **options: Any) -> Any:
        """The error that an invoke ends with; arguments as for `send`."""
        request_id = self.send(payload, **options)
        outcome = self.outcome()
        assert (outcome.kind, outcome.request_id) == ("error", request_id), outcome
        return outcome.json

    def wait_until_idle(self) -> None:
        """Wait until the runtime asks for the next invoke."""
        while self.api.asked.get(timeout=_SECONDS) != f"{_API}/invocation/next":
            pass

    def wait_for_snapshot(self) -> None:
        """Wait until the runtime asks whether it was restored."""
        while self.api.asked.get(timeout=_SECONDS) != f"{_API}/restore/next":
            pass

    def terminate(self) -> int:
        """Send SIGTERM and wait for the end; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self.wait()

    def wait(self) -> int:
        """Wait for the end of a runtime that ends by itself; the exit code."""
        assert self._process is not None
        code = self._process.wait(_SECONDS)
        self._reader.join(_SECONDS)
        return code

    def says(self, text: str) -> bool:
        """Whether it writes a text, now or soon."""
        until = time.monotonic() + _SECONDS
        while text not in self.output and time.monotonic() < until:
            time.sleep(0.01)
        return text in self.output

    @property
    def output(self) -> str:
        """What the process has written so far."""
        return "".join(self._lines)
