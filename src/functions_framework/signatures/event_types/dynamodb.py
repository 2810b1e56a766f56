"""Changes of the items of a DynamoDB table, with their attributes as plain values."""

from __future__ import annotations

import functools
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, ClassVar, Generic

import msgspec

from .content import T
from .event_value import EventValue
from .refusals import InvalidEventData

if TYPE_CHECKING:
    from typing_extensions import Self

    from .event_value import Arrived


_MOST_DIGITS = 127
"""Before the point, a little more than DynamoDB has ("Supported data types": up to 1e126)."""


class DynamoDBValue(msgspec.Struct, forbid_unknown_fields=True, rename="upper"):
    """One of these is set (DynamoDB API reference, `AttributeValue`)."""

    s: str | None = None
    n: str | None = None
    b: bytes | None = None
    ss: list[str] | None = None
    ns: list[str] | None = None
    bs: list[bytes] | None = None
    m: dict[str, DynamoDBValue] | None = None
    items: list[DynamoDBValue] | None = msgspec.field(name="L", default=None)
    boolean: bool | None = msgspec.field(name="BOOL", default=None)
    null: Any = None


class DynamoDBStreamRecord(msgspec.Struct, rename="pascal"):
    """What was changed (DynamoDB streams API reference, `StreamRecord`)."""

    keys: dict[str, DynamoDBValue]
    new_image: dict[str, DynamoDBValue] | None = None
    old_image: dict[str, DynamoDBValue] | None = None
    approximate_creation_date_time: float = 0
    sequence_number: str = ""
    size_bytes: int = 0
    stream_view_type: str = ""


class DynamoDBRecord(msgspec.Struct, rename="camel"):
    """A record of a stream (DynamoDB streams API reference, `Record`)."""

    dynamodb: DynamoDBStreamRecord
    event_id: str = msgspec.field(name="eventID", default="")
    event_source_arn: str = msgspec.field(name="eventSourceARN", default="")
    event_name: str = ""
    event_version: str = ""
    event_source: str = ""
    aws_region: str = ""
    user_identity: dict[str, Any] | None = None


class DynamoDBChange(EventValue, Generic[T], frozen=True, kw_only=True):
    """A change of an item of a table.

    `DynamoDBChange[User]` says what the items hold: `before` and `after` are `User` or None.

    Numbers are `int` or `float`, `Decimal` where a float would lose digits; sets are `set`.

    Attributes:
        table: the name of the table.
        keys: the item's key.
        new_image: the item now, None where it was deleted or the stream doesn't say.
        old_image: the item before, None where it was created or the stream doesn't say.
        sequence_number: its place in its shard.
        is_expired: whether its time to live was over, so that DynamoDB deleted it.
    """

    event_types: ClassVar[tuple[str, ...]] = ("com.amazonaws.dynamodb.*",)

    table: str = ""
    keys: dict[str, Any] = {}
    new_image: dict[str, Any] | None = None
    old_image: dict[str, Any] | None = None
    sequence_number: str = ""
    is_expired: bool = False

    @classmethod
    def wire(cls) -> type[Any]:
        """The record."""
        return DynamoDBRecord

    @classmethod
    def of(cls, checked: Any, arrived: Arrived) -> Self:
        """Make the value.

        Raises:
            InvalidEventData: a number in it isn't one.
        """
        change = checked.dynamodb
        source = checked.event_source_arn or arrived.attributes["source"]
        identity = checked.user_identity or {}
        try:
            return cls(
                table=source.partition(":table/")[2].partition("/")[0],
                keys=_item(change.keys),
                new_image=_item(change.new_image),
                old_image=_item(change.old_image),
                sequence_number=change.sequence_number,
                is_expired=identity.get("principalId") == "dynamodb.amazonaws.com",
            )
        except (InvalidOperation, ValueError):
            raise InvalidEventData(
                "The event is not a DynamoDBChange: dynamodb: Expected a number in every N and NS."
            ) from None

    @functools.cached_property
    def after(self) -> T | None:
        """The item now; as `new_image`."""
        return self.new_image  # type: ignore[return-value]

    @functools.cached_property
    def before(self) -> T | None:
        """The item before; as `old_image`."""
        return self.old_image  # type: ignore[return-value]

    @property
    def changed(self) -> list[str]:
        """The names of the attributes that differ before and after, sorted."""
        old, new = self.old_image or {}, self.new_image or {}
        absent = object()
        names = old.keys() | new.keys()
        return sorted(name for name in names if old.get(name, absent) != new.get(name, absent))

    def contents(self) -> dict[str, tuple[str, Any]]:
        """`before` and `after`, where there is such an item."""
        places = {
            "before": ("dynamodb.OldImage", self.old_image),
            "after": ("dynamodb.NewImage", self.new_image),
        }
        return {name: pair for name, pair in places.items() if pair[1] is not None}


def _item(attributes: dict[str, DynamoDBValue] | None) -> Any:
    return attributes and {name: _plain(value) for name, value in attributes.items()}


def _plain(value: DynamoDBValue) -> Any:  # noqa: PLR0911 - a value for each type there is
    if value.n is not None:
        return _number(value.n)
    if value.m is not None:
        return {name: _plain(item) for name, item in value.m.items()}
    if value.items is not None:
        return [_plain(item) for item in value.items]
    if value.ns is not None:
        return {_number(one) for one in value.ns}
    for found in (value.ss, value.bs):
        if found is not None:
            return set(found)
    for plain in (value.s, value.b, value.boolean):
        if plain is not None:
            return plain
    return None


def _number(text: str) -> int | float | Decimal:
    exact = Decimal(text)
    if not exact.is_finite() or exact.adjusted() > _MOST_DIGITS:
        raise ValueError
    if exact == exact.to_integral_value():
        return int(exact)
    near = float(exact)
    return near if Decimal(repr(near)) == exact else exact
