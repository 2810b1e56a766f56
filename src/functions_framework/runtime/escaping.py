"""Values from outside made fit for a line of a log or a terminal; where they go is not known here.

What is escaped is what `repr` escapes: control characters, line ends of every kind, marks that turn
the direction of text, halves of surrogate pairs.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging

_LONGEST = 2048


class Lines(str):
    """Text of the framework's own that a record takes as it is, line ends included."""

    __slots__ = ()


def printable(text: str) -> str:
    """Text on one line, with nothing in it that is not seen, and not without end."""
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    return text if text.isprintable() else "".join(map(_seen, text))


def printable_lines(text: str) -> str:
    """The same for text that has lines: line feeds and tabs stay, and so does the end."""
    if text.isprintable():
        return text
    return "".join(mark if mark in "\n\t" else _seen(mark) for mark in text)


def _seen(mark: str) -> str:
    return mark if mark.isprintable() else ascii(mark)[1:-1]


def own_logger(name: str) -> logging.Logger:
    """A logger of the framework's own: what its records are given as arguments is escaped.

    Args:
        name: the logger's name.
    """
    import logging

    logger = logging.getLogger(name)
    logger.addFilter(_escape_arguments)
    return logger


def escape_crashes_of(name: str) -> None:
    """Escape what Flask's records of crashes say of the request.

    Args:
        name: that of a Flask application, which is its logger's.
    """
    import logging

    logging.getLogger(name).addFilter(_escape_crash)


def _escape_crash(record: logging.LogRecord) -> bool:
    if record.funcName == "log_exception":
        record.msg, record.args = printable(record.getMessage()), ()
    return True


def _escape_arguments(record: logging.LogRecord) -> bool:
    """A filter of `logging`, so that handlers of the user's own get the escaped values too."""
    if isinstance(record.args, tuple):
        record.args = tuple(map(_escaped, record.args))
    return True


def _escaped(value: object) -> object:
    return value if isinstance(value, int | float | Lines) else printable(str(value))
