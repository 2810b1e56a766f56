"""Types that pydantic v2 checks; imported only for functions whose types are pydantic's."""

from __future__ import annotations

import dataclasses
import typing
from types import NoneType
from typing import Any

import pydantic
from pydantic_core.core_schema import ErrorType

from ..problems import Fault, InvalidInput, MalformedInput
from .faults import HIDDEN, REQUIRED
from .msgspec_type import UnsupportedTypeError
from .query import QueryShape, shape_of
from .secret import is_secret_mark

if typing.TYPE_CHECKING:
    from collections.abc import Iterator

_SECRET_CLASSES = (pydantic.SecretStr, pydantic.SecretBytes, pydantic.Secret)

# The texts of these come from the user's own checks, which may quote any field.
_OWN_TEXTS = frozenset({"value_error", "assertion_error"})
_LIBRARY_TEXTS = frozenset(typing.get_args(ErrorType)) - _OWN_TEXTS


class PydanticType:
    """A `CheckedType` by pydantic.

    Args:
        annotation: the type.
        parameter: name of the function's parameter, for query strings.

    Attributes:
        adapter: pydantic's own object for the type.
        secret_names: names of fields that are secret anywhere in it, "" if all of it is.

    Raises:
        UnsupportedTypeError: pydantic cannot make a validator for the type.
    """

    def __init__(self, annotation: Any, parameter: str = "value") -> None:
        self.annotation = annotation
        self._parameter = parameter
        try:
            self.adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(annotation)
        except pydantic.errors.PydanticUserError as error:
            raise UnsupportedTypeError(str(error).splitlines()[0]) from error
        self.covered = frozenset(_covered(annotation))
        self.secret_names = frozenset(_secret_names(annotation, set()))
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
            MalformedInput: it is no JSON.
            InvalidInput: it is not what the type takes.
        """
        try:
            return self.adapter.validate_json(body)
        except pydantic.ValidationError as error:
            raise self._refusal(error) from None

    def from_query(self, query: str) -> Any:
        """Read a query string.

        Raises:
            MalformedInput: it is not UTF-8.
            InvalidInput: it is not what the type takes.
        """
        if self._query is None:
            schema = self.adapter.json_schema()
            self._query = shape_of(schema, schema.get("$defs", {}), self._parameter)
        fields = self._query.read(query)
        name = self._query.parameter
        if name is not None and name not in fields:
            raise InvalidInput([Fault((name,), REQUIRED)], is_query=True)
        try:
            return self.adapter.validate_python(fields if name is None else fields[name])
        except pydantic.ValidationError as error:
            raise self._refusal(error, () if name is None else (name,), is_query=True) from None

    def from_data(self, data: Any) -> Any:
        """Check data decoded from JSON.

        Raises:
            InvalidInput: it is not what the type takes.
        """
        try:
            return self.adapter.validate_python(data)
        except pydantic.ValidationError as error:
            raise self._refusal(error) from None

    def to_json(self, value: Any) -> bytes:
        """Write a result by its aliases."""
        return self.adapter.dump_json(value, by_alias=True)

    def _refusal(
        self,
        error: pydantic.ValidationError,
        path: tuple[str | int, ...] = (),
        *,
        is_query: bool = False,
    ) -> MalformedInput | InvalidInput:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        for item in found:
            if item["type"] == "json_invalid":
                return MalformedInput(_why_unreadable(item["msg"]))
        faults = [self._fault(item, path) for item in found]
        return InvalidInput(faults, is_query=is_query)

    def _fault(self, item: Any, path: tuple[str | int, ...]) -> Fault:
        where = item["loc"]
        if item["type"] == "missing":
            return Fault((*path, *where), REQUIRED)
        if "" in self.secret_names:
            return Fault(path, HIDDEN)
        for index, step in enumerate(where):
            if step in self.secret_names:  # what is within a secret belongs to the secret
                return Fault((*path, *where[: index + 1]), HIDDEN)
        is_own = bool(self.secret_names) and item["type"] not in _LIBRARY_TEXTS
        return Fault((*path, *where), HIDDEN if is_own else f"{item['msg']}.")


def _why_unreadable(message: str) -> str:
    return f"The body is not JSON: {message.removeprefix('Invalid JSON: ')}."


def _covered(annotation: Any) -> Iterator[type]:
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _covered(typing.get_args(annotation)[0])
    elif isinstance(origin or annotation, type) and origin is not type(int | str):
        yield origin or annotation
    else:
        for part in typing.get_args(annotation):
            yield from _covered(NoneType if part is None else part)


def _secret_names(annotation: Any, seen: set[int], name: str = "") -> Iterator[str]:
    """Names of the fields that are secret anywhere in a type; empty text for the type itself.

    By name and not by place: where two fields share a name, both are kept secret.
    """
    if is_secret_mark(annotation) or _is_secret_class(annotation):
        yield name
    if id(annotation) in seen:
        return
    seen.add(id(annotation))
    for part in typing.get_args(annotation):
        yield from _secret_names(part, seen, name)
    for field, kinds in _fields(annotation):
        for kind in kinds:
            yield from _secret_names(kind, seen, field)


def _is_secret_class(annotation: Any) -> bool:
    plain = typing.get_origin(annotation) or annotation
    return isinstance(plain, type) and issubclass(plain, _SECRET_CLASSES)


def _fields(annotation: Any) -> Iterator[tuple[str, list[Any]]]:
    """Every name a field goes by, with its type and what `Annotated` says of it."""
    if typing.get_origin(annotation) is not None:  # its arguments were looked at
        return
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        for name, field in annotation.model_fields.items():
            kinds = [field.annotation, *field.metadata]
            for known in {name, field.alias, field.validation_alias}:
                if isinstance(known, str):
                    yield known, kinds
    elif dataclasses.is_dataclass(annotation) or hasattr(annotation, "__required_keys__"):
        yield from (
            (name, [kind])
            for name, kind in typing.get_type_hints(annotation, include_extras=True).items()
        )
