"""Event data as the type a function asks for: `def on_upload(event: CloudEvent, data: Upload)`.

What the data is, and how it was decoded, is the business of `events`; this checks the decoded data
against an annotation, as the `typed` signature does with a request's body.
"""

from __future__ import annotations

import typing
from enum import Enum
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model.function import Signature
from functions_framework.runtime.values import NamedTuple

from .annotations import MISSING, fail, parameters, resolve

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudevents.http import CloudEvent

    from functions_framework.model.message import Message, Reply

    from .codec import Codec
    from .types.checked_type import CheckedType

_NOTES = frozenset({Any, dict, list, str, bytes, object})


class Place(str, Enum):
    """Where a function takes its checked data."""

    ARGUMENT = "argument"
    """As an argument after the event: `(event, data)`."""

    EVENT = "event"
    """As the event's own data: `Annotated[CloudEvent, Type]`."""

    DATA = "data"
    """In place of the data: `(data, context)` of a background function."""


class EventData(NamedTuple):
    """The check that a function's annotations ask for.

    Attributes:
        place: where the checked data goes.
        checked: what checks it.
    """

    place: Place
    checked: CheckedType

    def convert(self, data: object) -> Any:
        """Check an event's decoded data.

        Args:
            data: what stands in the event: decoded JSON, text, bytes, or None.

        Raises:
            InvalidInput: it is not what the annotation asks for; lists every wrong field.
        """
        return self.checked.from_data(data)


class CheckedEvents:
    """A codec of events whose data is checked before the function gets it.

    Args:
        codec: reads the events.
        data: where their data goes, and what checks it.
    """

    def __init__(self, codec: Codec, data: EventData) -> None:
        self._codec = codec
        self._data = data
        self.methods = codec.methods

    def decode(self, message: Message) -> tuple[Any, ...]:
        """The function's arguments.

        Raises:
            RequestRefused: the request isn't an event, or its data is not what is asked for.
        """
        return self._checked(self._codec.decode(message))

    def arguments(
        self,
        event: CloudEvent,
        payload: Any,  # noqa: ARG002 - for those who read more than the event
        message: Message,  # noqa: ARG002
    ) -> tuple[Any, ...]:
        """The function's arguments for an event; raises as `decode`."""
        return self._checked((event,))

    def _checked(self, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        place, _ = data = self._data
        first = arguments[0]
        if place is Place.DATA:
            return (data.convert(first), *arguments[1:])
        checked = data.convert(first.data)
        if place is Place.ARGUMENT:
            return (first, checked)
        first.data = checked
        return arguments

    def encode(self, result: object) -> Reply:
        """The reply to what the function returned."""
        return self._codec.encode(result)


def event_data(function: Callable[..., Any], signature: Signature) -> EventData | None:
    """What the annotations of an event function ask for, None if they ask for nothing.

    CloudEvent functions: the type of a second parameter without a default; or the type that
    `Annotated[CloudEvent, Type]` names. Background functions: the type of the first parameter if
    its values are objects with fields (dataclass, attrs, Struct, pydantic); a `dict`, `Any` or
    TypedDict there has always been a note for readers, and stays one.

    Raises:
        FunctionsFrameworkException: the type cannot be resolved or checked.
    """
    found = parameters(function)
    if not found or found[0].kind is found[0].VAR_POSITIONAL:
        return None
    if signature is Signature.EVENT:
        return _background_data(function, found[0].name, found[0].annotation)
    if len(found) > 1 and found[1].default is MISSING and found[1].annotation is not MISSING:
        if found[1].kind is found[1].VAR_POSITIONAL:
            return None
        name = found[1].name
        annotation = _resolved(function, name, found[1].annotation)
        return EventData(Place.ARGUMENT, _checked(function, annotation, name))
    return _annotated_data(function, found[0].name, found[0].annotation)


def _resolved(function: Callable[..., Any], name: str, annotation: object) -> Any:
    try:
        return resolve(function, annotation)
    except (NameError, SyntaxError, TypeError) as error:
        fail(
            function,
            f"the type {annotation!r} of its parameter {name!r} cannot be resolved: {error}. "
            "Define or import it in the function's module, outside TYPE_CHECKING.",
            error,
        )


def _annotated_data(function: Callable[..., Any], name: str, written: object) -> EventData | None:
    # Without "Annotated" nothing is asked for, and a type that is there for readers only, such as
    # one imported under TYPE_CHECKING, need not resolve.
    if isinstance(written, str) and "Annotated" not in written:
        return None
    annotation = _resolved(function, name, written)
    if typing.get_origin(annotation) is not typing.Annotated:
        return None
    _, *metadata = typing.get_args(annotation)
    for item in metadata:
        if isinstance(item, type) or typing.get_origin(item) is not None:
            return EventData(Place.EVENT, _checked(function, item, name))
    return None


def _background_data(function: Callable[..., Any], name: str, written: object) -> EventData | None:
    if written is MISSING:
        return None
    try:
        annotation = resolve(function, written)
        if annotation in _NOTES:
            return None
        checked = _checked(function, annotation, name)
    except (NameError, SyntaxError, TypeError, FunctionsFrameworkException):
        return None  # a note for readers: it never had to be a type that can be checked
    return EventData(Place.DATA, checked) if checked.is_made_of_fields else None


def _checked(function: Callable[..., Any], annotation: object, name: str) -> CheckedType:
    from .typed import checked_type  # functions that ask for nothing load nothing

    return checked_type(function, annotation, name)
