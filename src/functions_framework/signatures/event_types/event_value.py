"""What all decoded events have in common: how they are read from an event, and its attributes."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from functions_framework.events.patterns import fits

from ..problems import InvalidInput
from ..types.json_body import read_json
from ..types.msgspec_type import MsgspecType
from .refusals import InvalidEventData, article, unfit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudevents.abstract import CloudEvent
    from typing_extensions import Self

    from functions_framework.model.message import Message


class EventContext(msgspec.Struct, frozen=True):
    """The attributes of an event (CloudEvents core, section 3.1).

    Attributes:
        id: its id; together with the source it names the event.
        source: where it comes from.
        type: what happened.
        time: when it happened, None where the text sent isn't a time.
        subject: what it happened to, None where it says nothing of that.
        attributes: all attributes, extensions too.
    """

    id: str
    source: str
    type: str
    time: datetime | None = None
    subject: str | None = None
    attributes: dict[str, Any] = {}

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> EventContext:
        """Read the attributes of a checked event."""
        try:
            time = msgspec.convert(attributes.get("time"), datetime | None)
        except msgspec.ValidationError:
            time = None
        subject = attributes.get("subject")
        return cls(
            attributes["id"],
            attributes["source"],
            attributes["type"],
            time,
            subject if isinstance(subject, str) else None,
            dict(attributes),
        )


class Arrived(NamedTuple):
    """An event, and what else is known of how it came.

    Attributes:
        event: the event.
        payload: the decoded body where the event was made of one that was none, else None.
        message: the request, None outside of one.
    """

    event: CloudEvent
    payload: Any = None
    message: Message | None = None

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The attributes of the event."""
        return self.event.get_attributes()

    @property
    def data(self) -> Any:
        """The data of the event: decoded JSON, text, bytes or None."""
        return self.event.get_data()


class EventValue(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", dict=True, repr_omit_defaults=True
):
    """A decoded event.

    Attributes:
        event_types: the event types it is made of, each exact or with `*` as its last part.
        protobuf: where data of the type `application/protobuf` is described, `module:class`.
        is_sent_as_protobuf: whether its service sends that and no JSON.
    """

    event_types: ClassVar[tuple[str, ...]] = ()
    protobuf: ClassVar[str] = ""
    is_sent_as_protobuf: ClassVar[bool] = False

    @functools.cached_property
    def event(self) -> EventContext:
        """The attributes of the event it came with.

        Raises:
            AttributeError: it came with none, as a test has made it.
        """
        return EventContext.of(self.cloud_event.get_attributes())

    @property
    def cloud_event(self) -> CloudEvent:
        """The event it came with, as functions get it that name no type; as `event`."""
        try:
            return self.__dict__["_cloud_event"]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(
                f"This {type(self).__name__} was made without an event; from_event makes one "
                "of an event."
            ) from None

    def belonging_to(self, outer: EventValue) -> Self:
        """This value with the event of another that it was in."""
        self.__dict__["_cloud_event"] = outer.cloud_event
        return self

    @classmethod
    def wire(cls) -> type[Any]:
        """The class that the event's data is checked against."""
        return cls

    @classmethod
    def members(cls, arrived: Arrived) -> Any:
        """What is checked: the event's data."""
        return arrived.data

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:  # noqa: ARG003 - others need it
        """Make the value.

        Args:
            checked: an instance of `wire()`.
            arrived: the event.

        Raises:
            InvalidEventData: the event's attributes do not fit.
        """
        return checked  # type: ignore[no-any-return]

    def contents(self) -> dict[str, tuple[str, Any]]:
        """The properties that a type in brackets is about, each with its place and raw content."""
        return {}

    @classmethod
    def from_event(cls, event: CloudEvent) -> Self:
        """Make a value of an event, as functions get it.

        Raises:
            InvalidEventData: the event is of another type, or its data does not fit.
        """
        return cls.read(Arrived(event))

    @classmethod
    def read(cls, arrived: Arrived) -> Self:
        """As `from_event`, of an event that just arrived."""
        attributes = arrived.attributes
        if not any(fits(attributes["type"], one) for one in cls.event_types):
            raise InvalidEventData(
                f"The event is not {article(cls)}: its type isn't one of "
                f"{', '.join(cls.event_types)}."
            )
        members = cls.members(arrived)
        if cls.protobuf and isinstance(members, bytes):
            from .protobuf import json_of

            members = json_of(members, attributes, cls, cls.protobuf)
        value = cls.of(_checked(cls, members), arrived)
        value.__dict__["_cloud_event"] = arrived.event
        return value


class LenientType(MsgspecType):
    """A type of data as proto3's JSON mapping has it: numbers may be text, null means absent."""

    def from_json(self, body: bytes) -> Any:
        """Read a JSON body; raises as `MsgspecType.from_json`."""
        return self.from_data(read_json(body))

    def from_data(self, data: object) -> Any:
        """Check data decoded from JSON.

        Raises:
            InvalidInput: it is not what the type takes.
        """
        try:
            return self.convert(data, is_query=True)
        except InvalidInput:
            return self.convert(_without_nulls(data), is_query=True)


@functools.cache
def checker_of(cls: type[EventValue]) -> LenientType:
    """What checks the data of a type."""
    return LenientType(cls.wire())


def _checked(cls: type[EventValue], data: object) -> Any:
    try:
        return checker_of(cls).from_data(data)
    except InvalidInput as error:
        raise unfit(cls, error.faults) from None
    except RecursionError:
        raise InvalidEventData(
            f"The event is not {article(cls)}: its data is nested too deeply."
        ) from None


def _without_nulls(data: object) -> Any:
    if isinstance(data, dict):
        return {name: _without_nulls(item) for name, item in data.items() if item is not None}
    return [_without_nulls(item) for item in data] if isinstance(data, list) else data
