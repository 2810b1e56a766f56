"""Ending code that runs in another thread, by an exception raised there where that is safe.

A thread cannot be ended from outside; only an exception can be raised in it. To the code that runs
there it comes out of nowhere, between two instructions that nobody thought could fail. Raised at a
wrong moment it does more harm than the late call it ends:

1.  `lock.acquire()`, then `try: ... finally: lock.release()`: between the two the lock is taken and
    nothing gives it back. `with lock:` is safe for locks written in C only: where `__enter__` is
    Python code, the same gap is inside it. A lock of `logging` or `threading` that is never given
    back hangs every later call for good.
2.  In a `finally`, an `__exit__` or a `release`, the rest of the cleaning up is left out.
3.  In an import, the module is taken back, and a retry may never succeed: many modules written in C
    cannot be loaded twice.
4.  In `logging`, a handler catches it, prints it, and the call goes on as if nothing had been.

So the rule is, for the frames from the innermost to the one that began the call:

*   **Nowhere** while one of them belongs to `logging` or to an import, is in a `finally` block, or
    runs a function that returns (`__exit__`, `release`, `__del__`).
*   **Nowhere** while one of them is a function of ours that leaves half a transaction behind.
*   **Nowhere** while one of them starts a thread: until the new one runs, the interpreter knows it
    by the identifier of the old one, and the new one would get the exception.
*   **Nowhere** while one of them runs a function that takes (`__enter__`, `acquire`), unless the
    innermost one only waits.
*   **Not in the innermost one** if it belongs to code that others' locks and contexts pass through
    (`threading`, `queue`, `concurrent.futures`, `contextlib`, this framework, Flask and the like),
    unless it waits at a place that was made for being interrupted: within the `try` of
    `Condition.wait`, which puts everything back, and in `crossing`, which ends what it waits for.
*   **Not in the innermost one** on a line that may have taken something which no `finally` gives
    back yet: the head of a `with`, the line before a `try` with a `finally`, a call of `acquire`.
*   Everywhere else it may be raised: there, code has to cope with exceptions anyway.

How the exception gets there:

*   Python 3.12 and newer: the thread is made to ask by itself at the start of each line that it
    runs (`checkpoints`); where the rule says yes, it raises the exception like any other.
*   Before, `PyThreadState_SetAsyncExc`. That takes effect where the thread stands: at the
    instruction at which it gave up the interpreter's lock, or after the call of C code that it is
    in. Where that is, is looked at while we hold the lock ourselves, once more right before, and
    again a moment later as long as the rule says no. A thread that logs without end gives the lock
    up inside of `logging` only and would never be seen anywhere else: it asks by itself when it is
    about to make a record, before any lock is taken. One that fights for a lock without end may
    never be seen where it may be ended, and counts as one that cannot be.

What this cannot end: C code that does not return, imports and `finally` blocks that never end, code
that catches the exception and goes on. Whoever calls must know what to do then; it is raised once.
"""

from __future__ import annotations

import logging
import sys
import threading
from typing import TYPE_CHECKING

from .checkpoints import ask_no_more, ask_soon, made_for_it, run_to_their_end
from .thread_exceptions import raise_in, take_back

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType, FrameType

    from .careful_lines import CarefulLines

_NOWHERE = frozenset({
    "_frozen_importlib", "_frozen_importlib_external", "importlib", "logging", "loguru",
})  # fmt: skip
_PASSED_THROUGH = frozenset({
    "_weakrefset", "asyncio", "concurrent", "contextlib", "ddtrace", "flask", "functions_framework",
    "multiprocessing", "newrelic", "opentelemetry", "prometheus_client", "queue", "sentry_sdk",
    "starlette", "tempfile", "threading", "weakref", "werkzeug", "wrapt",
})  # fmt: skip
_TAKING = frozenset({"__aenter__", "__enter__", "acquire"})
_GIVING_BACK = frozenset({"__aexit__", "__del__", "__exit__", "release"})
_WAKES_ALL = frozenset({"wait", "result", "exception"})

lock = threading.Lock()
"""Held by whoever takes a guard and by whoever finds it taken: see `Interruption`."""


