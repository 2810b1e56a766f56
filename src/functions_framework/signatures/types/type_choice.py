"""Which library checks a type: pydantic if it, or a part of it, is pydantic's; else msgspec."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

if typing.TYPE_CHECKING:
    from .checked_type import CheckedType


def choose(annotation: Any, parameter: str = "value") -> CheckedType:
    """Make the checked type for an annotation.

    Raises:
        UnsupportedTypeError: neither library takes the type.
    """
    if is_pydantic(annotation):
        from .pydantic_type import PydanticType

        return PydanticType(annotation, parameter)
    from .msgspec_type import MsgspecType, UnsupportedTypeError

    try:
        return MsgspecType(annotation, parameter)
    except UnsupportedTypeError:
        from .alternatives import Alternatives, members_of

        if not members_of(annotation):
            raise
        return Alternatives(annotation, parameter)


def is_pydantic(annotation: Any) -> bool:
    """Whether pydantic's own classes occur in a type; found without importing pydantic."""
    return _holds_pydantic(annotation, set())


def _holds_pydantic(annotation: Any, seen: set[int]) -> bool:
    if id(annotation) in seen:
        return False
    seen.add(id(annotation))
    if hasattr(annotation, "__pydantic_validator__") or hasattr(
        annotation, "__get_pydantic_core_schema__"
    ):
        return True
    parts = list(typing.get_args(annotation))
    is_class = isinstance(annotation, type) and typing.get_origin(annotation) is None
    if is_class and (
        dataclasses.is_dataclass(annotation) or hasattr(annotation, "__required_keys__")
    ):
        try:
            parts = list(typing.get_type_hints(annotation, include_extras=True).values())
        except NameError:
            parts = []  # the library that is chosen reports the name
    return any(_holds_pydantic(part, seen) for part in parts)
