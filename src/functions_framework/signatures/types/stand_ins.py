"""Types that msgspec checks in place of classes whose `__init__` it would not call.

msgspec sets the fields of a dataclass or attrs class itself. Where `__init__` takes something else
(`field(init=False)`, `InitVar`, converters, aliases, an `__init__` written by hand), a Struct of
what it takes stands in for the class while the input is checked, and for each class that holds
one; `construction` then calls the classes.
"""

from __future__ import annotations

import typing
from enum import Enum
from typing import Any, NamedTuple

import msgspec

from .descriptions import described, has_opaque_default, needs_description
from .field_types import (
    class_of,
    field_types,
    has_fields,
    is_named_tuple,
    is_plain_class,
    is_typed_dict,
)
from .init_parameters import (
    ABSENT,
    Parameter,
    fields_of,
    has_more_than_fields,
    parameters_of,
    takes_its_fields,
)
from .type_parts import kinds_in, with_parts

if typing.TYPE_CHECKING:
    from collections.abc import Iterable


class Use(Enum):
    """What a rewritten type is for."""

    TAKEN = "to check inputs"
    INPUT = "to describe inputs"
    RESULT = "to describe results"


class Slot(NamedTuple):
    """One field of a stand-in.

    Attributes:
        name: the keyword that the class is called with.
        step: the name in JSON; the index where the fields stand in an array.
        parameter: its type, and whether it must be there.
    """

    name: str
    step: str | int
    parameter: Parameter


class StandIn(NamedTuple):
    """What a stand-in stands for.

    Attributes:
        kind: the class, or the class filled in: `Box[int]`.
        slots: its fields, in order; the stand-in calls them `f0`, `f1` and so on.
    """

    kind: Any
    slots: tuple[Slot, ...]

    def make(self, given: dict[str, Any]) -> Any:
        """Call the class."""
        cls = class_of(self.kind)
        return given if is_typed_dict(cls) else cls(**given)


class StandIns:
    """Rewrites a type so that stand-ins take the place of the classes that need one.

    Args:
        annotation: the type.
        use: what the rewritten type is for. To describe it, classes need a stand-in too that hold a
            type which msgspec does not describe well; stand-ins for results have the fields.

    Attributes:
        type: the rewritten type; the same object where no class needs a stand-in.
        by_class: what each stand-in stands for.

    Raises:
        NameError: the type of a field cannot be resolved.
        TypeError: an `__init__` takes something that cannot be checked.
    """

    def __init__(self, annotation: object, use: Use = Use.TAKEN) -> None:
        self.by_class: dict[type, StandIn] = {}
        self._made: dict[Any, type] = {}
        self._use = use
        self._needed = self._needing(annotation)
        self.type = self._rewritten(annotation)

    def real_class(self, cls: type) -> type:
        """The class that a stand-in stands for, any other class itself."""
        found = self.by_class.get(cls)
        return class_of(found.kind if found else cls)  # type: ignore[no-any-return]

    def _rewritten(self, annotation: object) -> Any:
        if has_fields(annotation):
            return self._stand_in(annotation) if annotation in self._needed else annotation
        rewritten = with_parts(annotation, self._rewritten)
        return rewritten if self._use is Use.TAKEN else described(rewritten)

    def _stand_in(self, kind: object) -> type:
        if kind not in self._made:
            slots = _slots_of(kind, self._parameters(kind))
            made = _struct(kind, slots)
            self._made[kind] = made  # before its fields, which may hold the class itself
            self.by_class[made] = StandIn(kind, slots)
            made.__annotations__ = {
                f"f{index}": self._rewritten(slot.parameter.type)
                for index, slot in enumerate(slots)
            }
        return self._made[kind]

    def _needing(self, annotation: object) -> set[Any]:
        """The classes within a type that need a stand-in, or hold one that does."""
        holders: dict[Any, set[Any]] = {}
        found: set[Any] = set()
        waiting = list(kinds_in(annotation))
        seen = set(waiting)
        while waiting:
            kind = waiting.pop()
            held = {part for item in self._types_in(kind, found) for part in kinds_in(item)}
            for part in held:
                holders.setdefault(part, set()).add(kind)
            waiting += held - seen
            seen |= held
        waiting = list(found)
        while waiting:
            new = holders.get(waiting.pop(), set()) - found
            found |= new
            waiting += new
        return found

    def _types_in(self, kind: object, found: set[Any]) -> Iterable[Any]:
        if self._is_called(kind):
            found.add(kind)
            return [item.type for item in self._parameters(kind)]
        held = field_types(kind).values()
        if self._use is not Use.TAKEN and (
            has_opaque_default(kind) or any(map(needs_description, held))
        ):
            found.add(kind)
        return held

    def _is_called(self, kind: object) -> bool:
        if not _is_made_by_fields(class_of(kind)):
            return False
        return has_more_than_fields(kind) if self._use is Use.RESULT else not takes_its_fields(kind)

    def _parameters(self, kind: object) -> list[Parameter]:
        cls = class_of(kind)
        if not _is_made_by_fields(cls):
            return _keys_of(kind)
        return fields_of(kind) if self._use is Use.RESULT else parameters_of(kind)


