"""Types that msgspec checks: dataclasses, attrs, TypedDict, Struct, unions, containers, scalars."""

from __future__ import annotations

import functools
import typing
from typing import Any

import msgspec
from msgspec import inspect as shapes

from functions_framework.model.json_text import UNREADABLE, refuse_nonfinite

from ..problems import Fault, InvalidInput, MalformedInput
from . import faults
from .completion import Completion, complete_result, defaults_left_to
from .construction import Construction
from .field_types import is_typed_dict
from .json_body import read_json
from .query import QueryShape, shape_of
from .shapes import (
    FIELDED,
    bare,
    covered_classes,
    has_merged_limits,
    is_array_like,
    is_secret,
    subtypes,
    unhashable_items,
)
from .stand_ins import StandIns, Use

if typing.TYPE_CHECKING:
    from collections.abc import Callable


class UnsupportedTypeError(TypeError):
    """The type is none that input can be checked against; the text says which part is not."""


def _written(value: object) -> Any:
    """What stands in JSON for an object msgspec does not know.

    Raises:
        NotImplementedError: nothing does.
    """
    for name in ("to_dict", "model_dump"):
        write = getattr(value, name, None)
        if callable(write):
            return write()
    raise NotImplementedError(f"{type(value).__qualname__} cannot be written as JSON")


_write = msgspec.json.Encoder(enc_hook=_written).encode


def write_json(value: object) -> bytes:
    """Write any value msgspec knows, or that has `to_dict`, as compact JSON.

    Raises:
        TypeError: it isn't one of these.
        ValueError: it holds NaN or an infinity.
    """
    return refuse_nonfinite(_write(value), value, _written)


def write_completed(value: object) -> bytes:
    """Write a value with the fields that `__init__` left to their class; raises as `write_json`."""
    complete_result(value)
    return write_json(value)


@functools.cache
def writer_for(*classes: Any) -> Callable[[Any], bytes]:
    """What writes results of which these classes are parts."""
    return write_completed if any(map(defaults_left_to, classes)) else write_json


def schema_hook(kind: type) -> dict[str, Any]:
    """The schema of `object`: anything.

    Raises:
        NotImplementedError: the class is none that a schema can describe.
    """
    if kind is object:
        return {"description": "Any value."}
    raise NotImplementedError(kind)


def _unhashable(error: TypeError) -> Exception:
    """The refusal of an array or object in a set of anything; any other error is a bug's."""
    if not str(error).startswith("unhashable type"):
        return error
    return InvalidInput([Fault((), "An item of a set is one that no set can hold.")])


