"""Standard streams that can always be written to: where nobody takes lines, only lines are lost.

A server may be started with its streams closed, its disk may be full, and who reads them may leave.
What is written then must not end a call, a worker or the server.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_STANDARD = {"stdout": 1, "stderr": 2}
_PATIENCE = 1.0
_PIECE = 512  # bytes that there is room for where there is any
# `super()` takes a third of a write of a line.
_write = io.FileIO.write


def secure() -> None:
    """Put streams that always take what is written in the place of this process's own.

    Streams that somebody has put there are left alone.
    """
    _occupy()
    for name, number in _STANDARD.items():
        stream = getattr(sys, name)
        if stream is None:
            made = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for good
        elif _is_plain(stream):
            made = _lasting(stream, number)
        else:
            continue
        if getattr(sys, f"__{name}__") is stream:
            setattr(sys, f"__{name}__", made)
        setattr(sys, name, made)


def flush() -> None:
    """Have what was written reach its place, as far as it can."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


@contextlib.contextmanager
def hurried() -> Iterator[None]:
    """Lose lines, instead of waiting for who has stopped to read them.

    For a process that others wait for: one that looks after workers has to go on.
    """
    _Lasting.patience = _PATIENCE
    try:
        yield
    finally:
        wait_for_readers()


def wait_for_readers() -> None:
    """Wait for them, as usual: who reads what calls write may set their pace."""
    _Lasting.patience = None


class _Lasting(io.FileIO):
    """A file that takes all that is written.

    Attributes:
        patience: seconds to wait until there is room, None for any number.
    """

    name: Any = ""
    patience: float | None = None

    def write(self, data: Any) -> int:
        try:
            if self.patience is not None:
                return self._write_in_time(memoryview(data).cast("B"))
            written = _write(self, data)
            while written is None:  # it does not block, and is full
                import select

                select.select([], [self], [])
                written = _write(self, data)
        except (OSError, ValueError):  # nobody is left to be told
            return memoryview(data).nbytes
        return written

    def _write_in_time(self, data: memoryview) -> int:
        for start in range(0, len(data), _PIECE):
            if not self._has_room():
                break
            super().write(data[start : start + _PIECE])
        return len(data)

    def _has_room(self) -> bool:
        import select

        poll = select.poll()
        poll.register(self, select.POLLOUT)
        has_room = bool(poll.poll((self.patience or 0) * 1000))
        # Who has stopped to read is waited for only once.
        _Lasting.patience = _PATIENCE if has_room else 0.0
        return has_room


def _occupy() -> None:
    """Have nothing else get the numbers of closed streams: what C code writes would go there."""
    for number in range(3):
        if not is_open(number):
            os.open(os.devnull, os.O_RDWR)  # it gets the least number that is free: this one
            os.set_inheritable(number, True)  # noqa: FBT003 - positional in C


def is_open(number: int) -> bool:
    """Whether this process has a descriptor of that number."""
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _is_plain(stream: object) -> bool:
    """Whether a stream is the interpreter's own, on a file or pipe."""
    if type(stream) is not io.TextIOWrapper:
        return False
    return type(getattr(stream.buffer, "raw", stream.buffer)) is io.FileIO


def _lasting(stream: Any, number: int) -> io.TextIOWrapper:
    """The same stream, on a file that takes all."""
    with contextlib.suppress(OSError):
        stream.flush()
    raw = _Lasting(stream.fileno(), "w", closefd=False)
    raw.name = f"<{'stdout' if number == 1 else 'stderr'}>"
    is_buffered = hasattr(stream.buffer, "raw")
    made = io.TextIOWrapper(
        io.BufferedWriter(raw) if is_buffered else raw,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
    made.mode = "w"  # type: ignore[misc]  # as the interpreter does
    return made
