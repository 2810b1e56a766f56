"""Cross-origin requests (Fetch standard, section 3.2): who may call a function from a browser."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.message import Headers, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# Origin's serialization: RFC 6454 section 6.2, and the `null` of documents without one.
_ORIGIN = re.compile(r"null|[a-z][a-z0-9+.-]*://[^/?#@\s,]+", re.IGNORECASE)
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
        if given is None or given is False:
            return None
        if given is True:
            return cls()
        try:
            if isinstance(given, str):
                return cls(origins=read_origins(given))
            if isinstance(given, CORS):
                return dataclasses.replace(given, origins=read_origins(given.origins))
        except ValueError as error:
            raise InvalidConfigurationException(f"cors={given!r}: {error}.") from None
        raise InvalidConfigurationException(
            f"cors={given!r} is neither True, nor an origin such as 'https://example.com', nor a "
            "functions_framework.CORS."
        )

    def _allowed(self, origin: str | None) -> str | None:
        origins = (self.origins,) if isinstance(self.origins, str) else self.origins
        if "*" in origins:
            # The wildcard does not go with credentials (Fetch, 3.2.5): name the caller instead.
            return origin if self.credentials else "*"
        return origin if origin in origins else None

    def headers_for(self, origin: str | None) -> Headers:
        """What is added to the reply to a request from `origin`, None for one that named none.

        `Vary` is there whoever asks: a cache must not give one caller's answer to another (Fetch,
        3.2.5).
        """
        allowed = self._allowed(origin)
        vary: Headers = [] if allowed == "*" else [("vary", "Origin")]
        if allowed is None or origin is None:
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


def read_origins(given: str | Sequence[str]) -> str | tuple[str, ...]:
    """Origins from one text with commas, or from several; `*` if everybody is among them.

    Raises:
        ValueError: none is there, or one is malformed; its text says what was expected.
    """
    texts = given.split(",") if isinstance(given, str) else given
    origins = tuple(text.strip() for text in texts)
    for origin in origins:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise ValueError(
                "expected '*', or a scheme and host such as 'https://example.com', "
                f"found {origin!r}"
            )
    if not origins:
        raise ValueError("expected an origin such as 'https://example.com', found none")
    return "*" if "*" in origins else origins


def is_preflight(method: str, header: Callable[[str], str | None]) -> bool:
    """Whether a request only asks if another may follow."""
    return method == "OPTIONS" and header("access-control-request-method") is not None


def with_headers(reply: Reply, added: Headers) -> Reply:
    """The reply with headers the function has not set itself."""
    present: Mapping[str, str] = {name.lower(): value for name, value in reply.headers}
    missing = [(name, value) for name, value in added if name == "vary" or name not in present]
    return reply._replace(headers=[*reply.headers, *missing])
