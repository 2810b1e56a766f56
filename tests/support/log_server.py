"""A real server whose whole output is kept: what its calls wrote, read when it has ended."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from support.log_process import Output, clean_environ

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SERVING = re.compile(r"^Serving .* on http://\S+:(\d+),", re.MULTILINE)
START_SECONDS = 30.0


class Served:
    """A running server and, once it has ended, what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process = process
        self.port = 0
        self._out = out
        self._err = err

    @property
    def output(self) -> Output:
        """What it has written so far; all of it once it has ended."""
        return Output(self._out.read_text("utf-8"), self._err.read_text("utf-8"))

    def get(
        self,
        path: str = "/",
        headers: dict[str, str] | None = None,
        method: str = "GET",
        body: bytes | None = None,
        port: int = 0,
    ) -> tuple[int, str]:
        """Send a request on a connection of its own; return the response's status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_for(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Wait until what it writes to stderr matches; return the match."""
        until = time.monotonic() + START_SECONDS
        while not (found := pattern.search(self.output.err)):
            assert self.process.poll() is None, self.output.err
            assert time.monotonic() < until, f"waited in vain for {pattern.pattern}"
            time.sleep(0.02)
        return found


@contextmanager
def serving(directory: Path, source: str, *arguments: str, **variables: str) -> Iterator[Served]:
    """Serve functions of a source; ends the server and keeps its output."""
    (directory / "main.py").write_text(source, encoding="utf-8")
    out, err = directory / "out", directory / "err"
    command = [sys.executable, "-m", "functions_framework", "--port", "0", *arguments]
    with (
        out.open("wb") as out_file,
        err.open("wb") as err_file,
        subprocess.Popen(
            command, cwd=directory, env=clean_environ(**variables), stdout=out_file, stderr=err_file
        ) as process,
    ):
        served = Served(process, out, err)
        try:
            served.port = int(served.wait_for(_SERVING)[1])
            yield served
        finally:
            process.terminate()
            process.wait(20)


def records_of(text: str) -> list[dict[str, Any]]:
    """The JSON lines among what a server wrote; its own start-up line isn't a call's."""
    return [json.loads(line) for line in text.split("\n") if line.startswith("{")]
