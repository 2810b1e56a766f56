"""From the address of a store to the store, and where calls are kept if nobody says so.

========================================  ====================================================
`sqlite:///calls.db`                      a file, relative to the working directory
`sqlite:////var/lib/calls.db`             a file, by its whole path
`redis://`, `rediss://`, `unix://`        a Redis server, as redis-py takes it
`memory://`                               this process alone, until its end: for tests
========================================  ====================================================
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .batching import Backend, BatchingStore

SCHEMES = ("sqlite", "redis", "rediss", "unix", "memory")
MEMORY = "memory://"


def check(url: str) -> str:
    """Return an address whose scheme is known.

    Raises:
        ValueError: it is not; the text says what was expected.
    """
    scheme, mark, rest = url.strip().partition("://")
    if not mark or scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise ValueError(f"expected an address that begins with one of {known}")
    if scheme == "sqlite" and not rest.removeprefix("/"):
        raise ValueError("expected a file, such as sqlite:///calls.db or sqlite:////data/calls.db")
    if scheme == "sqlite" and not rest.startswith("/"):
        raise ValueError(f"expected three slashes before a relative path: sqlite:///{rest}")
    return url.strip()


def shown(url: str) -> str:
    """An address without the password in it."""
    scheme, mark, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    name = user.partition(":")[0]
    place = place.partition("?")[0]
    return f"{scheme}{mark}{name}:***@{place}" if at else f"{scheme}{mark}{place}"


def opened(url: str | None) -> BatchingStore:
    """The store of an address that `check` has returned; it connects when it is first asked.

    Args:
        url: the address, None for the file of this working directory.

    Raises:
        ImportError: the extra that it needs is not installed.
        OSError: the directory of the default file cannot be used.
        ValueError: the address is malformed.
    """
    from .batching import BatchingStore

    return BatchingStore(_backend(default_url() if url is None else url))


def _backend(url: str) -> Backend:
    scheme, _, rest = url.partition("://")
    if scheme in {"sqlite", "memory"}:
        from .sqlite import MEMORY as IN_MEMORY
        from .sqlite import SQLiteBackend

        return SQLiteBackend(IN_MEMORY if scheme == "memory" else os.path.abspath(rest[1:]))  # noqa: PTH100 - stays text
    try:
        from .redis_server import RedisBackend
    except ImportError as error:
        raise ImportError("it needs the extra: pip install 'functions-framework[redis]'") from error
    return RedisBackend(url)


def default_url() -> str:
    """The file of this user's servers in this working directory, in the directory for such files.

    Raises:
        OSError: somebody else owns the directory that it would be in.
    """
    import hashlib
    import tempfile

    user = os.getuid() if hasattr(os, "getuid") else 0
    directory = f"{tempfile.gettempdir()}/functions-framework-{user}"
    os.makedirs(directory, mode=0o700, exist_ok=True)  # noqa: PTH103
    found = os.lstat(directory)
    if hasattr(os, "getuid") and (found.st_uid != user or found.st_mode & 0o022):
        raise OSError(f"{directory} is not this user's own directory")
    name = hashlib.sha256(os.getcwd().encode()).hexdigest()[:16]  # noqa: PTH109
    return f"sqlite:///{directory}/{name}.db"
