"""The request of sync HTTP functions: Flask's, its body, type and query found with less work.

What comes out is Flask's to the byte, and whatever isn't plain is left to Flask;
`tests/hosts/test_requests_of_functions.py` compares the two.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import flask
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.utils import cached_property

from .lean import APP_CONTEXT

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

_LIMIT = "MAX_CONTENT_LENGTH"


class FunctionRequest(flask.Request):
    """`flask.Request`, as fast as its most common uses allow."""

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body, limited as Flask limits it."""
        context = APP_CONTEXT.get(None)
        if (
            self._max_content_length is not None
            or context is None
            or context.app.config[_LIMIT] is not None
            or "wsgi.input_terminated" not in self.environ
            or self.shallow
        ):
            return super().stream
        body: IO[bytes] = self.environ["wsgi.input"]
        return body

    @cached_property
    def args(self) -> MultiDict[str, str]:
        """The query; read in one pass where nothing in it is encoded."""
        query = self.query_string
        if (
            b"%" in query
            or b"+" in query
            or not query.isascii()
            or self.parameter_storage_class is not ImmutableMultiDict
        ):
            return super().args
        found: dict[str, list[str]] = {}
        for part in query.decode().split("&"):
            if part:
                name, _, value = part.partition("=")
                found.setdefault(name, []).append(value)
        made: MultiDict[str, str] = dict.__new__(ImmutableMultiDict)
        dict.update(made, found)  # what its constructor does with pairs
        return made

    def _parse_content_type(self) -> None:
        if self.environ.get("CONTENT_TYPE") == "application/json":
            if "_parsed_content_type" not in self.__dict__:
                self._parsed_content_type = ("application/json", {})
        else:
            super()._parse_content_type()


# It stands where Flask's stood, under the name that logs and error reports show.
FunctionRequest.__name__ = FunctionRequest.__qualname__ = "Request"
_SHORTENED = ("stream", "args", "_parse_content_type")
_OWN = [getattr(flask.Request, name) for name in _SHORTENED]


def is_flasks_own() -> bool:
    """Whether Flask's class is as it was found, in what is shortened here."""
    return [getattr(flask.Request, name) for name in _SHORTENED] == _OWN
