"""Has another thread ask a question by itself, at points of the code that it runs.

From Python 3.12 on at each line and call of the functions it is in (`sys.monitoring`); before,
whenever it is about to make a log record. Nothing is in any thread's way while no question is open.
"""

from __future__ import annotations

import logging
import sys
import threading
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType

_TOOLS = (4, 3, 5, 2)
"""Tool ids that debuggers and coverage do not use by convention, the likeliest to be free first."""


class Question(Protocol):
    """What is asked in a thread."""

    def ask(self, frame: FrameType) -> None:
        """Called with the frame the thread is in; what it raises is raised there."""

    def counts(self, frame: FrameType) -> bool:
        """Whether it is to be asked at the lines of a frame."""


questions: dict[int, Question] = {}
"""The open ones, by the identifier of the thread."""

_lock = threading.Lock()

made_for_it: set[CodeType] = set()
"""Functions of ours that wait, and may be left by an exception wherever they are."""

run_to_their_end: set[CodeType] = set()
"""Functions of ours that are never left by one, nor what they call."""


def ask_soon(thread: int, frames: Iterable[FrameType], question: Question) -> bool:
    """Have a question asked in a thread, again and again until `ask_no_more`.

    Args:
        thread: the thread's identifier.
        frames: those in progress in it.
        question: what is asked.

    Returns:
        Whether it is asked at each line, so that nothing else is needed.
    """
    with _lock:
        questions[thread] = question
        if sys.version_info >= (3, 12):
            return _watch_lines({frame.f_code for frame in frames if question.counts(frame)})
        _watch_records()
        return False


def ask_no_more(thread: int) -> None:
    """Drop the question of a thread; with the last one everything is as it was."""
    with _lock:
        if questions.pop(thread, None) is not None and not questions:
            _watch_nothing()


def ask_here(depth: int = 2) -> None:
    """Ask this thread its question, if there is one.

    For code that others' pass through on their way to something that waits: from outside, they
    might never be seen anywhere else.

    Args:
        depth: how far out the frame is that counts, 2 for the caller's caller.
    """
    question = questions.get(threading.get_ident())
    if question is not None:
        question.ask(sys._getframe(depth))  # noqa: SLF001 - CPython has it


if sys.version_info >= (3, 12):
    _watched: set[CodeType] = set()
    _tool: int | None = None

    def _watch_lines(codes: set[CodeType]) -> bool:
        global _tool  # noqa: PLW0603 - a process has one
        monitoring = sys.monitoring
        events = monitoring.events
        if _tool is None:
            free = [number for number in _TOOLS if monitoring.get_tool(number) is None]
            if not free:
                return False
            _tool = free[0]
            monitoring.use_tool_id(_tool, "functions-framework")
            # A loop on a line of its own never comes to another: it calls, and jumps.
            monitoring.register_callback(_tool, events.LINE, _on_line)
            monitoring.register_callback(_tool, events.CALL, _on_call)
            monitoring.register_callback(_tool, events.JUMP, _on_jump)
        for code in codes - _watched:
            monitoring.set_local_events(_tool, code, events.LINE | events.CALL | events.JUMP)
        _watched.update(codes)
        return True

    def _watch_nothing() -> None:
        global _tool  # noqa: PLW0603 - a process has one
        if _tool is not None:
            for code in _watched:
                sys.monitoring.set_local_events(_tool, code, 0)
            _watched.clear()
            sys.monitoring.free_tool_id(_tool)
            _tool = None

    @cache
    def _nop() -> int:
        from opcode import opmap  # only where a call is late

        return opmap["NOP"]

    def _on_line(code: CodeType, _line: int) -> None:
        # What cannot fail is in no `try`: there, as at `return None`, its `finally` is left out.
        if code.co_code[sys._getframe(1).f_lasti] != _nop():  # noqa: SLF001 - CPython has it
            ask_here(2)

    def _on_call(*_event: object) -> None:
        ask_here(2)

    def _on_jump(code: CodeType, *_event: object) -> None:
        # Where a jump raises, CPython finds none of the function's own `finally` and `except`.
        if not code.co_exceptiontable:
            ask_here(2)

else:
    _make_record: Any = None

    def _watch_records() -> None:
        global _make_record  # noqa: PLW0603 - a process has one
        if logging.getLogRecordFactory() is not _record:
            _make_record = logging.getLogRecordFactory()
            logging.setLogRecordFactory(_record)

    def _watch_nothing() -> None:
        if logging.getLogRecordFactory() is _record:
            logging.setLogRecordFactory(_make_record)

    def _record(*arguments: Any, **keywords: Any) -> Any:
        ask_here(2)
        return _make_record(*arguments, **keywords)
