"""A request as a value, and the URL of the server it is for; nothing here sends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from functions_framework.exceptions import FunctionsFrameworkException

if TYPE_CHECKING:
    from urllib.parse import SplitResult


class UnreachableServerError(FunctionsFrameworkException):
    """The URL is none, nothing answers there, or what answers does not speak HTTP."""

    exit_code = 2


class Request(NamedTuple):
    """A request to be sent.

    Attributes:
        method: the HTTP method, upper case.
        path: the path of the URL as it is sent, percent-encoded.
        query: the query string without `?`.
        headers: names and values in sending order.
        body: the whole body.
    """

    method: str
    path: str = "/"
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @property
    def target(self) -> str:
        """The path with the query string, as a request line has it."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def target_below(self, path: str, query: str = "") -> str:
        """As `target`, for a URL that has a path and a query string of its own.

        A request for `/` is one for the URL itself: nothing is put behind its path.
        """
        below = path.rstrip("/") + self.path if self.path != "/" else path or "/"
        query = "&".join(filter(None, (query, self.query)))
        return f"{below}?{query}" if query else below

    def header(self, name: str) -> str | None:
        """The first value of a header, None when absent."""
        wanted = name.lower()
        return next((value for known, value in self.headers if known.lower() == wanted), None)


def split_url(url: str) -> tuple[SplitResult, int | None]:
    """The parts of a server's URL, and its port if it names one.

    Raises:
        UnreachableServerError: it isn't a URL of a server.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UnreachableServerError(f"{url!r} isn't a URL: {error}.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UnreachableServerError(
            f"{url!r} isn't a URL of a server. Write it like http://localhost:8080."
        )
    return parts, port
