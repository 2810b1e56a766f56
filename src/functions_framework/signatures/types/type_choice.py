"""Which library checks a type: pydantic if it, or a part of it, is pydantic's; else msgspec."""

from __future__ import annotations

import typing
from typing import Any

from .field_types import class_of, field_types, has_fields
from .type_parts import UNIONS, parts_of

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

    from .checked_type import CheckedType

_LIMITS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length")
_PACKAGES = frozenset({"pydantic", "annotated_types"})


def choose(annotation: object, parameter: str = "value", *, is_result: bool = False) -> CheckedType:
    """Make the checked type for an annotation.

    Args:
        annotation: the type.
        parameter: name of the function's parameter, for query strings.
        is_result: whether values are only written; then nothing need be checked.

    Raises:
        UnsupportedTypeError: neither library takes the type.
    """
    if is_pydantic(annotation):
        from .pydantic_type import PydanticType

        return PydanticType(annotation, parameter, is_result=is_result)
    from .msgspec_type import MsgspecType, UnsupportedTypeError

    mark = None if is_result else _unread_mark(annotation)
    if mark is not None:
        raise UnsupportedTypeError(f"{mark!r} is checked by pydantic only; use msgspec.Meta")
    try:
        _refuse_breakage(annotation)
        return MsgspecType(annotation, parameter, is_result=is_result)
    except UnsupportedTypeError:
        from .alternatives import Alternatives, members_of

        if not members_of(annotation):
            raise
        for member in members_of(annotation):
            _refuse_breakage(member)
        return Alternatives(annotation, parameter, is_result=is_result)


def _refuse_breakage(annotation: object) -> None:
    from .msgspec_type import UnsupportedTypeError

    if any(_breaks_msgspec(part) for part, _ in _walk(annotation, set())):
        raise UnsupportedTypeError(
            "in a union within it, several members have limits for one kind of JSON value, "
            "or a tuple stands beside a type with limits"
        )


def is_pydantic(annotation: object) -> bool:
    """Whether something of pydantic's occurs in a type; found without importing pydantic."""
    return any(is_read and _is_pydantics(part) for part, is_read in _walk(annotation, set()))


def _unread_mark(annotation: object) -> Any:
    """A limit of pydantic's within a class that pydantic does not read, None without one."""
    for part, _ in _walk(annotation, set()):
        for mark in getattr(part, "__metadata__", ()):
            if _is_pydantics_mark(mark):
                return mark
    return None


def _walk(
    annotation: object, seen: set[Any], *, is_read: bool = True
) -> Iterator[tuple[Any, bool]]:
    """The type and all within it, each with whether pydantic looks into what holds it."""
    yield annotation, is_read
    if hasattr(annotation, "__pydantic_validator__"):
        return
    parts: Any = parts_of(annotation)
    if has_fields(annotation):
        if annotation in seen:
            return
        seen.add(annotation)
        cls = class_of(annotation)
        is_read = is_read and not hasattr(cls, "__struct_fields__")
        is_read = is_read and not hasattr(cls, "__attrs_attrs__")
        try:
            parts = field_types(annotation).values()
        except (NameError, TypeError):
            parts = ()  # the library that is chosen reports the name
    for part in parts:
        yield from _walk(part, seen, is_read=is_read)


def _breaks_msgspec(annotation: object) -> bool:
    """Whether it is a union that msgspec 0.22 frees wrongly: the process would end at any time."""
    if typing.get_origin(annotation) not in UNIONS:
        return False
    members = typing.get_args(annotation)
    plain = [_bare(member) for member in members]
    if any(plain.count(kind) > 1 for kind in (int, float, str, bytes)):
        return True
    return any(map(_is_fixed_tuple, plain)) and any(map(_has_limits, members))


def _bare(annotation: object) -> Any:
    is_annotated = typing.get_origin(annotation) is typing.Annotated
    return typing.get_args(annotation)[0] if is_annotated else annotation


def _is_fixed_tuple(annotation: object) -> bool:
    # "tuple[()]" has no arguments, and is fixed as well.
    is_tuple = typing.get_origin(annotation) is tuple
    return is_tuple and typing.get_args(annotation)[-1:] != (...,)


def _has_limits(annotation: object) -> bool:
    # By name: metadata of pydantic's has been refused, and msgspec need not be imported here.
    marks = getattr(annotation, "__metadata__", ())
    return any(getattr(mark, name, None) is not None for mark in marks for name in _LIMITS)


def _is_pydantics(annotation: object) -> bool:
    return (
        hasattr(annotation, "__pydantic_validator__")
        or hasattr(annotation, "__get_pydantic_core_schema__")
        or any(map(_is_pydantics_mark, getattr(annotation, "__metadata__", ())))
    )


def _is_pydantics_mark(mark: object) -> bool:
    kind = mark if isinstance(mark, type) else type(mark)
    is_theirs = kind.__module__.partition(".")[0] in _PACKAGES
    return is_theirs or hasattr(mark, "__get_pydantic_core_schema__")
