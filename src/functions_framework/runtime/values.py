"""Value classes: declared as with `dataclasses`, made in a hundredth of the time; named tuples.

Importing `dataclasses` and letting it write each class's methods took a tenth of the time from
start to the first response, and a megabyte in each process of a server. For what every server loads
these few generic methods do; everything else uses `dataclasses`. To type checkers both are one.
`NamedTuple` is that of `typing` likewise, which compiles a constructor and each annotation.
"""

from __future__ import annotations

__all__ = ["NamedTuple", "asdict", "field", "metadata_of", "replace", "value_class"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import asdict, field, replace
    from dataclasses import dataclass as value_class
    from typing import Any, NamedTuple
else:
    from collections import _tuplegetter

    _NOTHING = object()

    class _Field:
        """What was said of one field."""

        __slots__ = ("default", "default_factory", "metadata")

        def __init__(self, default, default_factory, metadata) -> None:
            self.default = default
            self.default_factory = default_factory
            self.metadata = metadata

    def field(*, default=_NOTHING, default_factory=None, metadata=None):
        """As `dataclasses.field`."""
        return _Field(default, default_factory, metadata or {})

    def value_class(*, frozen: bool = False, eq: bool = True) -> Callable[[type], type]:
        """As `dataclasses.dataclass`; one base class at most, no `ClassVar` or slots."""

        def made(cls: type) -> type:
            fields = dict(getattr(cls.__base__, "__value_fields__", ()))
            for name in cls.__annotations__:
                found = vars(cls).get(name, _NOTHING)
                fields[name] = found if isinstance(found, _Field) else field(default=found)
                # A default is the class's own attribute, and no instance's.
                if fields[name].default is not _NOTHING:
                    setattr(cls, name, fields[name].default)
                elif found is not _NOTHING:
                    delattr(cls, name)
            cls.__value_fields__ = fields
            cls.__init__ = _init
            cls.__repr__ = _repr
            if eq:
                cls.__eq__ = _eq
                cls.__hash__ = _hash if frozen else None
            if frozen:
                cls.__setattr__ = cls.__delattr__ = _refuse
            return cls

        return made

    def _init(self, *values: Any, **named: Any) -> None:
        cls = type(self)
        fields = cls.__value_fields__
        if len(values) > len(fields):
            raise TypeError(f"{cls.__name__} takes {len(fields)} values, got {len(values)}")
        given = dict(zip(fields, values, strict=False))
        for name in named:
            if name in given or name not in fields:
                what = "twice" if name in given else "unexpected"
                raise TypeError(f"{cls.__name__}: {what}: {name}")
        given.update(named)
        for name, item in fields.items():
            if name in given:
                continue
            if item.default_factory is not None:
                given[name] = item.default_factory()
            elif item.default is _NOTHING:
                raise TypeError(f"{cls.__name__}: missing: {name}")
        self.__dict__.update(given)

    def _repr(self) -> str:
        inner = ", ".join(f"{name}={value!r}" for name, value in asdict(self).items())
        return f"{type(self).__qualname__}({inner})"

    def _eq(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return asdict(self) == asdict(other)

    def _hash(self) -> int:
        return hash(tuple(asdict(self).values()))

    def _refuse(self, name: str, *_value: Any) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be set: it is a value.")

    def asdict(value: object) -> dict[str, Any]:
        """The fields' values by name; what they hold is not copied."""
        return {name: getattr(value, name) for name in type(value).__value_fields__}

    def replace(value, **changes):
        """As `dataclasses.replace`."""
        return type(value)(**{**asdict(value), **changes})

    class _NamedTuple(tuple):
        """What named tuples have in common."""

        __slots__ = ()

        def __repr__(self) -> str:
            inner = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({inner})"

        def __getnewargs__(self):
            return tuple(self)

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **changes):
            values = [changes.pop(name, value) for name, value in self._asdict().items()]
            if changes:
                raise ValueError(f"{type(self).__name__} has no {', '.join(changes)}")
            return self._make(values)

    class _Making(type):
        """Makes the classes that are declared below `NamedTuple`: ordinary ones."""

        def __new__(cls, name, _bases, names):
            fields = tuple(names.get("__annotations__", ()))
            defaults = {each: names[each] for each in fields if each in names}
            getters = {each: _tuplegetter(at, None) for at, each in enumerate(fields)}
            names.update(getters, __slots__=(), _fields=fields, __match_args__=fields)
            names["__new__"] = _constructor(fields, defaults)
            return type(name, (_NamedTuple,), names)

    def _constructor(fields, defaults):
        size = len(fields)
        made = tuple.__new__

        def __new__(cls, /, *values, **named):  # noqa: N807
            if len(values) == size and not named:
                return made(cls, values)
            given = {**defaults, **dict(zip(fields, values, strict=False)), **named}
            twice = len(values) > size or any(name in named for name in fields[: len(values)])
            if twice or len(given) != size or given.keys() != set(fields):
                raise TypeError(f"{cls.__name__} takes {', '.join(fields)}; got {values}, {named}")
            return made(cls, [given[name] for name in fields])

        return __new__

    NamedTuple = type.__new__(_Making, "NamedTuple", (), {})


def metadata_of(cls: type) -> Mapping[str, Mapping[str, Any]]:
    """What was said of each field of a value class, by its name."""
    fields: dict[str, Any] = cls.__value_fields__  # type: ignore[attr-defined]
    return {name: item.metadata for name, item in fields.items()}
