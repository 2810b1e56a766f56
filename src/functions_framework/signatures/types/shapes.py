"""Types as `msgspec.inspect` describes them: their parts, secrets, and back to plain types."""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import msgspec
from msgspec import inspect as shapes

from .field_types import class_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FIELDED = (
    shapes.StructType,
    shapes.DataclassType,
    shapes.TypedDictType,
    shapes.NamedTupleType,
)
"""What has named fields."""

_CONSTRAINTS = frozenset(
    {"gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length", "pattern", "tz"}
)

_PLAIN: dict[type[shapes.Type], Any] = {
    shapes.NoneType: None,
    shapes.BoolType: bool,
    shapes.IntType: int,
    shapes.FloatType: float,
    shapes.StrType: str,
    shapes.BytesType: bytes,
    shapes.ByteArrayType: bytearray,
    shapes.MemoryViewType: memoryview,
    shapes.DateTimeType: dt.datetime,
    shapes.TimeType: dt.time,
    shapes.DateType: dt.date,
    shapes.TimeDeltaType: dt.timedelta,
    shapes.UUIDType: uuid.UUID,
    shapes.DecimalType: decimal.Decimal,
    shapes.ListType: list,
    shapes.SetType: set,
    shapes.FrozenSetType: frozenset,
    shapes.VarTupleType: tuple,
    shapes.DictType: dict,
}


def is_array_like(shape: shapes.Type) -> bool:
    """Whether its fields stand in a JSON array instead of an object."""
    return isinstance(shape, shapes.NamedTupleType) or bool(getattr(shape, "array_like", False))


def bare(shape: shapes.Type) -> Any:
    """The type without what `Annotated` says of it."""
    while isinstance(shape, shapes.Metadata):
        shape = shape.type
    return shape


def is_secret(shape: shapes.Type) -> bool:
    """Whether this type itself, or an alternative of it, is marked `Secret`."""
    if isinstance(shape, shapes.Metadata):
        return bool((shape.extra or {}).get("secret")) or is_secret(shape.type)
    return isinstance(shape, shapes.UnionType) and any(map(is_secret, shape.types))


def subtypes(shape: shapes.Type) -> Iterator[shapes.Type]:
    """The type and every type within it, each once."""
    seen: set[int] = set()
    waiting: list[shapes.Type] = [shape]
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        waiting.extend(_parts(item))


def _parts(shape: object) -> Iterator[shapes.Type]:
    for name in ("type", "item_type", "key_type", "value_type"):
        if hasattr(shape, name):
            yield getattr(shape, name)
    yield from getattr(shape, "types", ())
    yield from getattr(shape, "item_types", ())
    yield from (field.type for field in getattr(shape, "fields", ()))


def plain_type(shape: Any) -> Any:
    """A Python type with the same checks as `shape`, but those of the types within it."""
    if isinstance(shape, shapes.Metadata):
        return plain_type(shape.type)
    if isinstance(shape, shapes.UnionType):
        return Union[tuple(plain_type(item) for item in shape.types)]  # noqa: UP007 - made at run time
    if isinstance(shape, shapes.LiteralType):
        return Literal[tuple(shape.values)]
    if isinstance(shape, shapes.TupleType):
        return tuple[tuple(Any for _ in shape.item_types)]  # type: ignore[misc]
    plain = _PLAIN.get(type(shape), getattr(shape, "cls", Any))
    plain = list if plain in {set, frozenset} else plain  # what is in it may be no set's item
    limits = {name: getattr(shape, name, None) for name in _CONSTRAINTS}
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    return Annotated[plain, msgspec.Meta(**limits)] if limits else plain


def has_merged_limits(shape: shapes.Type) -> bool:
    """Whether a union in it has members whose limits msgspec checks as if they were one's."""
    return any(
        isinstance(item, shapes.UnionType) and _merges([bare(part) for part in item.types])
        for item in subtypes(shape)
    )


def _merges(members: list[Any]) -> bool:
    kinds = [type(item) for item in members]
    if shapes.RawType in kinds:
        return True
    if any(kinds.count(kind) > 1 for kind in (shapes.IntType, shapes.FloatType, shapes.StrType)):
        return True
    # A whole number is checked against the member for integers, and no other.
    others = shapes.FloatType in kinds or shapes.DecimalType in kinds
    return others and any(map(_is_limited_integer, members))


def _is_limited_integer(shape: object) -> bool:
    if isinstance(shape, shapes.LiteralType):
        return any(type(value) is int for value in shape.values)
    if isinstance(shape, shapes.EnumType):
        return any(isinstance(item.value, int) for item in shape.cls)
    limits = (getattr(shape, name, None) for name in _CONSTRAINTS)
    return isinstance(shape, shapes.IntType) and any(limit is not None for limit in limits)


def unhashable_items(shape: shapes.Type, real_class: Callable[[type], type]) -> str | None:
    """The name of a type of items that its set cannot hold, None where all sets can be made."""
    for item in subtypes(shape):
        if isinstance(item, (shapes.SetType, shapes.FrozenSetType)):
            for part in _hashed(item.item_type):
                cls = real_class(getattr(part, "cls", object))
                if isinstance(part, _UNHASHABLE) or cls.__hash__ is None or _is_mutable(cls):
                    name = cls.__name__ if cls is not object else type(part).__name__
                    return name.removesuffix("Type").lower() if cls is object else name
    return None


def _hashed(shape: Any) -> Iterator[Any]:
    """The types whose values are hashed where this one's are."""
    shape = bare(shape)
    for part in (*getattr(shape, "types", ()), *getattr(shape, "item_types", ())):
        yield from _hashed(part)
    if isinstance(shape, shapes.VarTupleType):
        yield from _hashed(shape.item_type)
    if isinstance(shape, shapes.NamedTupleType):
        for field in shape.fields:
            yield from _hashed(field.type)
    yield shape


def _is_mutable(cls: type) -> bool:
    config = getattr(cls, "__struct_config__", None)
    return config is not None and config.eq and not config.frozen


_UNHASHABLE = (
    shapes.ListType,
    shapes.SetType,
    shapes.DictType,
    shapes.ByteArrayType,
    shapes.RawType,
    shapes.TypedDictType,
)


def covered_classes(shape: Any) -> Iterator[type]:
    """The exact classes that values of this type have, or may be written in place of it.

    A plain dict may stand for a class with fields; an int for a float.
    """
    shape = bare(shape)
    if isinstance(shape, shapes.UnionType):
        for item in shape.types:
            yield from covered_classes(item)
    elif isinstance(shape, shapes.LiteralType):
        yield from {type(value) for value in shape.values}
    elif isinstance(shape, shapes.NoneType):
        yield type(None)
    elif isinstance(shape, shapes.FloatType):
        yield from (float, int)
    elif isinstance(shape, shapes.TupleType):
        yield tuple
    elif isinstance(shape, FIELDED):
        yield from (class_of(shape.cls), dict)
    elif isinstance(shape, shapes.EnumType):
        yield shape.cls
    elif isinstance(_PLAIN.get(type(shape)), type):
        yield _PLAIN[type(shape)]
