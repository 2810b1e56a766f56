"""Refusals that carry a JSON problem document (RFC 9457); what is wrong is found elsewhere.

Functions whose input is checked by annotation refuse every bad request this way, so that their
clients parse one shape. Functions whose class has `from_dict` answer with one line of plain text.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from functions_framework.exceptions import MalformedRequest, RequestRefused, UnsupportedMediaType
from functions_framework.model.message import Reply

if TYPE_CHECKING:
    from collections.abc import Sequence

MEDIA_TYPE = "application/problem+json"

# RFC 9110, section 15.5; before 3.13 Python has older words.
_PHRASES = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}


def phrase_of(status: int) -> str:
    """What a status means in a few words, empty for one that nobody has named."""
    try:
        return _PHRASES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return ""


class Fault(NamedTuple):
    """One thing that is wrong with an input.

    Attributes:
        path: names and indexes that lead to the field, empty for the whole input.
        detail: what was expected, and what kind of thing was found; never a secret's value.
    """

    path: tuple[str | int, ...]
    detail: str

    @property
    def pointer(self) -> str:
        """The field as a JSON pointer in a URI fragment (RFC 6901 section 6)."""
        steps = (str(step).replace("~", "~0").replace("/", "~1") for step in self.path)
        return "#" + "".join(f"/{step}" for step in steps)


class _Problem:
    """Gives a refusal the reply of RFC 9457."""

    http_status: ClassVar[int]

    def members(self) -> dict[str, Any]:
        """The document's extension members."""
        return {}

    def reply(self) -> Reply:
        """The problem document, as `application/problem+json`."""
        status = self.http_status
        document = {
            "type": "about:blank",
            "title": phrase_of(status),
            "status": status,
            "detail": str(self),
            **self.members(),
        }
        return Reply(status, [("content-type", MEDIA_TYPE)], json.dumps(document).encode())


class MalformedInput(_Problem, MalformedRequest):
    """The body is not JSON, or the query string is not text: 400."""


class UnsupportedInputType(_Problem, UnsupportedMediaType):
    """The body's media type is not JSON: 415."""


class InvalidInput(_Problem, RequestRefused):
    """The input is readable but not what the function takes: 422, each wrong field listed.

    Attributes:
        faults: every wrong field.
        is_query: whether the input came from the query string instead of the body.
    """

    http_status = 422

    def __init__(self, faults: Sequence[Fault], *, is_query: bool = False) -> None:
        self.faults = tuple(faults)
        self.is_query = is_query
        source = "query string" if is_query else "input"
        amount = "1 field" if len(self.faults) == 1 else f"{len(self.faults)} fields"
        verb = "is" if len(self.faults) == 1 else "are"
        super().__init__(f"{amount} of the {source} {verb} not valid.")

    def members(self) -> dict[str, Any]:
        """`errors`: per fault its detail and a JSON pointer, or the query parameter's name."""
        return {"errors": [self._entry(fault) for fault in self.faults]}

    def _entry(self, fault: Fault) -> dict[str, str]:
        if self.is_query and fault.path:
            return {"detail": fault.detail, "parameter": str(fault.path[0])}
        return {"detail": fault.detail, "pointer": fault.pointer}
