"""Cross-origin requests (Fetch standard, section 3.2): who may call a function from a browser."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.fields import TOKEN
from functions_framework.model.message import Headers, Reply

from .origins import matches, read_origins

if TYPE_CHECKING:
    from collections.abc import Sequence

_SIMPLE_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, slots=True)
class CORS:
    """What a browser is told.

    Attributes:
        origins: who may call, as `https://host[:port]`; `*` for everybody, `https://*.host` for
            every name below a host, `http://host:*` for every port.
        methods: the methods that may be used; these and what follows also as one text with commas.
        headers: the request headers that may be sent; `*` for those that are asked for.
        expose: the response headers a script may read.
        credentials: whether cookies and authorization may be sent.
        max_age: how many seconds a browser may remember the response to its preflight.
    """

    origins: str | Sequence[str] = "*"
    methods: str | Sequence[str] = _SIMPLE_METHODS
    headers: str | Sequence[str] = "*"
    expose: str | Sequence[str] = ()
    credentials: bool = False
    max_age: int = 600

    @classmethod
    def of(cls, given: Any) -> CORS | None:
        """Read an option: True, an origin, several in one text (commas), or a `CORS`.

        Raises:
            InvalidConfigurationException: it isn't one of these, or an origin, a method or the
                name of a header is malformed.
        """
        if given is None or given is False:
            return None
        if given is True:
            return cls()
        try:
            if isinstance(given, str):
                return cls(origins=read_origins(given))
            if isinstance(given, CORS):
                return dataclasses.replace(
                    given,
                    origins=read_origins(given.origins),
                    methods=_read_names(given.methods, "a method"),
                    headers=_read_names(given.headers, "the name of a header"),
                    expose=_read_names(given.expose, "the name of a header"),
                )
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
            if not self.credentials:
                return "*"
            return origin if origin and _is_plain(origin) else None
        return origin if origin is not None and matches(origin, origins) else None

    def allows(self, origin: str) -> bool:
        """Whether pages of an origin may call."""
        return self._allowed(origin) is not None

    def headers_for(self, origin: str | None) -> Headers:
        """What is added to the reply to a request from `origin`, None for one that named none.

        `Vary` or `*` is there whoever asks: a cache must not give one caller's answer to another
        that cannot read it (Fetch, 3.2.5).
        """
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
            allowed = asked if "*" in self.headers else ", ".join(self.headers)
            if allowed:
                added.append(("access-control-allow-headers", allowed))
            added.append(("access-control-max-age", str(self.max_age)))
        return Reply(204, added, b"")


def _is_plain(origin: str) -> bool:
    """Whether an origin can be repeated in a header: all that browsers send can (RFC 6454, 6.2)."""
    return origin.isascii() and origin.isprintable()


def _read_names(given: str | Sequence[str], what: str) -> tuple[str, ...]:
    """Methods or headers from one text with commas, or from several (RFC 9110, section 5.6.2)."""
    names = given.split(",") if isinstance(given, str) else given
    found = tuple(name.strip() for name in names)
    for name in found:
        if not TOKEN.fullmatch(name):
            raise ValueError(f"expected {what}, found {name!r}")
    return found
