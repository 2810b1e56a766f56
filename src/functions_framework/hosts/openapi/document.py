"""The OpenAPI 3.1 document of typed functions, from the types they are checked against.

Of event functions those that say what they take are in it, by `events`; all others say nothing of
their input, and are left out. How the document is shown is not decided here.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions_framework.model.function import Function, Signature
from functions_framework.signatures.annotations import MISSING
from functions_framework.signatures.problems import MEDIA_TYPE
from functions_framework.signatures.typed import TypedSignature
from functions_framework.signatures.types.query import is_array, is_object, variants

from .events import Events
from .schemas import PREFIX, Schema, Schemas

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.signatures.types.checked_type import CheckedType

VERSION = "3.1.0"

_PROBLEM: Schema = {
    "type": "object",
    "description": "What was wrong with the request (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "detail": {"type": "string"},
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string", "description": "Name in the query string."},
                },
                "required": ["detail"],
            },
        },
    },
    "required": ["title", "status", "detail"],
}

_CRASH: Schema = {"description": "The function failed."}


@dataclass(frozen=True, slots=True)
class _Described:
    function: Function
    signature: TypedSignature
    path: str

    @property
    def output(self) -> CheckedType | None:
        return self.signature.writer

    @property
    def texts(self) -> Schema:
        """Summary and description, from the function's docstring."""
        summary, _, rest = (inspect.getdoc(_documented(self.function)) or "").partition("\n")
        texts = {"summary": summary.strip() or self.function.name, "description": rest.strip()}
        return {key: text for key, text in texts.items() if text}


def _documented(function: Function) -> Any:
    # The docstring of a class says what its instances are; their calls have their own.
    call = function.call
    return call if inspect.isroutine(call) else getattr(type(call), "__call__", None)  # noqa: B004


def document(functions: Sequence[Function]) -> dict[str, Any]:
    """Make the OpenAPI document of those among the functions served that say what they take.

    Args:
        functions: all of them; one alone stands at `/`, several at their paths or `/<name>`.

    Raises:
        FunctionsFrameworkException: a typed function has no usable input type.
    """
    described = [
        _Described(
            function,
            TypedSignature(function.call, function.input_type),
            function.path or ("/" if len(functions) == 1 else f"/{function.name}"),
        )
        for function in functions
        if function.signature is Signature.TYPED
    ]
    schemas = Schemas()
    for item in described:
        if item.signature.checked is not None:
            schemas.add(item.signature.checked, "input")
        if item.output is not None:
            schemas.add(item.output, "output")
    events = Events(functions, schemas)
    schemas.make()
    problem = PREFIX + schemas.put("Problem", _PROBLEM) if described else ""
    result: dict[str, Any] = {
        "openapi": VERSION,
        "info": {"title": ", ".join(item.name for item in functions), "version": "1"},
        "paths": {
            **{item.path: _operations(item, schemas, problem) for item in described},
            **events.paths(),
        },
    }
    if schemas.components:
        result["components"] = {"schemas": schemas.components}
    return result


def _operations(item: _Described, schemas: Schemas, problem: str) -> Schema:
    checked = item.signature.checked
    body: Schema = {} if checked is None else schemas.of(checked, "input")
    responses = _responses(item, schemas)
    post = {
        "operationId": item.function.name,
        **item.texts,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {
            **responses,
            **_refusals({400: "not JSON", 415: "not announced as JSON"}, checked, problem),
            **(_refusals({422: "not valid"}, checked, problem) if checked else {}),
            "500": _CRASH,
        },
    }
    if checked is None:
        return {"post": post}
    get = {
        "operationId": f"get_{item.function.name}",
        **item.texts,
        "parameters": _parameters(body, schemas.components, item.signature.parameter),
        "responses": {
            **responses,
            **_refusals({400: "not UTF-8 text", 422: "not valid"}, checked, problem),
            "500": _CRASH,
        },
    }
    return {"get": get, "post": post}


def _refusals(faults: dict[int, str], checked: CheckedType | None, problem: str) -> Schema:
    kind = MEDIA_TYPE if checked else "text/plain"
    schema: Schema = {"$ref": problem} if checked else {"type": "string"}
    content = {kind: {"schema": schema}}
    return {
        str(status): {"description": f"The input is {fault}.", "content": content}
        for status, fault in faults.items()
    }


def _responses(item: _Described, schemas: Schemas) -> Schema:
    result = item.signature.result
    if result is type(None):
        return {"200": {"description": "Done; the body is empty."}}
    if item.output is None or result is MISSING or not item.output.covered:
        return {"200": {"description": "What the function returned."}}
    content = {"application/json": {"schema": schemas.of(item.output, "output")}}
    return {"200": {"description": "What the function returned.", "content": content}}


def _parameters(schema: Schema, components: dict[str, Schema], name: str) -> list[Schema]:
    if not is_object(schema, components):
        is_optional = any(item.get("type") == "null" for item in variants(schema, components))
        return [_parameter(name, schema, components, is_required=not is_optional)]
    objects = [item for item in variants(schema, components) if item.get("type") != "null"]
    if len(objects) == 1 and "properties" in objects[0]:
        required = objects[0].get("required", ())
        return [
            _parameter(field, kind, components, is_required=field in required)
            for field, kind in objects[0]["properties"].items()
        ]
    # Alternatives, or names that are not known beforehand: one object, its fields side by side.
    return [{"name": name, "in": "query", "schema": schema, "style": "form", "explode": True}]


def _parameter(
    name: str, schema: Schema, components: dict[str, Schema], *, is_required: bool
) -> Schema:
    parameter: Schema = {"name": name, "in": "query", "schema": schema}
    if is_required:
        parameter["required"] = True
    if is_array(schema, components):
        parameter |= {"style": "form", "explode": True}
    return parameter
