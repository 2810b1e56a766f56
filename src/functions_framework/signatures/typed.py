"""The `typed` signature: a checked value in, a value out, as JSON.

There are two kinds of input type. A class with `from_dict` reads JSON itself (and its results have
`to_dict`); the request is a POST, its faults are answered in one line of text, and an exception of
`from_dict` is a crash. Any other type is checked against its annotation; the request may also be a
GET with a query string, and faults are answered with a problem document.

Results of both kinds:

==================================  ========================================================
returned                            reply
==================================  ========================================================
an object that has `to_dict`        200, JSON as `json.dumps` writes it
what the return annotation covers   200, compact JSON (annotated input types only)
dataclass, attrs, Struct, pydantic  200, compact JSON
None                                200, empty
(one of these, status[, headers])   the same with that status and those headers
anything else                       as an http function's result (see `responses`); an int or
                                    bool that no annotation covers is a crash
==================================  ========================================================
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, get_origin

from functions_framework.exceptions import MalformedRequest, UnsupportedMediaType
from functions_framework.model.json_encoding import json_encoder
from functions_framework.model.json_text import is_json, loads, why_unreadable
from functions_framework.model.message import JSON, Message, Reply, tuple_of

from . import results
from .annotations import MISSING, fail, parameters, resolve, return_annotation
from .problems import UnsupportedInputType

if TYPE_CHECKING:
    from collections.abc import Callable

    from .types.checked_type import CheckedType

_REMEDY = (
    "Annotate it with a dataclass, attrs class, TypedDict, msgspec.Struct, pydantic model, "
    "a builtin type or a combination of these, or with a class that has from_dict; "
    "or name the type in the decorator: @functions_framework.typed(Type)"
)
_TAKES_JSON = "Expected a body of the media type application/json"

# The bytes of json.dumps, without building an encoder a call.
_dumps = json_encoder(allow_nan=False)


class TypedSignature:
    """Decodes what one typed function takes and encodes what it returns.

    Args:
        function: the user's function; its first parameter's annotation is the input type.
        input_type: the decorator's argument, None when it was used bare.

    Attributes:
        input_type: the type that was found.
        parameter: name of the function's first parameter.
        checked: checks the input, None for a class with `from_dict`.
        result: the resolved return annotation, `annotations.MISSING` when there is none, or when
            the input type has `from_dict`: those functions never needed to resolve it.
        writer: writes results of the return annotation's type; None without one.
        methods: the HTTP methods that reach the function.

    Raises:
        FunctionsFrameworkException: there is no usable type, or there are two.
    """

    def __init__(self, function: Callable[..., Any], input_type: object = None) -> None:
        self.parameter, self.input_type = _input_of(function, input_type)
        self.checked: CheckedType | None = None
        self.result: Any = MISSING
        self.writer: CheckedType | None = None
        self._covered: frozenset[type] = frozenset()
        from_dict = getattr(self.input_type, "from_dict", None)
        if callable(from_dict):
            self._from_dict: Callable[[Any], Any] = from_dict
            self.methods = frozenset({"POST"})
            return
        self.checked = checked_type(function, self.input_type, self.parameter)
        self.methods = frozenset({"POST", "GET", "HEAD"})
        self._read_result(function)

    def _read_result(self, function: Callable[..., Any]) -> None:
        written = return_annotation(function)
        if written is MISSING:
            return
        try:
            self.result = resolve(function, written)
        except (NameError, SyntaxError, TypeError) as error:
            fail(function, f"its return annotation {written!r} cannot be resolved: {error}.", error)
        if self.result is not type(None):  # "-> None" promises no response, not the word "null"
            self.writer = writer_of(self.result)
        if self.writer is not None:
            self._covered = self.writer.covered

    def decode(self, message: Message) -> tuple[Any, ...]:
        """The function's one argument.

        Raises:
            UnsupportedMediaType: the body's media type is not JSON.
            MalformedRequest: the body isn't JSON.
            InvalidInput: the input is not what the annotation asks for.
            Exception: whatever `from_dict` raises.
        """
        checked = self.checked
        if checked is None:
            return (self._from_dict(_read(message)),)
        if message.method in {"GET", "HEAD"}:
            return (checked.from_query(message.query),)
        if not is_json(message.content_type):
            raise UnsupportedInputType(f"{_TAKES_JSON}.")
        return (checked.from_json(message.body),)

    def encode(self, result: object) -> Reply:
        """The reply to what the function returned.

        Raises:
            TypeError: it cannot be sent.
            ValueError: it holds what JSON cannot say: NaN, an infinity, itself.
        """
        if isinstance(result, Reply):
            return result
        body = self._json(result)
        if body is not None:
            return tuple_of(Reply, (200, [JSON], body))
        if result is None:
            return results.encode("")
        if type(result) is tuple and result:
            body = self._json(result[0])
            if body is not None:
                return results.encode((Reply(200, [JSON], body), *result[1:]))
        return results.encode(result)

    def _json(self, value: object) -> bytes | None:
        kind = type(value)
        if kind.__module__ == "builtins":
            covers = kind in self._covered and self.writer is not None
            return self.writer.to_json(value) if covers else None  # type: ignore[union-attr]
        to_dict = getattr(value, "to_dict", None)
        if callable(to_dict):
            return _dumps(to_dict()).encode()
        if self.writer is not None and kind in self._covered:
            return self.writer.to_json(value)
        return data_json(value)


def _read(message: Message) -> Any:
    if not is_json(message.content_type):
        raise UnsupportedMediaType(f"{_TAKES_JSON}.")
    try:
        return loads(message.body)
    except ValueError as error:
        raise MalformedRequest(f"The body is not JSON: {why_unreadable(error)}.") from None


def data_json(value: Any) -> bytes | None:
    """JSON of an object that is made of fields, None for any other."""
    kind: Any = type(value)
    if hasattr(kind, "model_dump_json"):
        from functions_framework.model.json_text import refuse_constants

        return refuse_constants(value.model_dump_json(by_alias=True).encode())
    if not (
        dataclasses.is_dataclass(kind)
        or hasattr(kind, "__struct_fields__")
        or hasattr(kind, "__attrs_attrs__")
    ):
        return None
    from .types.msgspec_type import writer_for

    return writer_for(kind)(value)


def _input_of(function: Callable[..., Any], given: object) -> tuple[str, Any]:
    """The first parameter's name, and the input type from it or from the decorator."""
    found = parameters(function)
    if not found:
        fail(function, "a typed function takes its input as first parameter, and it has none.")
    first = found[0]
    if first.annotation is MISSING:
        if given is None:
            fail(function, f"its first parameter {first.name!r} has no type. {_REMEDY}.")
        return first.name, given
    try:
        annotated = resolve(function, first.annotation)
    except (NameError, SyntaxError, TypeError) as error:
        if given is not None and first.annotation == getattr(given, "__name__", None):
            return first.name, given  # a class of the same local scope
        fail(
            function,
            f"the type {first.annotation!r} of its parameter {first.name!r} cannot be resolved: "
            f"{error}. Define or import it in the function's module, outside TYPE_CHECKING.",
            error,
        )
    if given is not None and given != annotated:
        fail(
            function,
            f"the decorator's type {_name(given)} and the type {_name(annotated)} of its "
            f"parameter {first.name!r} differ. Make them equal, or leave one out.",
        )
    return first.name, annotated


def _name(annotation: Any) -> str:
    named = isinstance(annotation, type) and get_origin(annotation) is None
    return annotation.__qualname__ if named else str(annotation)


def checked_type(function: Callable[..., Any], annotation: object, parameter: str) -> CheckedType:
    """What checks a parameter's type.

    Raises:
        FunctionsFrameworkException: the type is not supported.
    """
    from .types.msgspec_type import UnsupportedTypeError
    from .types.type_choice import choose

    try:
        return choose(annotation, parameter)
    except UnsupportedTypeError as error:
        fail(
            function,
            f"the type {_name(annotation)} of its parameter {parameter!r} cannot be checked: "
            f"{error}. {_REMEDY}.",
            error,
        )


def writer_of(annotation: object) -> CheckedType | None:
    """What writes results of an annotated type; None for types of other kinds (responses, say)."""
    from .types.msgspec_type import UnsupportedTypeError
    from .types.type_choice import choose

    try:
        return choose(annotation, is_result=True)
    except UnsupportedTypeError:
        return None
