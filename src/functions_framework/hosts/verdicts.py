"""What an event function decided about its event, in terms of its sender (see `senders`)."""

from __future__ import annotations

import inspect
import math
from functools import partial
from typing import TYPE_CHECKING, Any

from functions_framework.events.cloudevents import event_of
from functions_framework.exceptions import Drop, RequestTimeoutException, Retry
from functions_framework.model.execution import execution
from functions_framework.model.function import is_async_callable
from functions_framework.model.message import TEXT, Reply
from functions_framework.runtime.escaping import own_logger

from .senders import attempt_of, dropped_status

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.exceptions import Verdict
    from functions_framework.model.function import Function
    from functions_framework.runtime.threads import Start

_log = own_logger("functions_framework.events")

DUPLICATE = "duplicate"
"""The word of records and metrics for an event that was answered as before, without a call."""


class DroppedBefore(Drop):
    """A repeated event whose first was dropped: its sender is told the same, nobody else is."""

    outcome = DUPLICATE
    is_told = True


class NotCalled(Retry):
    """An event is wanted again without its function having been asked: no attempt of that."""


def reply_to(verdict: Verdict, header: Callable[[str], str | None]) -> Reply:
    """The response to an event that a function decided about; the decision is recorded.

    Args:
        verdict: what the function raised.
        header: a field of the request by its lower-case name, None where it is absent.
    """
    running = execution.get()
    if running is not None:
        running.verdict = verdict.outcome
        running.__dict__.pop("error", None)  # of a crash that was the last one allowed
    if verdict.is_recorded:
        _record(verdict)
    if isinstance(verdict, Retry):
        after = [] if verdict.after is None else [("retry-after", str(math.ceil(verdict.after)))]
        return Reply(503, [TEXT, *after], b"The event is wanted again.\n")
    return Reply(dropped_status(header), [TEXT], b"The event was dropped.\n")


def given_up(
    error: BaseException,
    function: Function,
    arguments: tuple[Any, ...],
    header: Callable[[str], str | None],
) -> Drop | None:
    """The verdict on an event that failed the last time it may; None for any other.

    Args:
        error: what the function raised.
        function: its option `max_attempts` says how often an event may be delivered.
        arguments: what it was called with.
        header: as for `reply_to`.
    """
    most = function.options.get("max_attempts")
    is_failure = isinstance(error, Exception) and not isinstance(
        error, (Drop, NotCalled, RequestTimeoutException)
    )
    if most is None or not is_failure:
        return None
    attempt = attempt_of(header, arguments)
    if attempt is None or attempt < most:
        return None
    reason = error.reason if isinstance(error, Retry) else type(error).__name__
    return Drop(f"attempt {attempt} of {most} failed{f': {reason}' if reason else ''}")


def _record(verdict: Verdict) -> None:
    fields: dict[str, Any] = {"verdict": verdict.outcome, "reason": verdict.reason}
    if isinstance(verdict, Retry) and verdict.after is not None:
        fields["after_seconds"] = verdict.after
    _log.warning(
        "%s %s%s",
        verdict.decided_by,
        "dropped the event" if isinstance(verdict, Drop) else "wants the event again",
        f": {verdict.reason}" if verdict.reason else ".",
        extra={"json_fields": fields},
    )


def hooks_of(verdict: Verdict, function: Function) -> tuple[Callable[..., Any], ...]:
    """What is told of a dropped event."""
    is_news = isinstance(verdict, Drop) and not verdict.is_told
    return tuple(function.options.get("on_dropped", ())) if is_news else ()


def event_in(arguments: tuple[Any, ...], function: Function) -> Any:
    """The event that a function was called with, as `on_dropped` gets it."""
    return event_of(arguments[0]) if function.signature == "cloudevent" else arguments


def tell(verdict: Verdict, function: Function, arguments: tuple[Any, ...]) -> None:
    """Call the hooks for dropped events, in this thread; what they raise is a crash of the call."""
    for hook in hooks_of(verdict, function):
        result = hook(event_in(arguments, function), verdict.reason)
        if inspect.isawaitable(result):
            from functions_framework.runtime.crossing import wait_for

            wait_for(partial(_awaited, result), is_kept=True)


async def _awaited(result: Any) -> Any:
    return await result


async def tell_async(
    verdict: Verdict, function: Function, arguments: tuple[Any, ...], start: Start
) -> None:
    """The same from an event loop.

    Args:
        verdict: what the function raised.
        function: the function.
        arguments: what it was called with.
        start: runs a plain hook in a thread.
    """
    from functions_framework.runtime.crossing import run_in_thread

    for hook in hooks_of(verdict, function):
        event = event_in(arguments, function)
        if is_async_callable(hook):
            await hook(event, verdict.reason)
        else:
            await run_in_thread(hook, event, verdict.reason, start=start)
