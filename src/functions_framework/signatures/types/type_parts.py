"""Taking a type apart, and putting it together again with parts changed."""

from __future__ import annotations

import types
import typing
from typing import Annotated, Any, Literal, Union

from .field_types import has_fields

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNIONS = (Union, types.UnionType)
"""What `typing.get_origin` gives for `A | B`, however it was written."""


def with_parts(annotation: object, change: Callable[[Any], Any]) -> Any:
    """The type with each of its direct parts changed; the same object if none was."""
    inner = _inner_of(annotation)
    if inner is not None:
        new = change(inner)
        return annotation if new is inner else new
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is None or origin is Literal:
        return annotation
    parts = arguments[:1] if origin is Annotated else arguments
    changed = tuple(change(part) for part in parts)
    if all(new is old for new, old in zip(changed, parts, strict=True)):
        return annotation
    if origin in UNIONS:
        return Union[changed]  # noqa: UP007 - made at run time
    changed += arguments[len(parts) :]
    # typing.get_origin gives the bare Annotated, Final and so on, which take what they hold.
    return origin[changed if len(changed) > 1 else changed[0]]


def parts_of(annotation: object) -> list[Any]:
    """The direct parts of a type; what `Annotated` adds to one is none."""
    found: list[Any] = []

    def visit(part: object) -> Any:
        found.append(part)
        return part

    with_parts(annotation, visit)
    return found


def kinds_in(annotation: object) -> Iterator[Any]:
    """The classes with fields that occur in a type, but not those of their fields."""
    if has_fields(annotation):
        yield annotation
    else:
        for part in parts_of(annotation):
            yield from kinds_in(part)


def _inner_of(annotation: Any) -> Any:
    """What a NewType, a type alias or the bound of a type variable stands for."""
    for name in ("__supertype__", "__value__", "__bound__"):
        inner = getattr(annotation, name, None)
        if inner is not None:
            return inner
    origin = typing.get_origin(annotation)
    return origin.__value__[typing.get_args(annotation)] if hasattr(origin, "__value__") else None
