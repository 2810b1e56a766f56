"""CloudEvents of one path to several functions, each by the event types that it asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from functions_framework.events.patterns import ALL, fits, overlap
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.function import described

from .cloud_event import received

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudevents.http import CloudEvent

    from functions_framework.model.function import Function
    from functions_framework.model.message import Message, Reply


class HandlerCodec(Protocol):
    """A codec of a function that takes some of the events."""

    def arguments(self, event: CloudEvent, payload: Any, message: Message) -> tuple[Any, ...]:
        """The function's arguments for an event; see `cloud_event.received`."""

    def encode(self, result: object) -> Reply:
        """The reply to what the function returned."""


class Handler(NamedTuple):
    """A function, and what makes its arguments and its replies."""

    function: Function
    codec: HandlerCodec


class Routed:
    """An event on its way to its function.

    Attributes:
        cloud_event: the event.
        handler: whose it is, None if nobody wants it.
        arguments: what the function is called with.
    """

    __slots__ = ("arguments", "cloud_event", "handler")

    def __init__(
        self, event: CloudEvent, handler: Handler | None, arguments: tuple[Any, ...]
    ) -> None:
        self.cloud_event = event
        self.handler = handler
        self.arguments = arguments


class EventRoutes:
    """Reads events and finds their functions.

    Args:
        handlers: the functions, whose option `types` says what they take.

    Attributes:
        methods: the HTTP methods that reach the functions.
        types: all that is taken.

    Raises:
        InvalidConfigurationException: two of them take the same events.
    """

    methods = frozenset({"POST"})

    def __init__(self, handlers: Sequence[Handler]) -> None:
        owners = [(one, item) for item in handlers for one in item.function.options["types"]]
        for number, (first, owner) in enumerate(owners):
            for second, other in owners[:number]:
                _refuse_overlap(first, owner.function, second, other.function)
        self.types = [pattern for pattern, _ in owners]
        self._exact = {pattern: owner for pattern, owner in owners if "*" not in pattern}
        self._below = [(one[:-1], owner) for one, owner in owners if one.endswith(".*")]
        self._rest = next((owner for pattern, owner in owners if pattern == ALL), None)

    def find(self, kind: str) -> Handler | None:
        """Whose events of a type are, None if nobody wants them."""
        found = self._exact.get(kind)
        if found is not None:
            return found
        for start, owner in self._below:
            if kind.startswith(start):
                return owner
        return self._rest

    def decode(self, message: Message) -> tuple[Routed]:
        """The event with its function.

        Raises:
            RequestRefused: the request isn't an event, or not what its function takes.
        """
        event, payload = received(message)
        handler = self.find(event["type"])
        arguments = () if handler is None else handler.codec.arguments(event, payload, message)
        return (Routed(event, handler, arguments),)

    def encode(self, result: Any) -> Reply:
        """The reply, which the function's own codec has made already."""
        return result  # type: ignore[no-any-return]


def _refuse_overlap(first: str, owner: Function, second: str, other: Function) -> None:
    # What takes the rest takes what nobody else does.
    if owner is other or (ALL in {first, second} and first != second):
        return
    if overlap(first, second):
        raise InvalidConfigurationException(
            f"The functions {described(other)} and {described(owner)} both take events of the type "
            f"{first if fits(first, second) else second!r}. Leave it to one of them, or serve "
            "them at paths of their own with path=."
        )
