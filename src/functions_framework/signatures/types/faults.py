"""Finds everything that is wrong with an input; msgspec itself stops at the first fault.

Runs only after msgspec has refused an input, so it is written for completeness, not for speed. It
walks the type (as `msgspec.inspect` describes it) and the data side by side: what holds other types
is walked into, the rest is converted alone and msgspec's own message taken.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect as shapes

from ..problems import Fault
from .shapes import FIELDED, bare, is_array_like, is_secret, plain_type, subtypes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HIDDEN = "The value is not valid. It is not shown because it is secret."
REQUIRED = "The field is required."
UNKNOWN = "The field is not known here."

Path = tuple[str | int, ...]

_WHERE = re.compile(r" - at `[^`]*`$")
_ECHO = re.compile(r"^Invalid (?:enum )?value .*", re.DOTALL)


def find(shape: shapes.Type, data: object, *, is_strict: bool) -> list[Fault]:
    """List the faults of data that msgspec does not convert to a type.

    Args:
        shape: the type, from `msgspec.inspect.type_info`.
        data: what the JSON or the query string holds.
        is_strict: False where text stands for numbers and booleans, as in query strings.
    """
    return list(_Finder(is_strict).walk(shape, data, ()))


class _Finder:
    def __init__(self, is_strict: bool) -> None:  # noqa: FBT001 - of this module only
        self._is_strict = is_strict

    def walk(self, shape: shapes.Type, data: object, path: Path) -> Iterator[Fault]:
        if isinstance(shape, shapes.Metadata):
            inner = list(self.walk(shape.type, data, path))
            hides = inner and bool((shape.extra or {}).get("secret"))
            # Where a secret is not a plain value, even the names in it belong to the secret.
            yield from [Fault(path, HIDDEN)] if hides else inner
            return
        if isinstance(shape, shapes.UnionType):
            yield from self._walk_union(shape, data, path)
            return
        deeper = list(self._walk_into(shape, data, path))
        yield from deeper or self._whole(shape, data, path)

    def _walk_into(self, shape: Any, data: Any, path: Path) -> Iterator[Fault]:
        if isinstance(data, dict):
            if isinstance(shape, FIELDED) and not is_array_like(shape):
                yield from self._walk_fields(shape, data, path)
            elif hasattr(shape, "key_type"):
                yield from self._walk_items(shape, data, path)
        elif isinstance(data, list):
            kinds: Iterable[shapes.Type] = ()
            if isinstance(shape, shapes.CollectionType):
                kinds = [shape.item_type] * len(data)
            elif isinstance(shape, shapes.TupleType):
                kinds = shape.item_types
            elif is_array_like(shape):
                tag = [] if getattr(shape, "tag", None) is None else [shapes.AnyType()]
                kinds = [*tag, *(field.type for field in shape.fields)]
            for index, (kind, item) in enumerate(zip(kinds, data, strict=False)):
                yield from self.walk(kind, item, (*path, index))

    def _walk_fields(self, shape: Any, data: dict[str, Any], path: Path) -> Iterator[Fault]:
        tag_field = getattr(shape, "tag_field", None)
        if tag_field is not None and data.get(tag_field, shape.tag) != shape.tag:
            yield Fault((*path, tag_field), f"Expected {shape.tag!r}.")
        for field in shape.fields:
            where = (*path, field.encode_name)
            if field.encode_name in data:
                yield from self.walk(field.type, data[field.encode_name], where)
            elif field.required:
                yield Fault(where, REQUIRED)
        if getattr(shape, "forbid_unknown_fields", False):
            known = {field.encode_name for field in shape.fields} | {tag_field}
            for name in data.keys() - known:
                yield Fault((*path, name), UNKNOWN)

    def _walk_items(self, shape: Any, data: dict[str, Any], path: Path) -> Iterator[Fault]:
        # A name that is itself secret must not stand in a pointer.
        hides = is_secret(shape.key_type)
        for key, value in data.items():
            where = path if hides else (*path, key)
            for fault in self.walk(shape.key_type, key, where):
                yield Fault(where, HIDDEN if hides else f"As a name: {fault.detail}")
            yield from self.walk(shape.value_type, value, where)

    def _walk_union(self, shape: shapes.UnionType, data: object, path: Path) -> Iterator[Fault]:
        members = [item for item in shape.types if not isinstance(item, shapes.NoneType)]
        if data is None and len(members) < len(shape.types):
            return
        if len(members) > 1:
            members = [item for item in members if _is_fit(bare(item), data)]
        if len(members) > 1:
            yield from self._walk_tagged(members, data, path)
        elif members:
            yield from self.walk(members[0], data, path)
        else:
            hides = is_secret(shape)
            yield from (
                Fault(path, HIDDEN) if hides else fault for fault in self._whole(shape, data, path)
            )

    def _walk_tagged(self, members: list[Any], data: Any, path: Path) -> Iterator[Fault]:
        # Only classes with a tag can share a union; in an array the tag comes first.
        is_array = isinstance(data, list)
        name = 0 if is_array else bare(members[0]).tag_field
        tag = (data[0] if data else None) if is_array else data.get(name)
        chosen = [item for item in members if bare(item).tag == tag]
        if chosen:
            yield from self.walk(chosen[0], data, path)
            return
        accepted = ", ".join(repr(bare(item).tag) for item in members)
        yield Fault((*path, name), REQUIRED if tag is None else f"Expected one of {accepted}.")

    def _whole(self, shape: shapes.Type, data: object, path: Path) -> Iterator[Fault]:
        try:
            msgspec.convert(data, plain_type(shape), strict=self._is_strict, str_keys=True)
        except msgspec.ValidationError as error:
            # A check of the user's own over several fields may well quote them.
            hides = isinstance(data, (dict, list)) and any(map(is_secret, subtypes(shape)))
            yield Fault(path, HIDDEN if hides else _detail(shape, error))


def _is_fit(shape: Any, data: Any) -> bool:
    """Whether a union's member is the one meant by an object or an array; scalars fit none."""
    if isinstance(data, dict):
        is_fielded = isinstance(shape, FIELDED) and not is_array_like(shape)
        return is_fielded or hasattr(shape, "key_type")
    if isinstance(data, list):
        is_list = isinstance(shape, (shapes.CollectionType, shapes.TupleType))
        return is_list or is_array_like(shape)
    return False


def _detail(shape: shapes.Type, error: msgspec.ValidationError) -> str:
    text = _WHERE.sub("", str(error))
    if not _ECHO.match(text):
        return f"{text}."
    if isinstance(shape, shapes.LiteralType):
        accepted: Iterable[Any] = shape.values
    elif isinstance(shape, shapes.EnumType):
        accepted = [item.value for item in shape.cls]
    else:
        return "It isn't one of the accepted values."
    return one_of(accepted)


def one_of(accepted: Iterable[object]) -> str:
    """What to say of any other value than these."""
    return f"Expected one of {', '.join(map(repr, accepted))}."