def _is_made_by_fields(cls: object) -> bool:
    return hasattr(cls, "__dataclass_fields__") or hasattr(cls, "__attrs_attrs__")


def _slots_of(kind: object, taken: list[Parameter]) -> tuple[Slot, ...]:
    cls = class_of(kind)
    config = getattr(cls, "__struct_config__", None)
    names = getattr(cls, "__struct_encode_fields__", [item.name for item in taken])
    if is_named_tuple(cls) or (config and config.array_like):
        start = 0 if getattr(config, "tag", None) is None else 1
        return tuple(Slot(item.name, start + at, item) for at, item in enumerate(taken))
    return tuple(Slot(item.name, name, item) for name, item in zip(names, taken, strict=True))


def _keys_of(kind: object) -> list[Parameter]:
    """What a TypedDict, NamedTuple or Struct is made from."""
    cls = class_of(kind)
    kinds = field_types(kind)
    if is_typed_dict(cls):
        return [_key(cls, name, annotation) for name, annotation in kinds.items()]
    if is_named_tuple(cls):
        return [
            Parameter(name, kinds.get(name, Any), name not in cls._field_defaults)
            for name in cls._fields
        ]
    names, defaults = cls.__struct_fields__, cls.__struct_defaults__
    required = len(names) - len(defaults)
    return [
        Parameter(name, kinds[name], at < required or defaults[at - required] is msgspec.NODEFAULT)
        for at, name in enumerate(names)
    ]


def _key(cls: Any, name: str, annotation: Any) -> Parameter:
    # Under "from __future__ import annotations" the class itself does not know what is required.
    is_required = name in cls.__required_keys__
    while (mark := getattr(typing.get_origin(annotation), "_name", "")) in _MARKS:
        is_required = {"Required": True, "NotRequired": False}.get(mark, is_required)
        (annotation,) = typing.get_args(annotation)
    return Parameter(name, annotation, is_required)


_MARKS = frozenset({"Required", "NotRequired", "ReadOnly"})


def _struct(kind: object, slots: tuple[Slot, ...]) -> type:
    """A Struct with the slots as fields, under the name and with the description of the class."""
    cls = class_of(kind)
    config = getattr(cls, "__struct_config__", None)
    is_array = is_named_tuple(cls) or bool(config and config.array_like)
    fields: list[Any] = []
    for index, (_, _, parameter) in enumerate(slots):
        default = msgspec.UNSET if parameter.default is ABSENT else parameter.default
        plain = (f"f{index}", Any)
        fields.append(plain if parameter.is_required else (*plain, default))
    made = msgspec.defstruct(
        _name_of(kind),
        fields,
        module=cls.__module__,
        namespace={"__doc__": _description_of(cls)},
        rename={f"f{index}": str(slot.step) for index, slot in enumerate(slots)},
        kw_only=True,
        eq=False,  # by identity, so that they may stand in sets
        array_like=is_array,
        tag=config.tag if config else None,
        tag_field=config.tag_field if config else None,
        forbid_unknown_fields=is_named_tuple(cls) or bool(config and config.forbid_unknown_fields),
    )
    # Where short names clash, schemas go by this one.
    made.__qualname__ = f"{cls.__qualname__}{made.__name__.removeprefix(cls.__name__)}"
    return made


def _name_of(kind: object) -> str:
    given = typing.get_args(kind)
    arguments = ", ".join(i.__name__ if is_plain_class(i) else repr(i) for i in given)
    name = class_of(kind).__name__
    return f"{name}[{arguments}]" if arguments else str(name)


def _description_of(cls: Any) -> str | None:
    text = cls.__doc__ or ""
    is_made_up = text.startswith(f"{cls.__name__}(") and text.endswith(")")
    return None if is_made_up or not text else str(text)
