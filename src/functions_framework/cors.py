"""Cross-origin requests (Fetch standard, section 3.2): who may call a function from a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .exceptions import InvalidConfigurationException
from .message import Headers, Reply

_SIMPLE_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class CORS:
    """What a browser is told.

    Attributes:
        origins: who may call, as `https://host[:port]`; `*` for everybody.
        methods: the methods that may be used.
        headers: the request headers that may be sent; `*` for those that are asked for.
        expose: the response headers a script may read.
        credentials: whether cookies and authorization may be sent.
        max_age: how many seconds a browser may remember the answer to its preflight.
    """

    origins: str | Sequence[str] = "*"
    methods: Sequence[str] = _SIMPLE_METHODS
    headers: str | Sequence[str] = "*"
    expose: Sequence[str] = ()
    credentials: bool = False
    max_age: int = 600

    @classmethod
    def of(cls, given: Any) -> CORS | None:
        """Read an option: True, an origin, several in one text (commas), or a `CORS`.

        Raises:
            InvalidConfigurationException: it is none of these, or an origin is malformed.
        """
        if given is None or given is False or isinstance(given, CORS):
            return given or None
        if given is True:
            return cls()
        if isinstance(given, str):
            origins = [origin.strip() for origin in given.split(",") if origin.strip()]
            for origin in origins:
                _check_origin(origin)
            return cls(origins="*" if "*" in origins else origins)
        raise InvalidConfigurationException(
            f"cors={given!r} is neither True, nor an origin such as 'https://example.com', nor a "
            "functions_framework.CORS."
        )

    def _allowed(self, origin: str) -> str | None:
        origins = (self.origins,) if isinstance(self.origins, str) else self.origins
        if "*" in origins:
            # The wildcard does not go with credentials (Fetch, 3.2.5): name the caller instead.
            return origin if self.credentials else "*"
        return origin if origin in origins else None

    def headers_for(self, origin: str) -> Headers:
        """What is added to the reply to a request from `origin`."""
        allowed = self._allowed(origin)
        vary: Headers = [] if allowed == "*" else [("vary", "Origin")]
        if allowed is None:
            return vary
        added: Headers = [("access-control-allow-origin", allowed), *vary]
        if self.credentials:
            added.append(("access-control-allow-credentials", "true"))
        if self.expose:
            added.append(("access-control-expose-headers", ", ".join(self.expose)))
        return added

    def preflight(self, origin: str, asked: str | None) -> Reply:
        """The reply to an OPTIONS request that asks whether another may follow.

        Args:
            origin: the caller's `Origin`.
            asked: its `Access-Control-Request-Headers`.
        """
        added = self.headers_for(origin)
        if self._allowed(origin) is not None:
            added.append(("access-control-allow-methods", ", ".join(self.methods)))
            allowed = asked if self.headers == "*" else ", ".join(self.headers)
            if allowed:
                added.append(("access-control-allow-headers", allowed))
            added.append(("access-control-max-age", str(self.max_age)))
        return Reply(204, added, b"")


def _check_origin(origin: str) -> None:
    scheme, separator, host = origin.partition("://")
    if origin != "*" and not (separator and scheme.isalnum() and host and "/" not in host):
        raise InvalidConfigurationException(
            f"{origin!r} is no origin: expected '*' or a scheme and host such as "
            "'https://example.com'."
        )


def answer(
    cors: CORS, method: str, header: Callable[[str], str | None], respond: Callable[[], Reply]
) -> Reply:
    """Answer a preflight, or add what the browser needs to the function's own reply."""
    origin = header("origin")
    if origin is None:
        return respond()
    if is_preflight(method, header):
        return cors.preflight(origin, header("access-control-request-headers"))
    return with_headers(respond(), cors.headers_for(origin))


def is_preflight(method: str, header: Callable[[str], str | None]) -> bool:
    """Whether a request only asks if another may follow."""
    return method == "OPTIONS" and header("access-control-request-method") is not None


def with_headers(reply: Reply, added: Headers) -> Reply:
    """The reply with headers the function has not set itself."""
    present: Mapping[str, str] = {name.lower(): value for name, value in reply.headers}
    missing = [(name, value) for name, value in added if name == "vary" or name not in present]
    return reply._replace(headers=[*reply.headers, *missing])
