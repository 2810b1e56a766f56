"""Types that pydantic v2 checks; imported only for functions whose types are pydantic's."""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from types import NoneType
from typing import Any

import pydantic
from pydantic_core import SchemaError
from pydantic_core.core_schema import ErrorType

from functions_framework.model.json_text import refuse_constants

from ..problems import Fault, InvalidInput
from .faults import HIDDEN, REQUIRED
from .json_body import read_json
from .msgspec_type import UnsupportedTypeError
from .pydantic_fields import parts_in, secret_names
from .pydantic_places import Path, Place, Places
from .pydantic_schema import Document
from .query import QueryShape, shape_of

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

# The texts of these come from the user's own checks, which may quote any field.
_OWN_TEXTS = frozenset({"value_error", "assertion_error"})
_LIBRARY_TEXTS = frozenset(typing.get_args(ErrorType)) - _OWN_TEXTS

_UNUSABLE = (pydantic.errors.PydanticUserError, SchemaError, NameError, TypeError, RuntimeError)
_TAG_TYPES = frozenset({"union_tag_invalid", "union_tag_not_found"})
_TAG_NAME = re.compile(r"'([^']+)'")
_CONSTANTS = re.compile(rb"NaN|Infinity")


class PydanticType:
    """A `CheckedType` by pydantic.

    Args:
        annotation: the type.
        parameter: name of the function's parameter, for query strings.
        is_result: whether values are only written; then nothing need be checked.

    Attributes:
        adapter: pydantic's own object for the type.
        secret_names: names of fields that are secret anywhere in it, "" if all of it is.

    Raises:
        UnsupportedTypeError: pydantic cannot make a validator for the type.
    """

    def __init__(
        self, annotation: Any, parameter: str = "value", *, is_result: bool = False
    ) -> None:
        self.annotation = annotation
        self._parameter = parameter
        try:
            self.adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(annotation)
            if not getattr(self.adapter, "pydantic_complete", True):
                self.adapter.rebuild(raise_errors=True)
        except _UNUSABLE as error:
            raise UnsupportedTypeError(str(error).splitlines()[0]) from error
        parts = parts_in(annotation)
        for part in parts:
            if part.unheeded and not is_result:
                raise UnsupportedTypeError(f"pydantic does not heed {part.unheeded}")
        self.covered = frozenset(_covered(annotation))
        self.secret_names = secret_names(parts)
        self._places = Places(self.adapter.core_schema)
        self._query: QueryShape | None = None

    @property
    def is_made_of_fields(self) -> bool:
        """Whether its values are objects with fields."""
        return all(
            kind is NoneType
            or dataclasses.is_dataclass(kind)
            or hasattr(kind, "__pydantic_validator__")
            for kind in self.covered
        )

    def from_json(self, body: bytes) -> Any:
        """Read a JSON body.

        Raises:
            MalformedInput: it isn't JSON.
            InvalidInput: it is not what the type takes.
        """
        if _CONSTANTS.search(body):
            read_json(body)  # pydantic takes NaN and Infinity, which aren't JSON
        try:
            return self.adapter.validate_json(body)
        except pydantic.ValidationError as error:
            refused = error
        if any(item["type"] == "json_invalid" and not item["loc"] for item in refused.errors()):
            read_json(body)  # that says so itself; else it is a text within that holds no JSON
        raise self._refusal(refused)

    def from_query(self, query: str) -> Any:
        """Read a query string.

        Raises:
            MalformedInput: it is not UTF-8.
            InvalidInput: it is not what the type takes.
        """
        if self._query is None:
            schema = self.adapter.json_schema(schema_generator=Document)
            self._query = shape_of(schema, schema.get("$defs", {}), self._parameter)
        fields = self._query.read(query)
        name = self._query.parameter
        if name is not None and name not in fields:
            raise InvalidInput([Fault((name,), REQUIRED)], is_query=True)
        try:
            return self.adapter.validate_python(fields if name is None else fields[name])
        except pydantic.ValidationError as error:
            raise self._refusal(error, () if name is None else (name,), is_query=True) from None

    def from_data(self, data: object) -> Any:
        """Check data decoded from JSON, as pydantic checks JSON: in strict models that differs.

        Raises:
            InvalidInput: it is not what the type takes.
        """
        try:
            if isinstance(data, bytes):
                return self.adapter.validate_python(data)
            return self.adapter.validate_json(json.dumps(data))
        except pydantic.ValidationError as error:
            raise self._refusal(error) from None

    def to_json(self, value: object) -> bytes:
        """Write a result by its aliases."""
        return refuse_constants(self.adapter.dump_json(value, by_alias=True))

    def _refusal(
        self, error: pydantic.ValidationError, path: Path = (), *, is_query: bool = False
    ) -> InvalidInput:
        texts: dict[Path, list[str]] = {}
        is_choice: dict[Path, bool] = {}
        for item in error.errors(include_url=False, include_input=False):
            place = self._places.find(item["loc"])
            fault = self._fault(item, place.under(*path), len(path))
            known = texts.setdefault(fault.path, [])
            is_choice[fault.path] = place.is_choice
            if fault.detail not in known:
                known.append(fault.detail)
        found = [
            Fault(where, (" Or: " if is_choice[where] else " ").join(details))
            for where, details in texts.items()
        ]
        return InvalidInput(found, is_query=is_query)

    def _fault(self, item: Any, place: Place, offset: int) -> Fault:
        if item["type"] == "missing" and not place.within:
            return Fault(place.path, REQUIRED)
        if "" in self.secret_names:
            return Fault(place.path[:offset], HIDDEN)
        for index, step in enumerate(place.path):
            if step in self.secret_names:  # what is within a secret belongs to the secret
                return Fault(place.path[: index + 1], HIDDEN)
        is_own = bool(self.secret_names) and item["type"] not in _LIBRARY_TEXTS
        if is_own or self.secret_names.intersection(place.within):
            return Fault(place.path, HIDDEN)
        return _tag_fault(item, place) or Fault(place.path, _detail(item, place))


def _detail(item: Any, place: Place) -> str:
    text = f"{item['msg']}."
    if place.within:
        return f"In its JSON text, at {Fault(place.within, '').pointer}: {text}"
    return f"As a name: {text}" if place.is_key else text


def _tag_fault(item: Any, place: Place) -> Fault | None:
    """The fault of a tag at the tag; pydantic puts it at the object, and quotes the tag."""
    if item["type"] not in _TAG_TYPES or place.within:
        return None
    context = item["ctx"]
    name = _TAG_NAME.fullmatch(context["discriminator"])
    expected = context.get("expected_tags")
    return Fault(
        (*place.path, name[1]) if name else place.path,
        REQUIRED if expected is None else f"Expected one of {expected}.",
    )


def _covered(annotation: Any) -> Iterator[type]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _covered(typing.get_args(annotation)[0])
    elif isinstance(origin or annotation, type) and origin is not type(int | str):
        yield origin or annotation
    else:
        for part in typing.get_args(annotation):
            yield from _covered(NoneType if part is None else part)
