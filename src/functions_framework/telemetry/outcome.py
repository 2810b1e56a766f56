"""What a tracer or a counter is told of a call: its request when it begins, its outcome at its end.

The same for both sides; nothing here knows who is told.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.hosts.errors import ClientLeftError
from functions_framework.model.function import Signature
from functions_framework.model.message import CLIENT_LEFT, tuple_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.hosts.layers import Head
    from functions_framework.model.execution import Execution
    from functions_framework.model.function import Function

_BY_REQUEST = frozenset({Signature.HTTP, Signature.TYPED, Signature.WEBSOCKET})
OK, REFUSED, ERROR, TIMEOUT, LEFT = "ok", "refused", "error", "timeout", "left"


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
        if error is None and running is not None:
            error = running.error
        return tuple_of(cls, (status, running, error))

    def calls(self, seconds: float) -> list[tuple[Outcome, float]]:
        """This and how long it took; of a batch, the same of each of its events instead."""
        running = self.running
        if running is None or running.calls is None:
            return [(self, seconds)]
        return [(Outcome.of(one.running, one.status), one.seconds) for one in running.calls]

    @property
    def function(self) -> Function | None:
        """The function whose path it was."""
        return self.running.function if self.running else None

    @property
    def arguments(self) -> tuple[Any, ...] | None:
        """What the function was called with, None if it was not called."""
        return None if self.running is None else self.running.arguments

    @property
    def kind(self) -> str | None:
        """See `kind_of`."""
        return kind_of(*self)

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


def kind_of(status: int, running: Execution | None, error: BaseException | None) -> str | None:
    """`ok`, `retry`, `dropped`, `refused`, `error`, `timeout` or `left`; None for no invocation.

    What the function answers itself is `ok` up to status 499. Refused is what the framework
    answers in its place; health checks, preflights and unknown paths aren't invocations.
    """
    if running is None or running.function is None:
        return None
    if status == 504 and running.deadline is not None:
        return TIMEOUT
    if running.verdict is not None and error is None:
        return running.verdict
    if status >= 500 or error is not None:
        return LEFT if has_left(status, error) else ERROR
    if running.arguments is not None or running.function.protocol:
        return OK
    return REFUSED if status >= 400 and status != 404 else None


def has_left(status: int, error: BaseException | None) -> bool:
    """Whether a call was cancelled as its client had left, or its application ended so."""
    if isinstance(error, ClientLeftError):
        return True
    # No exception of a function's: a cancellation is none, and importing its class is asyncio.
    return status == CLIENT_LEFT and error is not None and not isinstance(error, Exception)


def status_of_end(running: Execution | None, error: BaseException) -> int:
    """The status of a call that was ended from outside: its deadline, or the shutdown."""
    deadline = running.deadline if running else None
    is_late = isinstance(error, RequestTimeoutException) or (
        deadline is not None and time.monotonic() >= deadline
    )
    return 504 if is_late else 503


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


class Follower(Protocol):
    """Whoever follows calls.

    Attributes:
        has_context: whether what `begin` returns has `enter` and `leave`, which are called, in the
            call's own context, when its code runs from now on and when it does not until `enter`
            again.
    """

    has_context: bool

    def begin(self, request: Any, head_of: Callable[[Any], Head]) -> Any:
        """A request has arrived.

        Args:
            request: its environ or its scope.
            head_of: makes its head.

        Returns:
            What stands for the call.
        """

    def end(
        self, call: Any, status: int, running: Execution | None, error: BaseException | None
    ) -> None:
        """The last byte was given, or the client has gone.

        Args:
            call: what `begin` returned.
            status: see `Outcome`.
            running: see `Outcome`.
            error: see `Outcome`.
        """
