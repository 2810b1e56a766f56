"""Query strings as input: from `a=1&b=x&b=y` to the value a type is made from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from ..problems import MalformedInput

Schema = Mapping[str, Any]


class QueryShape(NamedTuple):
    """How the fields of a query string map to an input.

    Attributes:
        parameter: the one name whose value is the input; None when the fields together are.
        lists: names that hold a list even when they occur once.
        has_list_values: whether every name does.
    """

    parameter: str | None
    lists: frozenset[str]
    has_list_values: bool = False

    def read(self, query: str) -> Any:
        """Collect the fields; a name that occurs several times gives a list.

        Raises:
            MalformedInput: an escaped part of the query string isn't UTF-8.
        """
        try:
            pairs = parse_qsl(query, keep_blank_values=True, errors="strict")
        except UnicodeDecodeError:
            raise MalformedInput("The query string is not valid: it is not UTF-8 text.") from None
        fields: dict[str, Any] = {}
        for name, value in pairs:
            if name in self.lists or self.has_list_values:
                fields.setdefault(name, []).append(value)
            elif name not in fields:
                fields[name] = value
            elif isinstance(fields[name], list):
                fields[name].append(value)
            else:
                fields[name] = [fields[name], value]
        return fields


def variants(schema: Schema, definitions: Mapping[str, Schema]) -> Iterator[Schema]:
    """The plain schemas a schema stands for: references followed, alternatives one by one."""
    if "$ref" in schema:
        yield from variants(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    elif "anyOf" in schema or "oneOf" in schema:
        for member in [*schema.get("anyOf", ()), *schema.get("oneOf", ())]:
            yield from variants(member, definitions)
    else:
        yield schema


def is_object(schema: Schema, definitions: Mapping[str, Schema]) -> bool:
    """Whether a JSON object can be (any of) what a schema describes."""
    return any(
        item.get("type") == "object" or not {"type", "enum", "const"} & item.keys()
        for item in variants(schema, definitions)
    )


def is_array(schema: object, definitions: Mapping[str, Schema]) -> bool:
    """Whether a JSON array can be (any of) what a schema describes."""
    return isinstance(schema, Mapping) and any(
        item.get("type") == "array" for item in variants(schema, definitions)
    )


def shape_of(schema: Schema, definitions: Mapping[str, Schema], parameter: str) -> QueryShape:
    """Derive the shape from a type's JSON schema.

    Args:
        schema: of the input; `$ref` may point into `definitions`.
        definitions: schemas by name.
        parameter: the function's parameter, the name under which a scalar or a list is given.
    """
    if not is_object(schema, definitions):
        lists = {parameter} if is_array(schema, definitions) else set()
        return QueryShape(parameter, frozenset(lists))
    found: set[str] = set()
    has_list_values = False
    for item in variants(schema, definitions):
        properties = item.get("properties", {})
        found.update(name for name, field in properties.items() if is_array(field, definitions))
        has_list_values |= is_array(item.get("additionalProperties"), definitions)
    return QueryShape(None, frozenset(found), has_list_values)
