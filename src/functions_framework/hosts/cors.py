"""Cross-origin rules around a host: which hold for a path, and what they add to its replies.

Only built where CORS is on. The two sides of it, `wsgi.cors` and `asgi.cors`, do without the
generator of a layer: a call from a page should cost what any other costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.api.cors import CORS
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.function import described
from functions_framework.model.message import tuple_of

from .quick_looks import are_plain, expect
from .routes import Routes, paths_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from functions_framework.model.function import Function
    from functions_framework.model.message import Headers, Reply


class Rules:
    """What a `CORS` says, as far as possible made before there is a request.

    Attributes:
        allows: whether pages of an origin may call.
        added: what is added to the reply to a request, by its origin, None for one without.
    """

    def __init__(self, cors: CORS) -> None:
        self.allows = cors.allows
        self.added = _Added(cors)
        self._preflight = cors.preflight

    def preflight(self, header: Callable[[str], str | None]) -> Reply | None:
        """The reply to an OPTIONS request that asks if another may follow, None to any other.

        Args:
            header: finds its headers by lower-case name.
        """
        origin = header("origin")
        if origin is None or header("access-control-request-method") is None:
            return None
        return self._preflight(origin, header("access-control-request-headers"))


class _Added(dict[Any, "Headers"]):
    """Headers by origin: those of the configured ones are kept, and none that a request names."""

    def __init__(self, cors: CORS) -> None:
        named = () if isinstance(cors.origins, str) else cors.origins
        super().__init__({origin: cors.headers_for(origin) for origin in (None, *named)})
        self._headers_for = cors.headers_for
        # Where neither a wildcard nor credentials have an origin repeated, all others are alike.
        is_repeated = cors.credentials if "*" in cors.origins else any("*" in one for one in named)
        self._others = None if is_repeated else cors.headers_for("")
        for headers in (*self.values(), self._others or []):
            expect(headers)

    def __missing__(self, origin: str) -> Headers:
        return self._headers_for(origin) if self._others is None else self._others


def with_headers(reply: Reply, added: Headers) -> Reply:
    """The reply with headers the function has not set itself."""
    try:
        if are_plain(reply[1]):  # and so none that could be among those added
            return tuple_of(type(reply), (reply[0], reply[1] + added, reply[2]))
    except TypeError:
        pass  # no list of tuples, which an application may give
    status, headers, body = reply
    present = {name.lower() for name, _ in headers}
    missing = [pair for pair in added if pair[0] == "vary" or pair[0] not in present]
    return tuple_of(type(reply), (status, [*headers, *missing], body))


def cors_routes(functions: Sequence[Function], default: str | CORS | None) -> Routes[Rules] | None:
    """Which rules hold for which path, None where there are none.

    Args:
        functions: what is served, each perhaps with a `cors=` of its own.
        default: the rules of the whole server.

    Raises:
        InvalidConfigurationException: a function's `cors=` is malformed.
    """
    everybody = CORS.of(default)
    found = []
    for path, function in paths_of(list(functions)):
        try:
            rules = CORS.of(function.options.get("cors")) or everybody
        except InvalidConfigurationException as error:
            message = f"The function {described(function)} has {error}"
            raise InvalidConfigurationException(message) from None
        if rules is not None:
            found.append((path, Rules(rules)))
    if everybody is not None and not {None, "/"} & {path for path, _ in found}:
        found.append(("/", Rules(everybody)))  # what no function owns is refused, but readably
    return Routes(found) if found else None
