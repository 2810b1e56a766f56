"""Gives dataclasses the attributes that are left to their class.

msgspec does not set a field that the input lacks and whose default is a plain value, and `__init__`
does not set such a field that says `init=False`: reading it finds the class attribute, but `vars()`
lacks it, and so does the JSON that msgspec makes of it.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import NODEFAULT
from msgspec import inspect as shapes

from .field_types import class_of
from .shapes import FIELDED, subtypes

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Plan(NamedTuple):
    defaults: dict[str, Any]
    names: tuple[str, ...]
    children: tuple[str, ...]


class Completion:
    """Completes the instances of the dataclasses within a type, in place.

    Args:
        shape: the type, from `msgspec.inspect.type_info`.

    Attributes:
        is_needed: whether any dataclass in it has a plain default.
    """

    def __init__(self, shape: shapes.Type) -> None:
        self._plans: dict[type, _Plan] = {}
        for kind, plan in _plans(shape):  # a generic class may occur with several arguments
            known = self._plans.get(kind, plan)
            children = tuple(dict.fromkeys(known.children + plan.children))
            self._plans[kind] = plan._replace(children=children)
        self.is_needed = any(plan.defaults for plan in self._plans.values())

    def complete(self, value: Any) -> None:
        """Set what is missing in `value` and in what it holds."""
        kind = type(value)
        plan = self._plans.get(kind)
        if plan is not None:
            if plan.defaults:
                _fill(value.__dict__, plan)
            for name in plan.children:
                self.complete(getattr(value, name))
        elif kind is dict:
            for item in value.values():
                self.complete(item)
        elif kind in {list, tuple, set, frozenset}:
            for item in value:
                self.complete(item)


@functools.cache
def defaults_left_to(cls: object) -> dict[str, Any]:
    """The defaults of a dataclass that its `__init__` does not set."""
    if not dataclasses.is_dataclass(cls) or not getattr(cls, "__dictoffset__", 0):
        return {}
    return {
        field.name: field.default
        for field in dataclasses.fields(cls)
        if not field.init and field.default is not dataclasses.MISSING
    }


def complete_result(value: Any) -> None:
    """Set, in a result and in what it holds, the fields that `__init__` left to their class."""
    kind = type(value)
    if kind is dict:
        for item in value.values():
            complete_result(item)
    elif kind in {list, tuple, set, frozenset}:
        for item in value:
            complete_result(item)
    elif dataclasses.is_dataclass(kind):
        vars_of = getattr(value, "__dict__", {})
        for name, default in defaults_left_to(kind).items():
            vars_of.setdefault(name, default)
        for field in dataclasses.fields(kind):
            complete_result(getattr(value, field.name, None))
    else:
        for name in getattr(kind, "__struct_fields__", ()):
            complete_result(getattr(value, name, None))
        for field in getattr(kind, "__attrs_attrs__", ()):
            complete_result(getattr(value, field.name, None))


def _fill(attributes: dict[str, Any], plan: _Plan) -> None:
    if attributes.keys() >= plan.defaults.keys():
        return
    given = dict(attributes)
    ordered = {**plan.defaults, **given}
    attributes.clear()
    attributes.update((name, ordered.pop(name)) for name in plan.names if name in ordered)
    attributes.update(ordered)


def _plans(shape: shapes.Type) -> Iterator[tuple[type, _Plan]]:
    for item in subtypes(shape):
        # A TypedDict's instances are dicts, which are walked as such.
        if isinstance(item, FIELDED) and not isinstance(item, shapes.TypedDictType):
            children = [field.name for field in item.fields if _has_gaps(field.type)]
            defaults = _plain_defaults(item) if isinstance(item, shapes.DataclassType) else {}
            names = tuple(field.name for field in item.fields)
            if defaults or children:
                yield class_of(item.cls), _Plan(defaults, names, tuple(children))


def _plain_defaults(shape: shapes.DataclassType) -> dict[str, Any]:
    cls = class_of(shape.cls)
    has_slots = not cls.__dictoffset__  # slots are always set
    if has_slots or not dataclasses.is_dataclass(cls):
        return {}
    return {field.name: field.default for field in shape.fields if field.default is not NODEFAULT}


def _has_gaps(shape: shapes.Type) -> bool:
    return any(
        isinstance(item, shapes.DataclassType) and bool(_plain_defaults(item))
        for item in subtypes(shape)
    )