class MsgspecType:
    """A `CheckedType` by msgspec.

    Args:
        annotation: the type.
        parameter: name of the function's parameter, for query strings.
        is_result: whether values are only written; then nothing need be checked.

    Attributes:
        annotation: the type as it was written.
        taken: the type that msgspec checks; `stand_ins` says where it is another.

    Raises:
        UnsupportedTypeError: the type, or one within it, is not supported.
    """

    def __init__(
        self, annotation: object, parameter: str = "value", *, is_result: bool = False
    ) -> None:
        self.annotation = annotation
        self._parameter = parameter
        try:
            self._stand_ins = StandIns(annotation, Use.RESULT if is_result else Use.TAKEN)
            self.taken = self._stand_ins.type
            self._shape = shapes.type_info(self.taken)
            self._decode = msgspec.json.Decoder(self.taken).decode
        except (TypeError, NameError, AttributeError) as error:
            raise UnsupportedTypeError(str(error)) from error
        fault = self._unsupported() or (None if is_result else self._uncheckable())
        if fault is not None:
            raise UnsupportedTypeError(fault)
        self._completion = Completion(self._shape)
        self._construction = (
            Construction(self._stand_ins, self._shape) if self._stand_ins.by_class else None
        )
        self.covered = frozenset(map(self._stand_ins.real_class, covered_classes(self._shape)))
        classes = [item.cls for item in subtypes(self._shape) if hasattr(item, "cls")]
        self.to_json = writer_for(*map(self._stand_ins.real_class, classes))
        self._query: QueryShape | None = None

    def _unsupported(self) -> str | None:
        """What of the type msgspec does not know, though it takes it; None if it knows all."""
        for item in subtypes(self._shape):
            if isinstance(item, shapes.CustomType) and item.cls is not object:
                return f"the type {item.cls.__qualname__!r} is not supported"
        return None

    def _uncheckable(self) -> str | None:
        """What of the type msgspec would not check as it says; None if there is nothing."""
        if has_merged_limits(self._shape):
            return "in a union within it, several members have limits for one kind of JSON value"
        name = unhashable_items(self._shape, self._stand_ins.real_class)
        return name and f"a set cannot hold items of the type {name!r}, which cannot be hashed"

    def described(self, use: Use) -> Any:
        """The type to make the description of inputs or results of."""
        return StandIns(self.annotation, use).type

    def from_json(self, body: bytes) -> Any:
        """Read a JSON body.

        Raises:
            MalformedInput: it isn't JSON.
            InvalidInput: it is not what the type takes.
        """
        try:
            value = self._decode(body)
        except UNREADABLE as error:
            raise self._refusal(body, error) from None
        except TypeError as error:
            raise _unhashable(error) from None
        if self._completion.is_needed:
            self._completion.complete(value)
        return value if self._construction is None else self._constructed(value)

    def _constructed(self, value: object, *, is_query: bool = False) -> Any:
        try:
            made, found = self._construction.construct(value)  # type: ignore[union-attr]
        except TypeError as error:
            raise _unhashable(error) from None
        if found:
            raise InvalidInput(found, is_query=is_query)
        return made

    def _refusal(self, body: bytes, error: BaseException) -> BaseException:
        try:
            data = read_json(body)
        except (InvalidInput, MalformedInput) as refused:
            return refused
        if isinstance(error, msgspec.ValidationError):
            return self._invalid(data, error)
        return error

    def _invalid(self, data: object, error: Exception, *, is_query: bool = False) -> InvalidInput:
        found = faults.find(self._shape, data, is_strict=not is_query)
        if not found:
            hides = any(map(is_secret, subtypes(self._shape)))
            found = [Fault((), faults.HIDDEN if hides else f"{error}.")]
        return InvalidInput(found, is_query=is_query)

    def from_query(self, query: str) -> Any:
        """Read a query string, in which numbers, booleans and null are text.

        Raises:
            MalformedInput: it is not UTF-8.
            InvalidInput: it is not what the type takes.
        """
        if self._query is None:
            self._query = self._query_shape()
        fields = self._query.read(query)
        name = self._query.parameter
        data = fields if name is None else fields.get(name)
        try:
            return self.convert(data, is_query=True)
        except InvalidInput as error:
            refused = error
        if name is not None:
            missing = Fault((name,), faults.REQUIRED)
            under = [Fault((name, *fault.path), fault.detail) for fault in refused.faults]
            refused = InvalidInput(under if name in fields else [missing], is_query=True)
        raise refused

    def _query_shape(self) -> QueryShape:
        (schema,), definitions = msgspec.json.schema_components(
            [self.taken], schema_hook=schema_hook
        )
        return shape_of(schema, definitions, self._parameter)

    def from_data(self, data: object) -> Any:
        """Check data decoded from JSON.

        Raises:
            InvalidInput: it is not what the type takes.
        """
        return self.convert(data, is_query=False)

    def convert(self, data: object, *, is_query: bool) -> Any:
        """Check data; where it is a query string's, numbers, booleans and null are text.

        Raises:
            InvalidInput: it is not what the type takes.
        """
        try:
            value = msgspec.convert(data, self.taken, strict=not is_query, str_keys=True)
        except msgspec.ValidationError as error:
            raise self._invalid(data, error, is_query=is_query) from None
        except TypeError as error:
            raise _unhashable(error) from None
        if self._completion.is_needed:
            self._completion.complete(value)
        if self._construction is None:
            return value
        return self._constructed(value, is_query=is_query)

    def likeness(self, data: object) -> int:
        """How many of an object's names the type knows as fields."""
        shape = bare(self._shape)
        if not isinstance(data, dict) or not isinstance(shape, FIELDED):
            return 0
        return sum(field.encode_name in data for field in shape.fields)

    @functools.cached_property
    def literals(self) -> dict[str, list[Any]] | None:
        """The values of its fields of literals, by name; None where it has no fields."""
        shape = bare(self._shape)
        if not isinstance(shape, FIELDED):
            return None
        told = [field for field in shape.fields if not is_secret(field.type)]
        kinds = [(field.encode_name, bare(field.type)) for field in told]
        return {name: list(kind.values) for name, kind in kinds if type(kind) is shapes.LiteralType}

    @property
    def is_made_of_fields(self) -> bool:
        """Whether every alternative is a class whose instances aren't plain dicts or scalars."""
        inner = bare(self._shape)
        members = inner.types if isinstance(inner, shapes.UnionType) else (inner,)
        classes = (shapes.StructType, shapes.DataclassType)
        return all(
            isinstance(bare(item), classes)
            and not is_array_like(item)
            and not is_typed_dict(self._stand_ins.real_class(bare(item).cls))
            for item in members
            if not isinstance(item, shapes.NoneType)
        )
