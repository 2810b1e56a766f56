"""How much memory a process holds, as the system tells it."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path


def resident_bytes(process: int | str = "self") -> int:
    """Bytes of memory that a process holds, by its id; on Linux only.

    Raises:
        OSError, IndexError: it is gone.
    """
    pages = Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def memory_in_use() -> int:
    """Bytes of memory this process holds; the most it ever held where the system tells no more."""
    if sys.platform.startswith("linux"):
        with suppress(OSError):  # no /proc
            return resident_bytes()
    if sys.platform == "win32":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
