"""Idempotent calls in an SQLite file, for the threads and processes of one machine.

A transaction of its own, begun for writing (`BEGIN IMMEDIATE`), does a whole batch: SQLite has one
writer at a time, and a transaction that only becomes a writer later can be refused. The file is in
WAL mode: after a crash of the process it holds all that was committed; after one of the system, all
but perhaps the last moments (`synchronous=NORMAL`). Nothing newer than SQLite 3.24 is used.
"""

from __future__ import annotations

import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from .interface import IdempotencyEntry, StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .batching import Asked

MEMORY = ":memory:"
_BUSY_SECONDS = 5.0
_STEP_SECONDS = 0.01
_SWEEP_SECONDS = 10.0
_SWEPT_AT_ONCE = 500

_TABLE = (
    "CREATE TABLE IF NOT EXISTS calls (key TEXT PRIMARY KEY, token TEXT NOT NULL,"
    " until REAL NOT NULL, answer BLOB)"
)
_INDEX = "CREATE INDEX IF NOT EXISTS calls_by_until ON calls (until)"
_BEGIN = (
    "INSERT INTO calls VALUES (:key, :token, :until, NULL) ON CONFLICT (key) DO UPDATE"
    " SET token = :token, until = :until, answer = NULL WHERE until <= :now OR token = :token"
)
_FIND = "SELECT answer, until FROM calls WHERE key = ?"
_FINISH = (
    "INSERT INTO calls VALUES (:key, :token, :until, :answer) ON CONFLICT (key) DO UPDATE"
    " SET until = :until, answer = :answer WHERE token = :token"
)
_RELEASE = "DELETE FROM calls WHERE key = ? AND token = ? AND answer IS NULL"
_SWEEP = (
    "DELETE FROM calls WHERE rowid IN (SELECT rowid FROM calls WHERE until <= ?"
    " ORDER BY until LIMIT ?)"
)

# Connections of a parent process: closing one in a forked child could take its locks away.
_forgotten: list[sqlite3.Connection] = []


class SQLiteBackend:
    """Reads and writes one file.

    Args:
        path: the file, made where there is none, or `:memory:`.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._next_sweep = 0.0

    def run(self, asked: Sequence[Asked]) -> list[Any]:
        """See `batching.Backend`."""
        try:
            connection = self._connection or self._open()
            self._check_file()
            connection.execute("BEGIN IMMEDIATE")
            try:
                now = time.time()
                answers = [self._answer(connection, one, now) for one in asked]
                self._sweep(connection, now)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise StoreError(f"{self._path}: {error}") from error
        return answers

    def _answer(self, connection: sqlite3.Connection, asked: Asked, now: float) -> Any:
        if asked.method == "begin":
            key, token, lease = asked.arguments
            row = {"key": key, "token": token, "until": now + lease, "now": now}
            if connection.execute(_BEGIN, row).rowcount == 1:
                return None
            answer, until = connection.execute(_FIND, (key,)).fetchone()
            return IdempotencyEntry(answer, until - now)
        if asked.method == "finish":
            key, token, answer, expires = asked.arguments
            row = {"key": key, "token": token, "until": now + expires, "answer": answer}
            return connection.execute(_FINISH, row).rowcount == 1
        if asked.method == "release":
            connection.execute(_RELEASE, asked.arguments)
        return None

    def _sweep(self, connection: sqlite3.Connection, now: float) -> None:
        """Delete some of what has expired; all of it in time, and never much at once."""
        if now < self._next_sweep:
            return
        is_more = connection.execute(_SWEEP, (now, _SWEPT_AT_ONCE)).rowcount == _SWEPT_AT_ONCE
        self._next_sweep = now if is_more else now + _SWEEP_SECONDS

    def _open(self) -> sqlite3.Connection:
        if self._path != MEMORY:
            # Answers are in it: for this user only. SQLite gives the files beside it the same mode.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        connection = sqlite3.connect(
            self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        mode = _in_wal_mode(connection)
        if mode not in {"wal", "memory"}:
            raise sqlite3.OperationalError(
                f"its file system allows no WAL mode (found {mode!r}); give a path on a local disk"
            )
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_TABLE)
        connection.execute(_INDEX)
        if self._path != MEMORY:
            self._file = _identity(self._path)

    def _check_file(self) -> None:
        """SQLite goes on in a file that was removed, while other processes begin a new one.

        Raises:
            OSError: that has happened.
        """
        if self._file is not None and _identity(self._path) != self._file:
            raise OSError("the file was removed or replaced while it was in use")

    def close(self) -> None:
        """See `batching.Backend`."""
        connection, self._connection, self._file = self._connection, None, None
        if connection is not None:
            connection.close()

    def __del__(self) -> None:
        # Python 3.13 warns of a connection that is dropped open, as apps are in tests.
        self.close()

    def forget(self) -> None:
        """See `batching.Backend`."""
        if self._connection is not None:
            _forgotten.append(self._connection)
        self._connection, self._file = None, None


def _in_wal_mode(connection: sqlite3.Connection) -> str:
    """Switch to WAL mode; the busy timeout does not hold for that where others do the same."""
    until = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError as error:  # noqa: PERF203 - waiting is what it does
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(_STEP_SECONDS)
        else:
            return str(mode)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - before every batch: a Path costs more than the call
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
