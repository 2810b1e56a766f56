"""Pages of the framework's own beside the functions: the OpenAPI document, and a list of functions.

Only built where one of them is on. The pages are made when the host is built.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from functions_framework.model.message import HTML, JSON, Reply

from ..layered import layered
from ..routes import paths_of

if TYPE_CHECKING:
    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Host
    from functions_framework.settings import Settings

    from ..layers import Head, Steps

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


def with_pages(host: Host, functions: Sequence[Function], settings: Settings) -> Host:
    """The host with the pages that the settings ask for."""
    pages: dict[str, Page] = {}
    paths = paths_of(list(functions))
    if settings.debug and len(functions) > 1 and "/" not in dict(paths):
        pages["/"] = Page(Reply(200, [HTML], _listing(paths).encode()), is_for_browsers=True)
    if settings.docs:
        from ..web.page import reply_of
        from .document import document
        from .html import render

        described = document(functions)
        pages[DOCUMENT_PATH] = Page(Reply(200, [JSON], json.dumps(described).encode()))
        pages[DOCS_PATH] = Page(reply_of(render(described)))
    return layered(host, PagesLayer(pages))


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


class PagesLayer:
    """Answers with the pages, and has the host answer everything else.

    Args:
        pages: by path.
    """

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def around(self, head: Head) -> Steps:
        """See `Layer`."""
        page = self._pages.get(head.path)
        if page is not None and head.method in {"GET", "HEAD"}:
            accepted = head.header("accept") or ""
            if not page.is_for_browsers or "text/html" in accepted:
                return page.reply
        reply: Reply = yield None
        return reply
