"""Collects the log records of a call, leaving logging as it was found."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from functions_framework.logs.crash import LOGGER

if TYPE_CHECKING:
    from collections.abc import Iterator

Records = list[logging.LogRecord]

_own: ContextVar[Records | None] = ContextVar("functions_framework.testing.records", default=None)


class _Collector(logging.Handler):
    """Gives each record to the call it belongs to; one of a thread of nobody's to all of them."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.running: list[Records] = []
        self.level_before = logging.NOTSET
        self.guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            record.message = record.getMessage()
        except Exception:  # noqa: BLE001 - as for every handler: a record must not fail the call
            record.message = str(record.msg)
            self.handleError(record)
        own = _own.get()
        for records in [own] if own is not None else list(self.running):
            records.append(record)


_collector = _Collector()


@contextmanager
def collected() -> Iterator[Records]:
    """Collect what is logged at INFO and above inside, by this call and the threads it starts."""
    records: Records = []
    root = logging.root
    with _collector.guard:
        if not _collector.running:
            _collector.level_before = root.level
            root.setLevel(min(root.level, logging.INFO))
            root.addHandler(_collector)
        _collector.running.append(records)
    token = _own.set(records)
    try:
        yield records
    finally:
        _own.reset(token)
        with _collector.guard:
            _collector.running = [kept for kept in _collector.running if kept is not records]
            if not _collector.running:
                root.removeHandler(_collector)
                root.setLevel(_collector.level_before)


# What ends a call only. Everything else that is no `Exception` ends more: Ctrl-C, a timeout of the
# test, a test that fails or is skipped where a function calls what the test gave it.
_OF_THE_CALL = (Exception, SystemExit, GeneratorExit, asyncio.CancelledError)


def raise_end_of_test(records: Records) -> None:
    """Raise what was to end the test and was answered with 500, as a server must do.

    Raises:
        BaseException: Ctrl-C, or what a test runner raises.
    """
    for record in records:
        error = _crash_of(record)
        if error is not None and not isinstance(error, _OF_THE_CALL):
            raise error


def crash_in(records: Records) -> BaseException | None:
    """The last exception the framework logged as one that nobody handled."""
    return next(filter(None, map(_crash_of, reversed(records))), None)


def _crash_of(record: logging.LogRecord) -> BaseException | None:
    return record.exc_info[1] if record.name == LOGGER and record.exc_info else None
