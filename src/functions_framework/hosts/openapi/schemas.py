"""JSON schemas of the types of typed functions, gathered under names that never clash.

Each library writes the schemas of its own types: msgspec with `schema_components`, pydantic with
`TypeAdapter.json_schemas`. Nothing here knows of OpenAPI but where its schemas live.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from functions_framework.signatures.types.alternatives import Alternatives
from functions_framework.signatures.types.msgspec_type import MsgspecType, schema_hook
from functions_framework.signatures.types.stand_ins import Use

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from functions_framework.signatures.types.checked_type import CheckedType

Schema = dict[str, Any]
Purpose = Literal["input", "output"]

_USES: dict[Purpose, Use] = {"input": Use.INPUT, "output": Use.RESULT}
_DECIMAL = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"

PREFIX = "#/components/schemas/"


class Schemas:
    """Collects types, and then their schemas.

    Attributes:
        components: the schemas that others refer to, by name.
    """

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}
        self._types: dict[tuple[int, Purpose], CheckedType] = {}
        self._schemas: dict[tuple[int, Purpose], Schema] = {}

    def add(self, checked: CheckedType, purpose: Purpose) -> None:
        """Ask for the schema of a type; all are made together, so that equal names can differ."""
        for item in _members(checked):
            self._types[id(item), purpose] = item

    def make(self) -> None:
        """Make the schemas of all types added."""
        by_msgspec = {k: t for k, t in self._types.items() if isinstance(t, MsgspecType)}
        for purpose, use in _USES.items():
            types = {key[0]: t.described(use) for key, t in by_msgspec.items() if key[1] == purpose}
            self._merge(*_msgspec_schemas(types, purpose))
        by_pydantic = {k: t for k, t in self._types.items() if k not in by_msgspec}
        if by_pydantic:
            self._merge(*_pydantic_schemas(by_pydantic))

    def of(self, checked: CheckedType, purpose: Purpose) -> Schema:
        """The schema of a type that was added; may refer to `components`."""
        schemas = [self._schemas[id(item), purpose] for item in _members(checked)]
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}

    def _merge(
        self, schemas: Mapping[tuple[int, Purpose], Schema], components: Mapping[str, Schema]
    ) -> None:
        clashing = self._clashing(components)
        names = {name: name for name in components}
        names |= {name: self._free_name(name, components) for name in clashing}
        for name, schema in components.items():
            self.components[names[name]] = _renamed(schema, names)
        for key, schema in schemas.items():
            self._schemas[key] = _renamed(schema, names)

    def put(self, name: str, schema: Schema) -> str:
        """Add a schema that isn't a type's; returns the name it got."""
        if self.components.get(name, schema) != schema:
            name = self._free_name(name, {})
        self.components[name] = schema
        return name

    def _clashing(self, components: Mapping[str, Schema]) -> set[str]:
        """Names that are taken by another schema, or by an equal one that refers to such a name."""
        known = {name: item for name, item in components.items() if name in self.components}
        found = {
            name for name, item in known.items() if self.components[name] != _renamed(item, {})
        }
        while True:
            more = {name for name, item in known.items() if found & set(references(item))} - found
            if not more:
                return found
            found |= more

    def _free_name(self, name: str, others: Mapping[str, Schema]) -> str:
        number = 2
        while f"{name}{number}" in {*self.components, *others}:
            number += 1
        return f"{name}{number}"


def _members(checked: CheckedType) -> list[CheckedType]:
    return [*checked.members] if isinstance(checked, Alternatives) else [checked]


def _msgspec_schemas(
    types: Mapping[int, Any], purpose: Purpose
) -> tuple[dict[tuple[int, Purpose], Schema], dict[str, Schema]]:
    made, components = msgspec.json.schema_components(
        types.values(), schema_hook=schema_hook, ref_template=PREFIX + "{name}"
    )
    if purpose == "input":
        made = tuple(map(_as_taken, made))
        components = {name: _as_taken(item) for name, item in components.items()}
    return {(id_, purpose): item for id_, item in zip(types, made, strict=True)}, components


def _as_taken(value: object) -> Any:
    """A schema that says how msgspec reads: an item of a set may come twice, a decimal bare."""
    if isinstance(value, list):
        return [_as_taken(item) for item in value]
    if not isinstance(value, dict):
        return value
    taken = {key: _as_taken(item) for key, item in value.items() if key != "default"}
    if isinstance(value.get("uniqueItems"), bool):
        del taken["uniqueItems"]
    if value.get("format") == "decimal":
        taken |= {"type": ["string", "number"], "pattern": _DECIMAL}
    return taken | {key: value[key] for key in ("default",) if key in value}


def references(value: object) -> Iterator[str]:
    """The names of the components that a schema refers to."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref" and isinstance(item, str):
                yield item.removeprefix(PREFIX)
            else:
                yield from references(item)


def _pydantic_schemas(
    types: Mapping[tuple[int, Purpose], Any],
) -> tuple[dict[tuple[int, Purpose], Schema], dict[str, Schema]]:
    import pydantic

    from functions_framework.signatures.types.pydantic_schema import Document

    modes: dict[Purpose, Literal["validation", "serialization"]] = {
        "input": "validation",
        "output": "serialization",
    }
    made, shared = pydantic.TypeAdapter.json_schemas(
        [(key, modes[key[1]], checked.adapter) for key, checked in types.items()],
        ref_template=PREFIX + "{model}",
        schema_generator=Document,
    )
    secrets = frozenset().union(*(checked.secret_names for checked in types.values()))
    by_key = {key: _with_secrets(dict(schema), secrets) for (key, _), schema in made.items()}
    return by_key, _with_secrets(shared.get("$defs", {}), secrets)


def _with_secrets(value: object, names: frozenset[str]) -> Any:
    """A schema whose secret properties say so; pydantic does not know our mark."""
    if not isinstance(value, dict):
        return [_with_secrets(item, names) for item in value] if isinstance(value, list) else value
    marked = {key: _with_secrets(item, names) for key, item in value.items()}
    properties = marked.get("properties")
    if isinstance(properties, dict):
        for name in names & properties.keys():
            properties[name] = {**properties[name], "writeOnly": True}
    return marked


def _renamed(value: object, names: Mapping[str, str]) -> Any:
    """The schema with its references led to the names its components got.

    Defaults that are secret, or that could hold secrets, are left out.
    """
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    is_discriminator = isinstance(value.get("propertyName"), str)
    renamed = {}
    for key, item in value.items():
        if key == "$ref":
            renamed[key] = _target(item, names)
        elif key == "mapping" and is_discriminator:
            renamed[key] = {tag: _target(to, names) for tag, to in item.items()}
        elif key == "default" and (value.get("writeOnly") or isinstance(item, (dict, list))):
            continue
        else:
            renamed[key] = _renamed(item, names)
    return renamed


def _target(reference: object, names: Mapping[str, str]) -> Any:
    if not isinstance(reference, str):  # a field that happens to have this name
        return _renamed(reference, names)
    name = reference.removeprefix(PREFIX)
    return PREFIX + names[name] if name in names else reference
