"""A program under a debugger: what is served, how it runs, and what stops in it."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Protocol

from support.server_process import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TEXT = """\
def hello(request):
    value = 20
    value += 1
    return str(value)
"""
LINE = 3


class Stop(Protocol):
    """A thread that has stopped."""

    line: int

    def evaluate(self, expression: str) -> str:
        """The value of an expression there."""

    def go_on(self) -> None:
        """Let it run."""


class Debugger(Protocol):
    """Whoever has set a breakpoint at `LINE`."""

    def wait_for_stop(self) -> Stop:
        """Wait until it is reached."""


@contextlib.contextmanager
def started(directory: Path, *command: str) -> Iterator[Path]:
    """Run a program to the end of the block; gives the file with all it printed."""
    output = directory.parent / f"{directory.name}.txt"
    with output.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=directory, stdout=stream, stderr=stream,
            start_new_session=True,
        )  # fmt: skip
    try:
        yield output
    finally:
        process.terminate()
        try:
            process.wait(15)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()


def ask(port: int) -> Callable[[], str]:
    """Send a request as soon as the server answers; what is returned waits for the response."""
    answers: list[str] = []

    def send() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/")
            answers.append(connection.getresponse().read().decode())
        except ConnectionError:
            return False
        finally:
            connection.close()
        return True

    client = threading.Thread(
        target=lambda: wait_until(send, "a response of the server", 30), daemon=True
    )
    client.start()

    def wait() -> str:
        client.join(60)
        return answers[0]

    return wait


def stops_after_a_restart(debugger: Debugger, source: Path, output: Path, port: int) -> None:
    """Change the source; see that the new one runs, and stops as well."""
    source.write_text(source.read_text().replace("20", "30"))
    wait_until(lambda: "Restarted in" in output.read_text(), "a restart", 20)
    answer = ask(port)
    stop = debugger.wait_for_stop()
    assert stop.evaluate("value") == "30"
    stop.go_on()
    assert answer() == "31"
