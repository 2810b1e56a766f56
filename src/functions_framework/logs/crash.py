"""The record of an exception that no user code caught: one record, the user's frames first."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

from functions_framework.exceptions import InvalidResultException
from functions_framework.model.execution import execution
from functions_framework.runtime.escaping import printable, printable_lines

LOGGER = "functions_framework"
# Code that stands between a request and the user's function.
_FRAMEWORK = frozenset({
    "anyio", "asyncio", "concurrent", "contextvars", "flask", "functions_framework", "granian",
    "starlette", "threading", "werkzeug",
})  # fmt: skip


def log_crash(error: BaseException, *, method: str, path: str) -> None:
    """Log an uncaught exception as one record, `Exception on PATH [METHOD]` and its traceback.

    Frames of the framework are folded where user code was called from them; causes, contexts and
    groups are kept. Nothing of the request but its method and path is logged. A thread that leaves
    its waiting because the task it works for was told to end has not crashed.

    Args:
        error: what was raised, `SystemExit` and `KeyboardInterrupt` included.
        method: the request's HTTP method.
        path: the request's path, percent-decoded.
    """
    if not isinstance(error, Exception):
        from functions_framework.runtime.cancelling import is_end_of_task

        if is_end_of_task(error):
            return
    running = execution.get()
    if running is not None:
        running.note(error)
    log_exception(f"Exception on {printable(path)} [{printable(method)}]", error)


def log_exception(message: str, error: BaseException) -> None:
    """Log an exception at ERROR as one record, with the traceback `log_crash` describes."""
    logger = logging.getLogger(LOGGER)
    if logger.getEffectiveLevel() > logging.ERROR:
        return
    if isinstance(error, InvalidResultException):
        # No frame of the user's is left: its text says all there is.
        message = f"{message}: {printable(str(error))}"
        where = error.file, error.line
        record = logger.makeRecord(
            LOGGER, logging.ERROR, *where, message, (), None, error.function or None
        )
        deliver(logger, record)
        return
    shown = folded(error)
    place = shown.stack[-1] if shown.stack else None
    record = logger.makeRecord(
        LOGGER,
        logging.ERROR,
        place.filename if place else "",
        (place.lineno or 0) if place else 0,
        message,
        (),
        (type(error), error, error.__traceback__),
        place.name if place else None,
    )
    # Formatters print this text instead of making their own from exc_info.
    record.exc_text = _text(shown)
    deliver(logger, record)


def traceback_text(error: BaseException) -> str:
    """The traceback of an exception as `log_crash` shows it, without a newline at its end."""
    if isinstance(error, InvalidResultException):
        return printable_lines(f"TypeError: {error}")
    return _text(folded(error))


def _text(shown: traceback.TracebackException) -> str:
    # The exception's own words may be a sender's.
    return printable_lines("".join(shown.format()).rstrip("\n"))


def folded(error: BaseException) -> traceback.TracebackException:
    """The traceback of an exception without the framework's frames, as `log_crash` describes it."""
    shown = traceback.TracebackException.from_exception(error, compact=True)
    _fold_chain(shown, error, set())
    return shown


def deliver(logger: logging.Logger, record: logging.LogRecord) -> None:
    """Pass a record through a logger's filters to its handlers.

    Not `Logger.handle`: a `dictConfig` of the user's own disables every logger that exists and is
    not named in it, unless told otherwise; crashes must still be seen.
    """
    kept = logger.filter(record)
    if kept:
        logger.callHandlers(kept if isinstance(kept, logging.LogRecord) else record)


def _fold_chain(shown: traceback.TracebackException, error: BaseException, seen: set[int]) -> None:
    if id(error) in seen:
        return
    seen.add(id(error))
    _fold(shown.stack, error)
    for shown_next, error_next in (
        (shown.__cause__, error.__cause__),
        (shown.__context__, error.__context__),
    ):
        if shown_next is not None and error_next is not None:
            _fold_chain(shown_next, error_next, seen)
    group = getattr(shown, "exceptions", None) or ()
    for shown_inner, error_inner in zip(group, getattr(error, "exceptions", ()), strict=False):
        _fold_chain(shown_inner, error_inner, seen)


def _fold(stack: traceback.StackSummary, error: BaseException) -> None:
    """Fold runs of framework frames from which user code was called.

    A run at the start goes without a trace; one between user frames leaves a line. Frames below the
    user's last one stay: the error was raised there.
    """
    packages = _packages(error)
    if len(packages) != len(stack):  # sys.tracebacklimit is set
        return
    users = [index for index, package in enumerate(packages) if package not in _FRAMEWORK]
    if not users:
        return
    kept: list[traceback.FrameSummary] = []
    previous = -1
    for index in users:
        if index > previous + 1 and kept:
            kept.append(_fold_line(packages[previous + 1 : index]))
        kept.append(stack[index])
        previous = index
    stack[:] = kept + stack[previous + 1 :]


def _packages(error: BaseException) -> list[str]:
    """The package of the code of each frame."""
    from functions_framework.runtime.interruption import module_of

    return [
        module_of(frame).partition(".")[0] for frame, _ in traceback.walk_tb(error.__traceback__)
    ]


def fold_traces(error: BaseException | None) -> None:
    """Take the framework's frames out of the tracebacks of an exception and what it is chained to.

    As in the record of a crash, for those who show the exception in their own way.
    """
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
        packages = _packages(one)
        users = [index for index, package in enumerate(packages) if package not in _FRAMEWORK]
        entries: list[TracebackType] = []
        trace = one.__traceback__
        while trace is not None:
            entries.append(trace)
            trace = trace.tb_next
        if not users:
            continue
        kept = [item for index, item in enumerate(entries) if index in users or index > users[-1]]
        rest: TracebackType | None = None
        for item in reversed(kept):
            rest = TracebackType(rest, item.tb_frame, item.tb_lasti, item.tb_lineno)
        one.__traceback__ = rest


def _fold_line(packages: list[str]) -> traceback.FrameSummary:
    names = ", ".join(sorted(set(packages)))
    # Shaped like a frame: what groups tracebacks must be able to read it.
    return traceback.FrameSummary(
        f"<{len(packages)} frames of {names}>", 0, "folded", lookup_line=False, line=""
    )
