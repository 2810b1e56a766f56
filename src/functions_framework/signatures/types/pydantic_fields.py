"""What stands in a type of pydantic's for others than pydantic: our own marks, and msgspec's."""

from __future__ import annotations

import typing
from typing import Annotated, Any, NamedTuple

import msgspec
import pydantic

from .field_types import class_of, field_types, has_fields, is_plain_class
from .secret import is_secret_mark
from .type_parts import parts_of

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

_SECRET_CLASSES = (pydantic.SecretStr, pydantic.SecretBytes, pydantic.Secret)
_BOUNDS = ("gt", "ge", "lt", "le", "multiple_of", "pattern", "min_length", "max_length", "tz")


class Part(NamedTuple):
    """A type that occurs within another.

    Attributes:
        names: every name of the field it belongs to; none for the whole type.
        type: the type.
        marks: what `Annotated` says of it.
    """

    names: frozenset[str]
    type: Any
    marks: tuple[Any, ...] = ()

    @property
    def unheeded(self) -> str | None:
        """What it says that pydantic passes over, though it limits what a sender may set."""
        bounds = [mark for mark in self.marks if _has_bounds(mark)]
        if bounds:
            return f"{bounds[0]!r}, say it by pydantic.Field"
        cls = class_of(self.type)
        if is_plain_class(cls) and issubclass(cls, pydantic.BaseModel):
            for name, field in cls.model_fields.items():
                if field.init is False:
                    return f"init=False of {cls.__name__}.{name}, only dataclasses may say it"
        return None

    @property
    def is_secret(self) -> bool:
        """Whether its values must not be shown."""
        cls = class_of(self.type)
        is_class = is_plain_class(cls) and issubclass(cls, _SECRET_CLASSES)
        return is_class or any(map(is_secret_mark, self.marks))


def _has_bounds(mark: object) -> bool:
    return isinstance(mark, msgspec.Meta) and any(
        getattr(mark, name) is not None for name in _BOUNDS
    )


def parts_in(annotation: object) -> list[Part]:
    """The type and everything within it, the fields of each class once."""
    return list(_walk(Part(frozenset(), annotation), set()))


def secret_names(parts: list[Part]) -> frozenset[str]:
    """Names of the secret fields among the parts of a type; empty text for the type itself.

    By name and not by place: where two fields share a name, both are kept secret.
    """
    found = [part.names or {""} for part in parts if part.is_secret]
    return frozenset().union(*found)


def _walk(part: Part, seen: set[Any]) -> Iterator[Part]:
    if typing.get_origin(part.type) is Annotated:
        part = part._replace(type=typing.get_args(part.type)[0], marks=part.type.__metadata__)
    yield part
    fields = _fields(part.type)
    if fields is None:
        for inner in parts_of(part.type):
            yield from _walk(Part(part.names, inner), seen)
    elif part.type not in seen:
        seen.add(part.type)
        for field in fields:
            yield from _walk(field, seen)


def _fields(kind: object) -> list[Part] | None:
    cls = class_of(kind)
    if not is_plain_class(cls):
        return None
    if issubclass(cls, pydantic.BaseModel):
        described = cls.model_fields
    elif has_fields(cls):
        described = getattr(cls, "__pydantic_fields__", {})
    else:
        return None
    if described:
        return [_described(name, field) for name, field in described.items()]
    return [Part(frozenset({name}), item) for name, item in field_types(kind).items()]


def _described(name: str, field: Any) -> Part:
    names = {name, field.alias, *_alias_names(field.validation_alias)} - {None}
    written = field.annotation
    marks = tuple(field.metadata)
    whole: Any = (written, *marks)
    return Part(frozenset(names), Annotated[whole] if marks else written)


def _alias_names(alias: object) -> list[str]:
    """The last name in each path that an alias stands for."""
    choices = getattr(alias, "choices", [alias])
    paths = [getattr(choice, "path", [choice]) for choice in choices]
    found = ([step for step in path if isinstance(step, str)] for path in paths)
    return [steps[-1] for steps in found if steps]
