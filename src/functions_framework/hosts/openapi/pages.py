"""Pages of the framework's own beside the functions: the OpenAPI document, and a list of functions.

Only built where one of them is on. The pages are made when the host is built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.model.message import HTML, JSON, Reply

from ..routes import paths_of

if TYPE_CHECKING:
    from functions_framework.model.function import Function
    from functions_framework.settings import Settings

    from ..asgi.scope import Receive, Scope
    from ..wsgi.environ import Environ

DOCUMENT_PATH = "/openapi.json"
DOCS_PATH = "/docs"


class Page(NamedTuple):
    """A reply that is always the same.

    Attributes:
        reply: what is sent.
        is_for_browsers: whether only who accepts HTML gets it.
    """

    reply: Reply
    is_for_browsers: bool = False


Pages = Mapping[str, Page]


def with_pages(host: Any, functions: Sequence[Function], settings: Settings) -> Any:
    """The host with the pages that the settings ask for."""
    pages: dict[str, Page] = {}
    paths = paths_of(list(functions))
    if settings.debug and len(functions) > 1 and "/" not in dict(paths):
        pages["/"] = Page(Reply(200, [HTML], _listing(paths).encode()), is_for_browsers=True)
    if settings.docs:
        from .document import document
        from .html import render

        described = document(functions)
        pages[DOCUMENT_PATH] = Page(Reply(200, [JSON], json.dumps(described).encode()))
        pages[DOCS_PATH] = Page(Reply(200, [HTML], render(described).encode()))
    return AsyncPages(host, pages) if host.is_async else SyncPages(host, pages)


def _listing(paths: Sequence[tuple[str | None, Function]]) -> str:
    rows = "".join(
        f'<li><a href="{escape(path or "/")}">{escape(path or "/")}</a> {escape(function.name)} '
        f"({function.signature})\n"
        for path, function in paths
    )
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Functions</title>\n'
        f"<h1>Functions</h1>\n<ul>\n{rows}</ul>\n</html>\n"
    )


def _find(pages: Pages, method: str, path: str, accepted: str) -> Reply | None:
    page = pages.get(path) if method in {"GET", "HEAD"} else None
    if page is None or (page.is_for_browsers and "text/html" not in accepted):
        return None
    return page.reply


class SyncPages:
    """Answers with the pages, and with a sync host for everything else."""

    is_async = False

    def __init__(self, host: Any, pages: Pages) -> None:
        self._host = host
        self._pages = pages

    def respond(self, environ: Environ) -> Reply:
        """Answer one request; never raises."""
        page = _find(
            self._pages,
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ.get("HTTP_ACCEPT", ""),
        )
        return page or self._host.respond(environ)


class AsyncPages:
    """The same around an async host."""

    is_async = True

    def __init__(self, host: Any, pages: Pages) -> None:
        self._host = host
        self._pages = pages
        self.function: Function = host.function

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; raises nothing but cancellation."""
        accepted = next((value for name, value in scope["headers"] if name == b"accept"), b"")
        page = _find(self._pages, scope["method"], scope["path"], accepted.decode("latin-1"))
        return page or await self._host.respond(scope, receive)
