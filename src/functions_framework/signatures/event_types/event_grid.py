"""Events of Azure Event Grid's own schema."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic

from .content import T
from .event_value import EventValue

if TYPE_CHECKING:
    from typing_extensions import Self

    from .event_value import Arrived


class EventGridEvent(EventValue, Generic[T], frozen=True, kw_only=True):
    """An event in the schema of Event Grid, or one of its CloudEvents.

    `EventGridEvent[Order]` says what its data is.

    Attributes:
        id: its id.
        topic: the resource it comes from, `source` of a CloudEvent.
        subject: what it happened to.
        event_type: what happened.
        event_time: when it happened.
        data_version: the version of the data's schema.
    """

    event_types: ClassVar[tuple[str, ...]] = ("*",)

    id: str = ""
    topic: str = ""
    subject: str = ""
    event_type: str = ""
    event_time: datetime | None = None
    data_version: str = ""
    raw: Any = None

    @classmethod
    def wire(cls) -> type[Any]:
        """Anything: what its data holds is its publisher's business."""
        return object

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:
        """Make the value, of the event's attributes."""
        from .event_value import EventContext

        event = EventContext.of(arrived.attributes)
        return cls(
            id=event.id,
            topic=event.source,
            subject=event.subject or "",
            event_type=event.type,
            event_time=event.time,
            data_version=str(arrived.attributes.get("dataversion") or ""),
            raw=checked,
        )

    @property
    def data(self) -> T:
        """What the publisher says of it."""
        return self.__dict__.get("data", self.raw)  # type: ignore[no-any-return]

    def contents(self) -> dict[str, tuple[str, Any]]:
        """`data`."""
        return {"data": ("data", self.raw)}
