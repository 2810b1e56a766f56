"""What of the OpenAPI document is about events: what functions take, as structured events.

Only functions that say what they take are in it: by `type=`, or by the type of a decoded event.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.events.binding import REQUIRED, STRUCTURED_TYPE
from functions_framework.model.function import Signature
from functions_framework.signatures.event_parameters import event_parameter, event_types_of

from .schemas import Schema, Schemas, references

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from functions_framework.model.function import Function
    from functions_framework.signatures.types.checked_type import CheckedType

_TEXT: Schema = {"type": "string", "minLength": 1}


class _Taken(NamedTuple):
    """Events that a function takes: their types, and what their data is checked against."""

    types: list[str]
    data: CheckedType | None


class Events:
    """The event functions of a document.

    Args:
        functions: all that are served.
        schemas: gets the types of the data of their events.
    """

    def __init__(self, functions: Sequence[Function], schemas: Schemas) -> None:
        self._schemas = schemas
        self._by_path: dict[str, list[Function]] = {}
        self._taken: dict[str, list[_Taken]] = {}
        for function in functions:
            if function.signature is not Signature.CLOUDEVENT or "batch" in function.options:
                continue
            taken = list(_taken_by(function))
            if taken:
                is_alone = len(functions) == 1 or "types" in function.options
                path = function.path or ("/" if is_alone else f"/{function.name}")
                self._by_path.setdefault(path, []).append(function)
                self._taken.setdefault(path, []).extend(taken)
        for item in self._checked():
            schemas.add(item, "input")

    def _checked(self) -> Iterator[CheckedType]:
        for taken in self._taken.values():
            yield from (item.data for item in taken if item.data is not None)

    def paths(self) -> dict[str, Schema]:
        """The operations by path, when the schemas are made."""
        for item in self._checked():
            self._loosen(self._schemas.of(item, "input"))
        return {path: {"post": self._operation(path)} for path in self._by_path}

    def _loosen(self, schema: object) -> None:
        """Let numbers be text in all components of a type, as they are read."""
        seen: set[str] = set()
        left = [*references(schema)]
        while left:
            name = left.pop()
            if name not in seen:
                seen.add(name)
                found = self._schemas.components[name]
                left += references(found)
                self._schemas.components[name] = _loosened(found)

    def _operation(self, path: str) -> Schema:
        functions = self._by_path[path]
        events = [self._event(item) for item in self._taken[path]]
        body = events[0] if len(events) == 1 else {"anyOf": events}
        return {
            "operationId": "_".join(function.name for function in functions),
            "summary": ", ".join(function.name for function in functions),
            "requestBody": {"required": True, "content": {STRUCTURED_TYPE: {"schema": body}}},
            "responses": {
                "200": {"description": "The event was taken."},
                "400": {"description": "The event is not what the function takes."},
                "500": {"description": "The function failed."},
                "503": {"description": "The event is wanted again."},
            },
        }

    def _event(self, taken: _Taken) -> Schema:
        kinds = [_type_schema(one) for one in taken.types]
        properties = dict.fromkeys(REQUIRED, _TEXT)
        properties["type"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        required = list(REQUIRED)
        if taken.data is not None:
            properties["data"] = self._schemas.of(taken.data, "input")
        return {"type": "object", "properties": properties, "required": required}


def _taken_by(function: Function) -> Iterator[_Taken]:
    parameter = event_parameter(function)
    if parameter is None:
        types = event_types_of(function)
        if types:
            yield _Taken(types, None)
        return
    from functions_framework.signatures.event_types.event_value import checker_of

    for cls, _ in parameter.wanted:
        types = list(function.options.get("types", cls.event_types))
        yield _Taken(types, checker_of(cls))


def _type_schema(pattern: str) -> Schema:
    if pattern == "*":
        return _TEXT
    if pattern.endswith(".*"):
        return {"type": "string", "pattern": f"^{re.escape(pattern[:-1])}"}
    return {"const": pattern}


def _loosened(schema: object) -> Any:
    if isinstance(schema, list):
        return [_loosened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    loose = {name: _loosened(item) for name, item in schema.items()}
    if schema.get("type") in ("integer", "number"):
        loose["type"] = [schema["type"], "string"]
    return loose
