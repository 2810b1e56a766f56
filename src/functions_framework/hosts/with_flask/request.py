"""The request of sync HTTP functions: Flask's, its body, type and query found with less work.

What comes out is Flask's to the byte, and whatever isn't plain is left to Flask;
`tests/hosts/test_requests_of_functions.py` compares the two.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from flask.wrappers import Request, Response
from werkzeug.datastructures import EnvironHeaders, ImmutableMultiDict

from ..instrumented import is_function_of
from .contexts import APP_CONTEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.datastructures import MultiDict
    from werkzeug.routing import Rule

    from functions_framework.model.interfaces import Environ

    from .late_app import LateApp

_LIMIT = "MAX_CONTENT_LENGTH"
_new = object.__new__
# The numbers of the ports that are served: looked up in a fifth of the time of being read.
_ports: dict[str, int] = {}
_MOST_PORTS = 16


class _found_once:  # noqa: N801 - a decorator
    """What is found when it is asked for, and kept in the instance.

    Werkzeug's `cached_property` asks the instance itself each time, and functools' takes a lock.
    """

    def __init__(self, find: Callable[[Any], Any]) -> None:
        self._find = find
        self._name = find.__name__
        self.__doc__ = find.__doc__

    def __get__(self, request: Any, _owner: object = None) -> Any:
        if request is None:
            return self
        found = request.__dict__[self._name] = self._find(request)
        return found


class FunctionRequest(Request):
    """`flask.Request`, as fast as its most common uses allow."""

    _max_content_length: int | None = None  # Flask has had one of a request's own since 3.1

    @_found_once
    def stream(self) -> IO[bytes]:
        """The body, limited as Flask limits it."""
        if (
            self._max_content_length is not None
            or self._may_be_limited()
            or "wsgi.input_terminated" not in self.environ
            or self.shallow
        ):
            return super().stream
        body: IO[bytes] = self.environ["wsgi.input"]
        return body

    def _may_be_limited(self) -> bool:
        context = APP_CONTEXT.get(None)
        return context is None or context.app.config[_LIMIT] is not None

    @_found_once
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

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: FBT001, FBT002
        """The body as JSON, at once where it says that it is; see Flask's for the rest."""
        if (
            cache
            and self.environ.get("CONTENT_TYPE") == "application/json"
            and self._cached_json[0] is Ellipsis
            and self._cached_json[1] is Ellipsis
        ):
            try:
                value = self.json_module.loads(self.get_data())
            except ValueError:
                pass  # the data is kept: Flask's own way comes to the same, and says so its way
            else:
                self._cached_json = value, value
                return value
        return super().get_json(force, silent, cache)

    def _parse_content_type(self) -> None:
        if self.environ.get("CONTENT_TYPE") == "application/json":
            if "_parsed_content_type" not in self.__dict__:
                self._parsed_content_type = ("application/json", {})
        else:
            super()._parse_content_type()


class LeanRequest(FunctionRequest):
    """The request of the lean way; what only Flask's routing would know is found when asked for.

    Attributes:
        late: gives the application. Each host has a class of its own below this one.
    """

    late: LateApp
    # Of nearly every request, so that `make_request` need not set them.
    shallow = False
    root_path = ""

    def _may_be_limited(self) -> bool:
        app = self.late.made
        return app is not None and app.config[_LIMIT] is not None

    @_found_once
    def view_args(self) -> dict[str, Any] | None:
        """What the path gave to the route."""
        return {"path": self.path[1:]}

    @_found_once
    def url_rule(self) -> Rule | None:
        """The route."""
        return self.late.app.rule_of(self.path)


# They stand where Flask's stood, under the name that logs and error reports show.
for _ours in (FunctionRequest, LeanRequest):
    _ours.__name__ = _ours.__qualname__ = "Request"
_SHORTENED = (
    "stream",
    "args",
    "_parse_content_type",
    "get_json",
    "get_data",
    "is_json",
    "mimetype",
)
_MADE = ("__init__", "__call__", "get_wsgi_response", "get_wsgi_headers", "get_app_iter")


def are_flasks_own() -> bool:
    """Whether Flask's two classes are its own in what the lean way does in their stead."""
    taken = [getattr(Request, name) for name in ("__init__", *_SHORTENED)]
    made = [getattr(Response, name) for name in _MADE]
    # A function, or that of a property of some kind.
    return all(
        is_function_of(getattr(item, "fget", item), "flask", "werkzeug") for item in [*taken, *made]
    )


def make_request(kind: type[LeanRequest], environ: Environ, path: str) -> LeanRequest:
    """`flask.Request(environ)` after matching, its fields set at once instead of by constructors.

    Args:
        kind: its class.
        environ: of the request.
        path: its decoded path.
    """
    request: LeanRequest = _new(kind)
    # In the constructors' order, and one by one: a dict of them takes twice the time.
    request.method = environ["REQUEST_METHOD"].upper()
    request.scheme = environ["wsgi.url_scheme"]
    port = environ["SERVER_PORT"]
    request.server = (environ["SERVER_NAME"], _ports.get(port) or _number(port))
    if environ["SCRIPT_NAME"]:
        request.root_path = environ["SCRIPT_NAME"].rstrip("/")
    request.path = path
    query: str = environ["QUERY_STRING"]
    request.query_string = query.encode("latin-1") if query else b""
    request.headers = headers = _new(EnvironHeaders)
    headers.environ = environ
    request.remote_addr = environ.get("REMOTE_ADDR")
    request.environ = environ
    environ["werkzeug.request"] = request
    return request


def _number(port: str) -> int:
    number = int(port)
    if len(_ports) < _MOST_PORTS:
        _ports[port] = number
    return number
