"""The handler the command gives the root logger, which yields to any handler of the user's own."""

from __future__ import annotations

import logging
import sys
from io import TextIOWrapper

# Packages whose handlers send records away, for those who watch many programs.
_AGENTS = frozenset({"elasticapm", "newrelic", "opentelemetry", "sentry_sdk"})


def _is_shown_by(handler: logging.Handler) -> bool:
    """Whether a handler takes the place of the fallback: somebody chose it to see records by.

    Libraries add a `NullHandler` so as not to log; agents add theirs beside what there is.
    """
    package = type(handler).__module__.partition(".")[0]
    return not isinstance(handler, logging.NullHandler) and package not in _AGENTS


class FallbackHandler(logging.Handler):
    """Writes to the current `sys.stderr` what no other handler takes.

    It stands where `logging.lastResort` does: as soon as a record's logger, or one above it, has a
    handler of the user's own, this one is silent. Unlike there, a `NullHandler` and the handlers of
    agents (OpenTelemetry) do not count.
    """

    def __init__(self, formatter: logging.Formatter, *, is_record: bool) -> None:
        """Make the handler.

        Args:
            formatter: makes a record's text.
            is_record: whether that text is a whole record, which a wrapped stream must not wrap.
        """
        super().__init__()
        self._is_record = is_record
        self._given = formatter
        self.setFormatter(formatter)

    def is_as_made(self) -> bool:
        """Whether nobody has given it a filter, another formatter or a level that hides INFO."""
        return not self.filters and self.formatter is self._given and self.level <= logging.INFO

    def handle(self, record: logging.LogRecord) -> bool:
        """Write a record unless another handler has it."""
        if self._is_taken(record.name):
            return False
        if self.filters:
            return bool(super().handle(record))
        self.emit(record)  # without logging's lock: `write` takes it where it is needed
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record's text and push it out; a failure is reported as logging reports it."""
        try:
            self.write(self.format(record))
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - logging's own way: never into the caller
            self.handleError(record)

    def write(self, text: str) -> None:
        """Write a record's text in one piece, as other threads write there too.

        A buffer has a lock of its own. Without one (`python -u`), a pipe that is full takes long
        texts in pieces, and those of others in between.
        """
        stream = sys.stderr
        if self._is_record and type(stream) is not TextIOWrapper:
            stream = getattr(stream, "original", stream)
        if type(stream) is TextIOWrapper and stream.line_buffering:
            stream.write(f"{text}\n")  # which pushes it out
            return
        with self.lock:  # type: ignore[union-attr]  # logging's own makes one
            stream.write(f"{text}\n")
            stream.flush()

    def _is_taken(self, name: str) -> bool:
        root = logging.root
        found = root.manager.loggerDict.get(name)
        logger: logging.Logger | None = found if isinstance(found, logging.Logger) else root
        while logger is not None:
            for handler in logger.handlers:
                if handler is not self and _is_shown_by(handler):
                    return True
            logger = logger.parent if logger.propagate else None
        return False


_Logger = logging.Logger
_CALL_HANDLERS, _FILTER, _MAKE = _Logger.callHandlers, _Logger.filter, _Logger.makeRecord
_HANDLE, _EMIT = FallbackHandler.handle, FallbackHandler.emit


def _is_unchanged() -> bool:
    """Whether what a record goes through is logging's own and the fallback's."""
    return (
        _Logger.callHandlers is _CALL_HANDLERS
        and _Logger.filter is _FILTER
        and _Logger.makeRecord is _MAKE
        and FallbackHandler.handle is _HANDLE
        and FallbackHandler.emit is _EMIT
        and logging.getLogRecordFactory() is logging.LogRecord
    )


def sole_handler(logger: logging.Logger) -> FallbackHandler | None:
    """The fallback where it alone sees a logger's records, as logging has it; None elsewhere.

    Elsewhere somebody has a handler, a filter or a factory of their own on the way, or has put code
    into logging's or the fallback's methods, as agents do.

    Args:
        logger: one whose records are at INFO.
    """
    root, above = logging.root, logger
    try:
        (handler,) = root.handlers
    except ValueError:  # none, or several
        return None
    if type(handler) is not FallbackHandler or not handler.is_as_made() or not _is_unchanged():
        return None
    if logger.filters:  # those of the loggers above see none of its records
        return None
    while above is not root:
        if above.handlers or not above.propagate or above.parent is None:
            return None
        above = above.parent
    return handler


# These call basicConfig when the root logger has no handler.
_CONFIGURING = frozenset(
    function.__code__
    for function in (
        logging.critical,
        logging.debug,
        logging.error,
        logging.info,
        logging.log,
        logging.warning,
    )
)


class RootHandlers(list[logging.Handler]):
    """The root logger's handlers; counts as empty while it holds nothing but the fallback.

    `logging.basicConfig` does nothing, not even set the level, when the root logger has a handler,
    and much code configures logging only if it has none. Asked for its length, as they ask, this
    list answers for the user's handlers only. Only `logging.info` and its like, which would install
    a handler of their own, see the fallback.
    """

    def __len__(self) -> int:
        length = super().__len__()
        if length == 1 and isinstance(self[0], FallbackHandler):
            return int(sys._getframe(1).f_code in _CONFIGURING)  # noqa: SLF001 - CPython and PyPy
        return length


def install(handler: FallbackHandler, level: int) -> None:
    """Put the fallback on the root logger, and set its level unless the user configured it.

    Args:
        handler: the fallback; it replaces one installed before.
        level: the least severe level shown.
    """
    root = logging.root
    others = [other for other in root.handlers if not isinstance(other, FallbackHandler)]
    if not any(map(_is_shown_by, others)):
        root.setLevel(level)
    root.handlers = RootHandlers([*others, handler])