class Interruption:
    """The end of what runs in one thread: raised at most once, and never in what runs there next.

    Whoever takes the one item of `guard` decides: the code itself when it is over (`release`), or
    this when it raises.

    Args:
        thread: the thread's identifier.
        guard: a list of one item, made for this run.
        first: the code of the outermost frame that belongs to it.
        kind: what is raised.
    """

    def __init__(
        self, thread: int, guard: list[None], first: CodeType, kind: type[BaseException]
    ) -> None:
        self.thread = thread
        self.guard = guard
        self.kind = kind
        self._first = first

    def attempt(self) -> bool:
        """Raise it if it may be now, or soon; tell whether there is nothing left to do here."""
        frames = self.frames()
        # To ask the rule reads sources the first time, which lets the thread go on meanwhile.
        is_needed = frames and self.guard and not ask_soon(self.thread, frames, self)
        if is_needed and may_be_raised(frames):
            with lock:
                self._raise()
        if self.guard:
            return False
        self.close()
        return True

    def close(self) -> None:
        """Try no more: it was raised, or what ran is over."""
        ask_no_more(self.thread)

    def ask(self, frame: FrameType) -> None:
        """Raise it if it may be, in the thread itself, which is in `frame`."""
        frames = frames_until(frame, self._first)
        while frames and frames[0].f_code in _BEFORE_RECORDS:
            del frames[0]
        if may_be_raised(frames) and self.take():
            raise self.kind

    def counts(self, frame: FrameType) -> bool:
        """Whether it may be raised at a line of a frame at all."""
        package = _package(frame)
        if frame.f_code in made_for_it:
            return True
        return package not in _PASSED_THROUGH and package not in _NOWHERE

    def _raise(self) -> None:
        frames = self.frames()
        if not may_be_raised(frames):
            return
        place = frames[0].f_lasti
        now = sys._current_frames().get(self.thread)  # noqa: SLF001 - documented, for debuggers
        if now is frames[0] and now.f_lasti == place and self.take():
            raise_in(self.thread, self.kind)

    def take(self) -> bool:
        """Be the one who decides; False if another was first."""
        try:
            self.guard.pop()
        except IndexError:
            return False
        return True

    def frames(self) -> list[FrameType]:
        """The frames of the run, innermost first; none when it is over."""
        return frames_until(sys._current_frames().get(self.thread), self._first)  # noqa: SLF001


def release(guard: list[None]) -> None:
    """What ran is over: no exception comes afterwards. Called in the thread itself."""
    try:
        guard.pop()
    except IndexError:
        with lock:
            take_back()


def module_of(frame: FrameType) -> str:
    """The name of the module of a frame's code, empty without one; runs nothing of the user's."""
    name = dict.get(frame.f_globals, "__name__")  # its globals may be of a kind of its own
    return name if type(name) is str else ""


def frames_until(innermost: FrameType | None, first: CodeType) -> list[FrameType]:
    """The frames from the innermost to the outermost one of that code; none without one."""
    found = []
    frame = innermost
    while frame is not None:
        found.append(frame)
        if frame.f_code is first:
            return found
        frame = frame.f_back
    return []


def may_be_raised(frames: Sequence[FrameType]) -> bool:
    """The rule; see the module. `frames` are innermost first."""
    if not frames:
        return False
    is_waiting = _waits(frames)
    if any(_forbids(frame, is_waiting=is_waiting) for frame in frames):
        return False
    innermost = frames[0]
    return is_waiting or (
        _package(innermost) not in _PASSED_THROUGH
        and innermost.f_lineno not in _lines_of(innermost.f_code).taking
    )


def _forbids(frame: FrameType, *, is_waiting: bool) -> bool:
    """Whether a frame forbids it, wherever in the call it is."""
    package, name = _package(frame), frame.f_code.co_name
    return (
        package in _NOWHERE
        or frame.f_code in run_to_their_end
        or name in _GIVING_BACK
        or (name in _TAKING and not is_waiting)
        or (package == "threading" and name == "start")
        or frame.f_lineno in _lines_of(frame.f_code).cleaning
    )


def _waits(frames: Sequence[FrameType]) -> bool:
    """Whether the innermost frame waits, at a place that was made for being interrupted."""
    innermost = frames[0]
    code, line = innermost.f_code, innermost.f_lineno
    if code in made_for_it:
        return True
    if code is threading.Condition.wait.__code__:
        # One that nothing limits ends when it is notified; where one waiter only is, that would
        # be lost with it.
        is_limited = innermost.f_locals.get("timeout") is not None
        is_known = is_limited or (len(frames) > 1 and frames[1].f_code.co_name in _WAKES_ALL)
        return is_known and line in _lines_of(code).guarded
    if (module_of(innermost), code.co_name) == _CROSSING:
        return line in _lines_of(code).guarded
    if code in _JOINS:
        return sys.version_info >= (3, 13) or line in _lines_of(code).guarded
    return _package(innermost) not in _PASSED_THROUGH and line in _lines_of(code).waiting


# Where a thread waits for async code of its call, which it cancels when it is interrupted.
_CROSSING = ("functions_framework.runtime.crossing", "serve")

_JOINS = {
    method.__code__
    for name in ("join" if sys.version_info >= (3, 13) else "_wait_for_tstate_lock",)
    if (method := getattr(threading.Thread, name, None)) is not None
}


# What of `logging` runs before a record is made: nothing of it takes a lock.
_BEFORE_RECORDS = {
    function.__code__
    for name in ("critical", "debug", "error", "exception", "fatal", "info", "log", "warning")
    for function in (getattr(logging, name), getattr(logging.Logger, name))
} | {logging.Logger._log.__code__, logging.Logger.makeRecord.__code__}  # noqa: SLF001


def _lines_of(code: CodeType) -> CarefulLines:
    # What parses sources takes 10 ms to import: most servers never end a call.
    from .careful_lines import lines_of

    return lines_of(code)


def _package(frame: FrameType) -> str:
    return module_of(frame).partition(".")[0]
