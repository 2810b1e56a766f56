"""The layer that answers cross-origin requests; only built where CORS is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.api.cors import CORS, is_preflight, with_headers
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.function import described

from .routes import Routes, paths_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.model.function import Function
    from functions_framework.model.message import Reply

    from .layers import Head, Steps

CORSRoutes = Routes[CORS]


def cors_routes(functions: Sequence[Function], default: str | CORS | None) -> CORSRoutes | None:
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
            found.append((path, rules))
    if everybody is not None and not {None, "/"} & {path for path, _ in found}:
        found.append(("/", everybody))  # what no function owns is refused, but readably
    return Routes(found) if found else None


class CORSLayer:
    """Answers preflights, and adds headers to every other response.

    Args:
        routes: which rules hold for which path.

    Attributes:
        routes: the same.
    """

    def __init__(self, routes: CORSRoutes) -> None:
        self.routes = routes
        self._find = routes.find

    def around(self, head: Head) -> Steps:
        """See `Layer`."""
        rules = self._find(head.path)
        if rules is None:
            reply: Reply = yield None
            return reply
        origin = head.header("origin")
        if origin is not None and is_preflight(head.method, head.header):
            return rules.preflight(origin, head.header("access-control-request-headers"))
        return with_headers((yield None), rules.headers_for(origin))
