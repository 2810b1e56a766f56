"""The types of a class's fields: text evaluated, type variables of generics filled in."""

from __future__ import annotations

import dataclasses
import inspect
import sys
import types
import typing
from types import SimpleNamespace
from typing import Any

if typing.TYPE_CHECKING:
    from collections.abc import Mapping


def class_of(kind: object) -> Any:
    """The class behind `Box[int]`; the class itself where nothing was filled in."""
    return typing.get_origin(kind) or kind


def is_plain_class(kind: object) -> bool:
    """Whether it is a class, and no `list[int]`: on Python 3.10 that claims to be a type."""
    return isinstance(kind, type) and not isinstance(kind, types.GenericAlias)


def has_fields(kind: object) -> bool:
    """Whether it is a class with fields, of any library, or such a class filled in."""
    cls = class_of(kind)
    return is_plain_class(cls) and (
        any(
            hasattr(cls, name)
            for name in ("__dataclass_fields__", "__attrs_attrs__", "__struct_fields__")
        )
        or is_typed_dict(cls)
        or is_named_tuple(cls)
    )


def is_typed_dict(cls: Any) -> bool:
    """Whether it is a class made by `TypedDict`."""
    return is_plain_class(cls) and issubclass(cls, dict) and hasattr(cls, "__required_keys__")


def is_named_tuple(cls: Any) -> bool:
    """Whether it is a class made by `NamedTuple` or `namedtuple`."""
    return is_plain_class(cls) and issubclass(cls, tuple) and hasattr(cls, "_fields")


def field_types(kind: object) -> dict[str, Any]:
    """The type of each annotated name of a class and its bases; an `InitVar` gives its own.

    Raises:
        NameError: an annotation holds a name that cannot be found.
        TypeError: an annotation isn't a type.
    """
    found: dict[str, Any] = {}
    variables = _variables(kind)
    for cls in reversed(class_of(kind).__mro__):
        if cls is object:
            continue
        scope = vars(sys.modules.get(cls.__module__, SimpleNamespace()))
        own = {item.__name__: item for item in getattr(cls, "__type_params__", ())} | vars(cls)
        for name, written in inspect.get_annotations(cls, locals=own, eval_str=True).items():
            found[name] = _filled(resolved(written, scope, own), variables.get(cls, {}))
    return found


def resolved(written: object, scope: dict[str, Any], local: Mapping[str, Any]) -> Any:
    """An annotation with the text in it evaluated.

    Raises:
        NameError: it holds a name that cannot be found.
        TypeError: it isn't a type.
    """
    if isinstance(written, dataclasses.InitVar):
        written = written.type
    holder = SimpleNamespace(__annotations__={"it": written})
    return typing.get_type_hints(holder, scope, dict(local), include_extras=True)["it"]


def _variables(kind: object) -> dict[Any, dict[Any, Any]]:
    """For the class and each of its bases, what stands for its type variables."""
    found: dict[Any, dict[Any, Any]] = {}
    waiting: list[tuple[Any, dict[Any, Any]]] = [(kind, {})]
    while waiting:
        item, outer = waiting.pop()
        cls = class_of(item)
        if cls in found or not isinstance(cls, type) or cls is typing.Generic:
            continue
        arguments = [_filled(part, outer) for part in typing.get_args(item)]
        inner = dict(zip(getattr(cls, "__parameters__", ()), arguments, strict=False))
        found[cls] = inner
        waiting += [(base, inner) for base in getattr(cls, "__orig_bases__", cls.__bases__)]
    return found


def _filled(annotation: Any, variables: Mapping[Any, Any]) -> Any:
    if not variables:
        return annotation
    if isinstance(annotation, typing.TypeVar):
        return variables.get(annotation, annotation)
    free = getattr(annotation, "__parameters__", ())
    if not free or is_plain_class(annotation):
        return annotation
    return annotation[tuple(variables.get(item, item) for item in free)]
