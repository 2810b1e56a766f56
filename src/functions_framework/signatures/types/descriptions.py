"""Types as msgspec describes them rightly: it tells too little of some that it checks well."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import typing
from typing import Annotated, Any

import msgspec
from msgspec import inspect as shapes

from .field_types import class_of, is_plain_class
from .shapes import bare
from .type_parts import parts_of

_MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_WHOLE = "^(0|-?[1-9][0-9]*)$"


def described(annotation: Any) -> Any:
    """A type whose JSON schema is right: mappings tell their names, flags that they may be summed.

    What the type holds is not looked at; the same object comes back where nothing is missing.
    """
    if is_plain_class(annotation) and issubclass(annotation, enum.Flag):
        return int
    names = _names_of(annotation)
    if names is None:
        return annotation
    return Annotated[annotation, msgspec.Meta(extra_json_schema={"propertyNames": names})]


def needs_description(annotation: object) -> bool:
    """Whether a type is or holds one that `described` changes; classes are not looked into."""
    is_changed = described(annotation) is not annotation
    return is_changed or any(map(needs_description, parts_of(annotation)))


def has_opaque_default(kind: object) -> bool:
    """Whether a default of a class with fields cannot be written as JSON, as schemas do."""
    cls = class_of(kind)
    fields = getattr(cls, "__dataclass_fields__", {}).values()
    attributes = getattr(cls, "__attrs_attrs__", ())
    defaults = [item.default for item in (*fields, *attributes)]
    defaults += getattr(cls, "__struct_defaults__", ())
    defaults += getattr(cls, "_field_defaults", {}).values()
    return not all(map(_is_json, defaults))


def _is_json(default: object) -> bool:
    if default is dataclasses.MISSING or default is msgspec.NODEFAULT:
        return True
    if type(default).__module__.partition(".")[0] in {"attr", "msgspec"}:  # markers and factories
        return True
    try:
        msgspec.to_builtins(default, str_keys=True)
    except (TypeError, ValueError):
        return False
    return True


def _names_of(annotation: object) -> dict[str, Any] | None:
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) not in _MAPPINGS or arguments[0] is str:
        return None
    shape = bare(shapes.type_info(arguments[0]))
    if isinstance(shape, shapes.IntType):
        return {"pattern": _WHOLE}
    if isinstance(shape, shapes.LiteralType):
        return {"enum": [str(value) for value in shape.values]}
    if isinstance(shape, shapes.EnumType):
        return {"enum": [str(item.value) for item in shape.cls]}
    return None
