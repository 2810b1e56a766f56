"""A program at a terminal of its own, and what a person would see and type there."""

from __future__ import annotations

import contextlib
import errno
import os
import pty
import re
import select
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from typing_extensions import Self

_URL = re.compile(r"http://127\.0\.0\.1:(\d+)")


class Terminal:
    """`functions-framework` started from a terminal, on a free port.

    Attributes:
        process: the parent process, or the program around the command.
        shown: all that stood on the screen so far.
    """

    def __init__(
        self,
        directory: Path,
        *flags: str,
        variables: Mapping[str, str] | None = None,
        by: Sequence[str] = (),
    ):
        self._ours, theirs = pty.openpty()
        program = (sys.executable, "-m", "functions_framework")
        port = () if "--uds" in flags else ("--host", "127.0.0.1", "--port", "0")
        self.process = subprocess.Popen(
            [*by, *program, *port, *flags],
            cwd=directory,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - a call to the kernel and no more
            env={**_environment(), "TERM": "xterm", **(variables or {})},
        )
        os.close(theirs)
        self.shown = ""
        self._read = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def read_until(self, text: str, seconds: float = 20.0) -> str:
        """Wait until a text is shown after what was read before; return what came until then."""
        until = time.monotonic() + seconds
        start = self._read
        while text not in self.shown[start:]:
            left = until - time.monotonic()
            if left < 0 or not select.select([self._ours], [], [], left)[0]:
                raise AssertionError(f"waited in vain for {text!r}: {self.shown[start:]!r}")
            try:
                data = os.read(self._ours, 65536)
            except OSError as error:
                if error.errno != errno.EIO:
                    raise
                data = b""
            if not data:
                raise AssertionError(f"ended without {text!r}: {self.shown[start:]!r}")
            self.shown += data.decode()
        end = self.shown.index(text, start) + len(text)
        self._read = end
        return self.shown[start:end]

    def port(self) -> int:
        """Wait until it serves."""
        self.read_until("(Ctrl-C stops)")
        found = _URL.search(self.shown)
        assert found, self.shown
        return int(found[1])

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self._ours, f"{line}\n".encode())

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._ours, b"\x03")

    def hide_typing(self) -> None:
        """Set a mode, as a program in the foreground does that asks for a password."""
        modes = termios.tcgetattr(self._ours)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(self._ours, termios.TCSANOW, modes)

    def shows_typing(self) -> bool:
        """Whether the terminal is in the mode it has for shells: echo on, whole lines."""
        modes = termios.tcgetattr(self._ours)[3]
        return bool(modes & termios.ECHO) and bool(modes & termios.ICANON)


def _take_terminal() -> None:
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
