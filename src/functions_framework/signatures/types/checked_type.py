"""What a type that is checked by annotation does for a signature, whichever library checks it."""

from __future__ import annotations

from typing import Any, Protocol


class CheckedType(Protocol):
    """A type that input is checked against and results are written by.

    Every `from_…` raises `InvalidInput` that lists each wrong field.

    Attributes:
        covered: the exact classes of results the type accounts for; results of other builtin
            classes follow the return rules of http functions.
    """

    covered: frozenset[type]

    @property
    def is_made_of_fields(self) -> bool:
        """Whether its values are objects with fields: no plain dicts, no scalars."""

    def from_json(self, body: bytes) -> Any:
        """Read a JSON body; also raises MalformedInput for one that isn't JSON."""

    def from_query(self, query: str) -> Any:
        """Read a query string, whose numbers and booleans are text."""

    def from_data(self, data: object) -> Any:
        """Check data that was decoded from JSON already."""

    def to_json(self, value: object) -> bytes:
        """Write a result."""
