"""Calls the classes that stand-ins stood for, from the innermost to the outermost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect as shapes

from functions_framework.signatures.problems import Fault

from .faults import HIDDEN, Path
from .shapes import is_secret, subtypes

if TYPE_CHECKING:
    from .stand_ins import StandIn, StandIns


class Construction:
    """Makes the values of a type from the stand-ins that msgspec has checked.

    Args:
        stand_ins: what stands for what.
        shape: the type, from `msgspec.inspect.type_info`.
    """

    def __init__(self, stand_ins: StandIns, shape: shapes.Type) -> None:
        self._by_class = stand_ins.by_class
        kinds: list[Any] = list(subtypes(shape))
        self._hides = any(map(is_secret, kinds))
        self._hides_names = any(
            is_secret(item.key_type) for item in kinds if hasattr(item, "key_type")
        )
        self._secret_slots = {
            (item.cls, index)
            for item in kinds
            if isinstance(item, shapes.StructType) and item.cls in self._by_class
            for index, field in enumerate(item.fields)
            if is_secret(field.type)
        }

    def construct(self, value: object) -> tuple[Any, list[Fault]]:
        """The value with each stand-in replaced by an instance, and what the classes refused."""
        found: list[Fault] = []
        return self._made(value, (), found), found

    def _made(self, value: Any, path: Path, found: list[Fault]) -> Any:
        kind = type(value)
        stand_in = self._by_class.get(kind)
        if stand_in is not None:
            return self._called(stand_in, value, path, found)
        if kind is dict:
            return {key: self._made(item, (*path, key), found) for key, item in value.items()}
        if kind in {list, tuple, set, frozenset}:
            made = (self._made(item, (*path, at), found) for at, item in enumerate(value))
            return kind(made)
        return value

    def _called(self, stand_in: StandIn, value: object, path: Path, found: list[Fault]) -> Any:
        given = {}
        before = len(found)
        for index, slot in enumerate(stand_in.slots):
            item = getattr(value, f"f{index}")
            if item is msgspec.UNSET:
                continue
            within: list[Fault] = []
            where = (*path, slot.step)
            given[slot.name] = self._made(item, where, within)
            is_hidden = within and (type(value), index) in self._secret_slots
            found += [Fault(where, HIDDEN)] if is_hidden else within
        if len(found) > before:
            return None
        try:
            return stand_in.make(given)
        except (ValueError, TypeError) as error:
            found.append(self._fault(path, error))

    def _fault(self, path: Path, error: Exception) -> Fault:
        # A class's own check may quote any of its fields.
        if self._hides:
            return Fault(() if self._hides_names else path, HIDDEN)
        text = next((item for item in error.args if isinstance(item, str)), str(error))
        return Fault(path, f"{text.rstrip('.')}.")
