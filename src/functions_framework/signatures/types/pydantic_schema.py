"""JSON schemas of pydantic's types, made to say what is checked where pydantic's own say less."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

Schema = dict[str, Any]
Steps = tuple[str | int, ...]

_IMPOSSIBLE = frozenset({"is-instance", "is-subclass", "callable"})


class Document(GenerateJsonSchema):
    """Schemas for OpenAPI documents and query strings."""

    def field_is_present(self, field: Any) -> bool:
        """Leave out what `__init__` does not take; pydantic passes over it in an input."""
        is_settable = self.mode != "validation" or field.get("init") is not False
        return is_settable and super().field_is_present(field)

    def set_schema(self, schema: Any) -> Schema:
        """A set may be given with an item twice."""
        return self._without_uniqueness(super().set_schema(schema))

    def frozenset_schema(self, schema: Any) -> Schema:
        """A set may be given with an item twice."""
        return self._without_uniqueness(super().frozenset_schema(schema))

    def _without_uniqueness(self, made: Schema) -> Schema:
        if self.mode == "validation":
            made.pop("uniqueItems", None)
        return made

    def model_fields_schema(self, schema: Any) -> Schema:
        """The fields of a model, each under every name it is looked up by."""
        return self._with_lookups(super().model_fields_schema(schema), schema["fields"])

    def dataclass_args_schema(self, schema: Any) -> Schema:
        """The fields of a dataclass, each under every name it is looked up by."""
        fields = {field["name"]: field for field in schema["fields"]}
        return self._with_lookups(super().dataclass_args_schema(schema), fields)

    def _with_lookups(self, made: Schema, fields: dict[str, Any]) -> Schema:
        for name, field in fields.items() if self.mode == "validation" else ():
            paths = lookups(field)
            single = [path[0] for path in paths if len(path) == 1]
            known = single[0] if single else name
            if paths and known in made["properties"]:
                value = made["properties"].pop(known)
                value.pop("title", None)  # made of one of the names
                is_required = known in made.get("required", ())
                if is_required:
                    made["required"].remove(known)
                choices = [_at(path, value) for path in paths]
                for choice in choices:
                    _add_properties(made, choice["properties"])
                if is_required:
                    made.setdefault("allOf", []).append({"anyOf": [*map(_present, paths)]})
        if not made.get("required", True):
            del made["required"]
        return made

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> Schema:  # noqa: ARG002
        """What JSON cannot hold is said to be impossible; what only code knows, to be anything."""
        return {"not": {}} if schema["type"] in _IMPOSSIBLE else {}

    def render_warning_message(self, kind: object, detail: str) -> None:
        """Say nothing: a default that isn't JSON is simply not described."""


def lookups(field: Any) -> list[Steps]:
    """The paths a field is looked up by, where that is not one plain name."""
    alias = field.get("validation_alias")
    if not isinstance(alias, list):
        return []
    return [tuple(path) for path in alias] if isinstance(alias[0], list) else [tuple(alias)]


def _at(path: Steps, value: Schema) -> Schema:
    """A schema that asks for a value at a path, if the path is there."""
    for step in reversed(path):
        if isinstance(step, str):
            value = {"properties": {step: value}}
        else:
            value = {"prefixItems": [{}] * step + [value]}
    return value


def _present(path: Steps) -> Schema:
    """A schema that asks for a path to be there."""
    found: Schema = {}
    for step in reversed(path):
        if isinstance(step, str):
            found = {"type": "object", "required": [step], "properties": {step: found}}
        else:
            found = {"type": "array", "minItems": step + 1, "prefixItems": [{}] * step + [found]}
    return found


def _add_properties(made: Schema, properties: Schema) -> None:
    for name, schema in properties.items():
        known = made["properties"].get(name)
        made["properties"][name] = schema if known is None else {"allOf": [known, schema]}
