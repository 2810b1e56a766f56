"""Unions that msgspec does not take: several classes with fields, and no tag to tell them apart.

The alternatives are tried one by one: the one that knows most of the input's names first, and in
the order they are written otherwise. The faults of the first of these are the faults of the input,
unless all have a field of literal values under one name, which then says which one is meant.
"""

from __future__ import annotations

import types
import typing
from typing import Any

import msgspec

from ..problems import Fault, InvalidInput
from .faults import one_of
from .json_body import read_json
from .msgspec_type import MsgspecType, UnsupportedTypeError, write_completed, write_json
from .query import QueryShape, shape_of


def members_of(annotation: object) -> tuple[Any, ...]:
    """The alternatives of a union, empty for any other type."""
    is_union = typing.get_origin(annotation) in {typing.Union, types.UnionType}
    return typing.get_args(annotation) if is_union else ()


class Alternatives:
    """A `CheckedType` for a union whose members msgspec checks only one by one.

    Args:
        annotation: the union.
        parameter: name of the function's parameter, for query strings.
        is_result: whether values are only written; then nothing need be checked.

    Attributes:
        members: the checked types of the union's members.

    Raises:
        UnsupportedTypeError: a member is not supported, or it isn't a union.
    """

    def __init__(
        self, annotation: object, parameter: str = "value", *, is_result: bool = False
    ) -> None:
        self.annotation = annotation
        self.members = [
            MsgspecType(item, parameter, is_result=is_result) for item in members_of(annotation)
        ]
        if not self.members:
            raise UnsupportedTypeError(f"{annotation} isn't a union")
        self.covered = frozenset().union(*(member.covered for member in self.members))
        writers = {member.to_json for member in self.members}
        self.to_json = write_completed if write_completed in writers else write_json
        self._parameter = parameter
        self._query: QueryShape | None = None

    @property
    def is_made_of_fields(self) -> bool:
        """Whether the values of every member are objects with fields."""
        return all(member.is_made_of_fields for member in self.members)

    def from_json(self, body: bytes) -> Any:
        """Read a JSON body.

        Raises:
            MalformedInput: it isn't JSON.
            InvalidInput: no member takes it.
        """
        return self.from_data(read_json(body))

    def from_query(self, query: str) -> Any:
        """Read a query string.

        Raises:
            MalformedInput: it is not UTF-8.
            InvalidInput: no member takes it.
        """
        if self._query is None:
            parts, definitions = msgspec.json.schema_components(
                [member.annotation for member in self.members]
            )
            self._query = shape_of({"anyOf": parts}, definitions, self._parameter)
        return self._first(self._query.read(query), is_query=True)

    def from_data(self, data: object) -> Any:
        """Check data decoded from JSON.

        Raises:
            InvalidInput: no member takes it.
        """
        return self._first(data, is_query=False)

    def _first(self, data: object, *, is_query: bool) -> Any:
        refusals = {}
        for member in sorted(self.members, key=lambda item: -item.likeness(data)):
            try:
                return member.convert(data, is_query=is_query)
            except InvalidInput as error:  # noqa: PERF203 - the next one may take it
                refusals[member] = error
        raise self._blamed(data, refusals, is_query=is_query)

    def _blamed(
        self, data: object, refusals: dict[MsgspecType, InvalidInput], *, is_query: bool
    ) -> InvalidInput:
        """The refusal to tell of those of all members."""
        told = {one: one.literals for one in refusals if one.literals is not None}
        for name in set.intersection(*map(set, told.values())) if told else ():
            if not isinstance(data, dict) or name not in data:
                continue
            meant = [one for one, literals in told.items() if data[name] in literals[name]]
            if meant:
                return refusals[meant[0]]
            accepted = [value for one in self.members for value in told.get(one, {}).get(name, ())]
            return InvalidInput([Fault((name,), one_of(accepted))], is_query=is_query)
        return next(iter(refusals.values()))
