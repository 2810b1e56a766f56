"""What the `__init__` of a dataclass or attrs class takes, where that is not simply its fields."""

from __future__ import annotations

import dataclasses
import inspect
import sys
from typing import Any, Final, NamedTuple

from functions_framework.signatures.annotations import resolve

from .field_types import class_of, field_types, resolved

ABSENT: Final = inspect.Parameter.empty
"""Stands for a default that doesn't exist, or that only `__init__` itself can make."""


class Parameter(NamedTuple):
    """One parameter of an `__init__`.

    Attributes:
        name: the name it is passed by, and the name in JSON.
        type: what its values are checked against.
        is_required: whether it has no default.
        default: a plain default, for descriptions; `ABSENT` if there is none.
    """

    name: str
    type: Any
    is_required: bool
    default: Any = ABSENT


def takes_its_fields(kind: object) -> bool:
    """Whether setting each field is the same as calling `__init__`; other classes are called."""
    cls = class_of(kind)
    if cls.__new__ is not object.__new__ or not _is_generated(cls):
        return False
    if dataclasses.is_dataclass(cls):
        # Pseudo-fields are kept beside the fields: class variables, and what is only for __init__.
        return set(_signature(cls)) == {field.name for field in dataclasses.fields(cls)}
    return not hasattr(cls, "__attrs_pre_init__") and all(
        field.init
        and field.alias == field.name
        and field.converter is None
        and not getattr(field.default, "takes_self", False)
        for field in cls.__attrs_attrs__
    )


def parameters_of(kind: object) -> list[Parameter]:
    """What `__init__` takes.

    Raises:
        NameError: a type cannot be resolved.
        TypeError: a parameter has no type, or can only be given by position.
    """
    cls = class_of(kind)
    types = field_types(kind)
    if _is_generated(cls):
        fields = getattr(cls, "__attrs_attrs__", ())
        types |= {field.alias: _type_of_attribute(field, types) for field in fields if field.init}
    else:
        types |= _written_types(cls)
    return [_parameter(cls, item, types) for item in _signature(cls).values()]


def has_more_than_fields(kind: object) -> bool:
    """Whether a class says things that msgspec cannot describe, though it can write its fields."""
    cls = class_of(kind)
    if dataclasses.is_dataclass(cls):
        known = len(dataclasses.fields(cls))
        return len(set(_signature(cls)) | {item.name for item in dataclasses.fields(cls)}) > known
    return any(
        field.name.startswith("_") or getattr(field.default, "takes_self", False)
        for field in cls.__attrs_attrs__
    )


def fields_of(kind: object) -> list[Parameter]:
    """The fields of a class, which its results are written with.

    Raises:
        NameError: a type cannot be resolved.
    """
    cls = class_of(kind)
    types = field_types(kind)
    fields: Any = getattr(cls, "__attrs_attrs__", ())
    # Attributes of attrs with an underscore are not written.
    named = [item for item in fields if not item.name.startswith("_")]
    if dataclasses.is_dataclass(cls):
        named = [*dataclasses.fields(cls)]
    return [Parameter(item.name, types.get(item.name, Any), item.init) for item in named]


def _parameter(cls: type, item: inspect.Parameter, types: dict[str, Any]) -> Parameter:
    if item.kind is item.POSITIONAL_ONLY:
        raise TypeError(f"{cls.__qualname__} takes {item.name!r} by position only")
    if types.get(item.name, ABSENT) is ABSENT:
        raise TypeError(f"the parameter {item.name!r} of {cls.__qualname__} has no type")
    is_required = item.default is ABSENT
    default = item.default if _is_plain(item.default) else ABSENT
    return Parameter(item.name, types[item.name], is_required, default)


def _signature(cls: Any) -> dict[str, inspect.Parameter]:
    found = inspect.signature(cls.__init__).parameters
    named = {name: item for name, item in found.items() if item.kind not in _REST}
    return dict(list(named.items())[1:])


_REST = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _is_generated(cls: Any) -> bool:
    """Whether the library wrote the `__init__`, which shows in the name of its file."""
    code = getattr(cls.__init__, "__code__", None)
    file = getattr(code, "co_filename", "")
    return file == "<string>" or file.startswith("<attrs generated")


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, (bool, int, float, str))


def _type_of_attribute(field: Any, types: dict[str, Any]) -> Any:
    """What attrs itself says `__init__` takes: what the converter takes, else the field's type."""
    taken = ABSENT if field.converter is None else _type_of_converter(field.converter)
    if taken is not ABSENT:
        return taken
    return types.get(field.name, ABSENT if field.type is None else field.type)


def _type_of_converter(converter: Any) -> Any:
    converter = getattr(converter, "converter", converter)  # attrs.Converter holds one
    try:
        first = next(iter(inspect.signature(converter).parameters.values()))
    except (TypeError, ValueError, StopIteration):  # builtins such as int tell nothing
        return ABSENT
    if isinstance(converter, type) or first.annotation is ABSENT:
        return ABSENT
    return resolve(converter, first.annotation)


def _written_types(cls: Any) -> dict[str, Any]:
    init = inspect.unwrap(cls.__init__)
    scope = vars(sys.modules.get(cls.__module__, sys))
    written = inspect.get_annotations(init, eval_str=True)
    return {name: resolved(item, scope, vars(cls)) for name, item in written.items()}
