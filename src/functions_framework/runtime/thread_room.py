"""How many threads the system still lets this process have.

It is asked beforehand, as too late is the end: the engine aborts its process when it is refused a
thread, and every call in flight is lost.
"""

from __future__ import annotations

import contextlib
import os
import sys

from functions_framework.exceptions import FunctionsFrameworkException

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_STACK = 2 * 2**20  # of one of the engine's
_HEAP = 64 * 2**20
"""Address space for what is allocated, and for the stacks of Python's threads, which are larger."""

_PLENTY = 16_384
"""A limit of processes that nobody comes near to; below it those that there are get counted."""

_OWN = 8
"""Threads that a worker has for itself, and what watches or measures the workers."""

_ARENA_MAX = -8  # M_ARENA_MAX of mallopt(3)

Room = tuple[int, str]
"""Threads that are left, and the limit that says so."""


def required(workers: int, others: int = 0) -> Room | None:
    """Threads that calls may take in each worker.

    A half of what there is: the other is for threads that functions start, and for workers that
    take the place of others.

    Args:
        workers: how many there are to be.
        others: processes beside them.

    Returns:
        None where nothing bounds them.

    Raises:
        FunctionsFrameworkException: there would be none.
    """
    if (room := min(_rooms(), default=None)) is None:
        return None
    left, limit = room
    threads = (left - _OWN * (workers + others)) // 2 // workers
    if threads < 1:
        raise FunctionsFrameworkException(
            f"The system leaves too few threads to serve with workers {workers} ({limit}). "
            "Raise that limit, or lower --workers."
        )
    return threads, limit


def left() -> int | None:
    """Threads that the system still lets this process have, None where nothing bounds them."""
    return min((room for room, _ in _rooms()), default=None)


def save_address_space() -> None:
    """Where it is bounded, have threads share what they allocate from.

    glibc sets 64 MiB aside for each of the first threads, 8 for each processor.
    """
    if _address_space() is not None:
        import ctypes

        with contextlib.suppress(AttributeError, OSError):  # another library of C has none
            ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)


def _rooms() -> Iterator[Room]:
    if sys.platform.startswith("linux"):
        yield from _of_user()
        yield from _of_groups()
        yield from _of_address_space()


def _of_user() -> Iterator[Room]:
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    if 0 <= limit < _PLENTY and not _is_root():
        yield limit - _threads_of(os.getuid()), f"ulimit -u {limit}"


def _is_root() -> bool:
    """Whether this is the user whom no limit holds; in a namespace root is somebody else."""
    try:
        first = _read("/proc/self/uid_map").split()
    except OSError:
        first = ["0", "0"]
    return os.getuid() == 0 and first[:2] == ["0", "0"]


def _threads_of(user: int) -> int:
    count = 0
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):  # noqa: PTH208 - names are all that is wanted
            with contextlib.suppress(OSError):  # it has ended
                if name.isdigit() and (found := os.stat(f"/proc/{name}/task")).st_uid == user:  # noqa: PTH116
                    count += found.st_nlink - 2
    return count


def _of_groups() -> Iterator[Room]:
    """What control groups say, this process's own and those around it."""
    with contextlib.suppress(OSError):
        for line in _read("/proc/self/cgroup").splitlines():
            _, kinds, path = line.split(":", 2)
            if not kinds or "pids" in kinds.split(","):
                top = "/sys/fs/cgroup/pids" if kinds else "/sys/fs/cgroup"
                # In a container the path may be the one outside of it, which isn't there.
                while path.strip("/"):
                    yield from _of_group(top + path)
                    path = path.rpartition("/")[0]
                yield from _of_group(top)


def _of_group(group: str) -> Iterator[Room]:
    with contextlib.suppress(OSError, ValueError):  # no limit: "max"
        most = int(_read(f"{group}/pids.max"))
        yield most - int(_read(f"{group}/pids.current")), f"pids.max {most} of the control group"


def _of_address_space() -> Iterator[Room]:
    if (limit := _address_space()) is not None:
        used = 0
        with contextlib.suppress(OSError):
            used = int(_read("/proc/self/statm").split()[0]) * os.sysconf("SC_PAGE_SIZE")
        yield (limit - used - _HEAP) // _STACK, f"ulimit -v {limit // 1024}"


def _address_space() -> int | None:
    if not sys.platform.startswith("linux"):
        return None
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as found:  # noqa: PTH123 - pathlib isn't for the parent
        return found.read()
