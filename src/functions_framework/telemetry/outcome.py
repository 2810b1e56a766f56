"""What a tracer or a counter is told of a call: its request when it begins, its outcome at its end.

The same for both sides; nothing here knows who is told.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.model.function import Signature

if TYPE_CHECKING:
    from functions_framework.hosts.layers import Head
    from functions_framework.model.execution import Execution
    from functions_framework.model.function import Function

_BY_REQUEST = frozenset({Signature.HTTP, Signature.TYPED, Signature.WEBSOCKET})
OK, REFUSED, ERROR, TIMEOUT = "ok", "refused", "error", "timeout"


class Outcome(NamedTuple):
    """The outcome of a call.

    Attributes:
        status: HTTP status of the response.
        running: the call, None when the request reached no function's path.
        error: the exception that ended it, None when it ended well.
    """

    status: int
    running: Execution | None
    error: BaseException | None

    @classmethod
    def of(
        cls, running: Execution | None, status: int, error: BaseException | None = None
    ) -> Outcome:
        """Add to a response's status what the call itself has noted."""
        return cls(status, running, error or getattr(running, "error", None))

    @classmethod
    def of_end(cls, running: Execution | None, error: BaseException) -> Outcome:
        """The outcome of a call that was ended from outside: its deadline, or the shutdown."""
        deadline = running.deadline if running else None
        is_late = isinstance(error, RequestTimeoutException) or (
            deadline is not None and time.monotonic() >= deadline
        )
        return cls(504 if is_late else 503, running, error)

    def calls(self, seconds: float) -> list[tuple[Outcome, float]]:
        """This and how long it took; of a batch, the same of each of its events instead."""
        ended = getattr(self.running, "calls", None)
        if ended is None:
            return [(self, seconds)]
        return [(Outcome.of(one.running, one.status), one.seconds) for one in ended]

    @property
    def function(self) -> Function | None:
        """The function whose path it was."""
        return self.running.function if self.running else None

    @property
    def arguments(self) -> tuple[Any, ...] | None:
        """What the function was called with, None if it was not called."""
        return getattr(self.running, "arguments", None)

    @property
    def kind(self) -> str | None:
        """`ok`, `retry`, `dropped`, `refused`, `error` or `timeout`; None for no invocation.

        What the function answers itself is `ok` up to status 499. Refused is what the framework
        answers in its place; health checks, preflights and unknown paths aren't invocations.
        """
        function = self.function
        if function is None:
            return None
        if self.status == 504 and self.running and self.running.deadline is not None:
            return TIMEOUT
        verdict: str | None = getattr(self.running, "verdict", None)
        if verdict is not None and self.error is None:
            return verdict
        if self.status >= 500 or self.error is not None:
            return ERROR
        if self.arguments is not None or function.protocol:
            return OK
        return REFUSED if self.status >= 400 and self.status != 404 else None

    @property
    def trigger(self) -> str:
        """What set the function off, in terms of `faas.trigger` (semantic conventions)."""
        function = self.function
        if function is None or function.signature in _BY_REQUEST:
            return "http"
        kind = event_type(self)
        if "pubsub" in kind:
            return "pubsub"
        is_data = any(word in kind for word in ("storage", "firestore", "database", "datastore"))
        return "datasource" if is_data else "other"


def event_attributes(outcome: Outcome) -> dict[str, str]:
    """The context attributes of the event a function was called with, by CloudEvents name.

    Of a background event they are its id, its type and its resource, as `source`.
    """
    for argument in outcome.arguments or ():
        if hasattr(argument, "get_attributes"):
            return {name: str(value) for name, value in argument.get_attributes().items()}
        if hasattr(argument, "event_type"):
            found = {"id": argument.event_id, "type": argument.event_type}
            found["source"] = argument.resource
            return {name: str(value) for name, value in found.items() if value}
    return {}


def event_type(outcome: Outcome) -> str:
    """The type of the event a function was called with, empty when there is none."""
    return event_attributes(outcome).get("type", "")


class Call(Protocol):
    """One call, as who follows it sees it; its methods are called in the call's own context."""

    def enter(self) -> None:
        """The call's code runs from now on."""

    def leave(self) -> None:
        """It does not, until `enter` again: the server is sending what it gave."""

    def end(self, outcome: Outcome) -> None:
        """The last byte was given, or the client has gone."""


class Follower(Protocol):
    """Whoever follows calls."""

    def begin(self, request: Head) -> Call:
        """A request has arrived."""
