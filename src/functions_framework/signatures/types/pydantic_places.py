"""Where in an input a fault is that pydantic has found.

pydantic's `loc` mixes steps into the input with names of its own: of a union's members, of tags, of
keys. Which is which is told by walking its core schema along the `loc`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Path = tuple[str | int, ...]
Schema = Any  # a core schema is a dict of some 60 shapes

_UNIONS = frozenset({"union", "tagged-union"})
_ARRAYS = frozenset({"list", "set", "frozenset", "generator", "tuple"})
_MAPPINGS = frozenset({"dict"})
_FIELDS = frozenset({"model-fields", "dataclass-args", "typed-dict"})
_WITHIN = ("schema", "json_schema", "python_schema", "lax_schema", "strict_schema")


class Place(NamedTuple):
    """Where a fault is.

    Attributes:
        path: steps into the input.
        within: steps into the JSON text that stands there; empty where no text holds JSON.
        is_choice: whether another member of a union might take what is there.
        is_key: whether the last step itself is wrong.
    """

    path: Path
    within: Path = ()
    is_choice: bool = False
    is_key: bool = False

    def under(self, *steps: str | int) -> Place:
        """The place, seen from further out."""
        return self._replace(path=(*steps, *self.path))


class Places:
    """Finds places of faults.

    Args:
        schema: the core schema of the type.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._definitions: dict[str, Schema] = {}
        if schema["type"] == "definitions":
            self._definitions = {item["ref"]: item for item in schema["definitions"]}
            self._schema = schema["schema"]

    def find(self, loc: Path) -> Place:
        """The place that a fault's `loc` stands for."""
        return next(self._places(self._schema, loc), Place(loc))

    def _places(self, schema: Schema, loc: Path) -> Iterator[Place]:
        if not loc:
            return iter([Place(())])
        kind = schema["type"]
        for kinds, walk in (
            (_UNIONS, self._in_union),
            (_ARRAYS, self._in_array),
            (_FIELDS, self._in_fields),
            (_MAPPINGS, self._in_mapping),
        ):
            if kind in kinds:
                return walk(schema, loc)
        if kind == "json":
            return iter([Place((), within=loc)])
        if kind == "definition-ref":
            return self._places(self._definitions.get(schema["schema_ref"], _ANY), loc)
        return (place for inner in _inner(schema) for place in self._places(inner, loc))

    def _in_union(self, schema: Schema, loc: Path) -> Iterator[Place]:
        is_choice = schema["type"] == "union"
        for member in self._members(schema, str(loc[0])):
            for place in self._places(member, loc[1:]):
                yield place._replace(is_choice=is_choice or place.is_choice)

    def _members(self, schema: Schema, label: str) -> Iterable[Schema]:
        if schema["type"] == "tagged-union":
            return [item for tag, item in schema["choices"].items() if _text(tag) == label]
        members = [
            item if isinstance(item, tuple) else (item, self._name(item))
            for item in schema["choices"]
        ]
        return [member for member, _ in sorted(members, key=lambda item: item[1] != label)]

    def _name(self, schema: Schema) -> str:
        if schema["type"] == "definition-ref":
            schema = self._definitions.get(schema["schema_ref"], _ANY)
        return str(getattr(schema.get("cls"), "__name__", schema["type"]))

    def _in_array(self, schema: Schema, loc: Path) -> Iterator[Place]:
        items = schema.get("items_schema", _ANY)
        if isinstance(loc[0], int):
            several = items if isinstance(items, list) else [items]
            # What follows a repeated item in a tuple is found by its position from the end.
            for item in [*several[loc[0] : loc[0] + 1], *several]:
                for place in self._places(item, loc[1:]):
                    yield place.under(loc[0])

    def _in_mapping(self, schema: Schema, loc: Path) -> Iterator[Place]:
        if loc[1:2] == ("[key]",):
            yield Place(loc[:1], is_key=True)
        for place in self._places(schema.get("values_schema", _ANY), loc[1:]):
            yield place.under(loc[0])

    def _in_fields(self, schema: Schema, loc: Path) -> Iterator[Place]:
        fields = schema["fields"]
        named = fields.items() if isinstance(fields, dict) else [(f["name"], f) for f in fields]
        for name, field in named:
            for steps in _lookups(name, field):
                if loc[: len(steps)] == steps:
                    for place in self._places(field["schema"], loc[len(steps) :]):
                        yield place.under(*steps)
        for place in self._places(schema.get("extras_schema", _ANY), loc[1:]):
            yield place.under(loc[0])


_ANY: Mapping[str, Any] = {"type": "any"}


def _text(tag: object) -> str:
    return str(getattr(tag, "value", tag))


def _inner(schema: Schema) -> Iterator[Schema]:
    for name in _WITHIN:
        if name in schema:
            yield schema[name]
    yield from schema.get("steps", ())


def _lookups(name: str, field: Mapping[str, Any]) -> Iterator[Path]:
    """The paths that a field is looked up by: one name, one path, or several paths."""
    alias = field.get("validation_alias", name)
    if isinstance(alias, str):
        yield (alias,)
    elif alias and isinstance(alias[0], list):
        yield from map(tuple, alias)
    else:
        yield tuple(alias)
    yield (name,)
