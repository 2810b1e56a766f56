"""Events as the values that a function's annotations name; see `event_parameters`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.events.binding import Parts
from functions_framework.events.conversion import (
    has_background_form,
    to_background_event,
    without_mapping,
)
from functions_framework.events.patterns import fits
from functions_framework.model.function import Signature

from .cloud_event import received
from .event_types.event_value import Arrived, LenientType
from .event_types.kinds import wanted_by
from .event_types.refusals import InvalidEventData, unfit
from .problems import Fault, InvalidInput, MalformedInput
from .typed import checked_type

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent

    from functions_framework.model.function import Function
    from functions_framework.model.message import Message, Reply

    from .codec import Codec
    from .event_parameters import EventParameter
    from .event_types.event_value import EventValue
    from .event_types.kinds import Wanted
    from .types.checked_type import CheckedType


class _Reader(NamedTuple):
    """A type of values, and what checks what stands in its brackets."""

    cls: type[EventValue]
    content: CheckedType | None
    is_nested: bool = False

    @classmethod
    def of(cls, wanted: Wanted, function: Function, name: str) -> _Reader:
        """Make the reader of a parameter's type."""
        content = wanted.content
        if content is None:
            return cls(wanted.cls, None)
        inner = wanted_by(content)
        if (
            len(inner) == 1 and inner[0].cls.wire() is inner[0].cls
        ):  # such as what a log sink or a bucket publishes to a topic
            return cls(wanted.cls, LenientType(content), is_nested=True)
        return cls(wanted.cls, checked_type(function.call, content, name))

    def read(self, arrived: Arrived) -> EventValue:
        value = self.cls.read(arrived)
        if self.content is not None:
            for name, (place, raw) in value.contents().items():
                found = self._checked(self.content, place, raw)
                value.__dict__[name] = found.belonging_to(value) if self.is_nested else found
        return value

    def _checked(self, content: CheckedType, place: str, raw: Any) -> Any:
        try:
            return content.from_json(raw) if isinstance(raw, bytes) else content.from_data(raw)
        except InvalidInput as error:
            raise unfit(self.cls, error.faults, place) from None
        except MalformedInput as error:
            detail = str(error).replace("The body", "It", 1)
            raise unfit(self.cls, [Fault((), detail)], place) from None


class DecodedEvents:
    """A codec whose function gets its events as values.

    Args:
        codec: writes the replies.
        function: what is called.
        parameter: which parameter is the value.

    Attributes:
        methods: the HTTP methods that reach the function.

    Raises:
        FunctionsFrameworkException: a type in brackets cannot be checked.
    """

    def __init__(self, codec: Codec, function: Function, parameter: EventParameter) -> None:
        self._codec = codec
        self._parameter = parameter
        self._is_background = function.signature is Signature.EVENT
        self._readers = [
            _Reader.of(wanted, function, parameter.name) for wanted in parameter.wanted
        ]
        self.methods = codec.methods

    def decode(self, message: Message) -> tuple[Any, ...]:
        """The function's arguments.

        Raises:
            RequestRefused: the request isn't an event, or not what the annotation names.
        """
        return self.arguments(*received(message), message)

    def arguments(self, event: CloudEvent, payload: Any, message: Message) -> tuple[Any, ...]:
        """The function's arguments for an event; see `cloud_event.received`.

        Raises:
            InvalidEventData: it is not what the annotation names.
        """
        attributes: Any = event.get_attributes()
        value = self._reader_of(attributes["type"]).read(Arrived(event, payload, message))
        if not self._parameter.has_event:
            return (value,)
        if self._is_background:
            parts = Parts(attributes, event.data)
            convert = to_background_event if has_background_form(attributes) else without_mapping
            return value, convert(parts).context()
        return (value, event) if self._parameter.is_first else (event, value)

    def _reader_of(self, kind: str) -> _Reader:
        for reader in self._readers:
            if any(fits(kind, one) for one in reader.cls.event_types):
                return reader
        if len(self._readers) == 1:
            return self._readers[0]  # says what it takes
        raise InvalidEventData(
            "The event isn't one of "
            f"{', '.join(reader.cls.__name__ for reader in self._readers)}: its type is another."
        )

    def encode(self, result: object) -> Reply:
        """The reply to what the function returned."""
        return self._codec.encode(result)
