"""`setup_logging`, which functions written for the first runtime call themselves."""

from __future__ import annotations

import logging
import sys


class _OutHandler(logging.StreamHandler):  # type: ignore[type-arg]
    def handle(self, record: logging.LogRecord) -> bool:
        return record.levelno <= logging.INFO and bool(super().handle(record))


class _ErrHandler(logging.StreamHandler):  # type: ignore[type-arg]
    pass


def setup_logging() -> None:
    """Log INFO and below to the current `sys.stdout`, WARNING and above to `sys.stderr`.

    Sets the root logger's level to INFO. Called again, it replaces its own two handlers, so that
    no record is written twice.
    """
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in root.handlers[:]:
        if isinstance(handler, _OutHandler | _ErrHandler):
            root.removeHandler(handler)
    errors = _ErrHandler(sys.stderr)
    errors.setLevel(logging.WARNING)
    root.addHandler(_OutHandler(sys.stdout))
    root.addHandler(errors)
