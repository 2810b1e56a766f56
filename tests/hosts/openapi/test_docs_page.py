"""The page that shows an OpenAPI document."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser
from typing import Any

from functions_framework.hosts.openapi.document import document
from functions_framework.hosts.openapi.html import render
from functions_framework.model.function import Function, Signature


@dataclasses.dataclass
class Order:
    """<script>alert(1)</script>"""

    name: str
    count: int = 1


def orders(value: Order) -> list[Order]:
    """Take <b>orders</b> & "more".

    <img src=x onerror=alert(1)>
    """
    return [value]


def made(**changes: Any) -> str:
    function = Function(orders, "orders", Signature.TYPED, path='/a"><script>x</script>')
    return render({**document([function]), **changes})


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags_of(page: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(page)
    return parser.found


def test_it_shows_functions_parameters_answers_and_types() -> None:
    page = made()
    assert page.startswith("<!doctype html>")
    for text in ("GET", "POST", "count", "application/problem+json", "422", "Order", "Problem"):
        assert text in page


def test_links_to_types_lead_somewhere() -> None:
    tags = tags_of(made())
    targets = {f"#{attributes['id']}" for _, attributes in tags if "id" in attributes}
    links = {attributes["href"] for tag, attributes in tags if tag == "a"} - {"openapi.json"}
    assert links
    assert links <= targets


def test_every_text_is_escaped() -> None:
    page = made(info={"title": "<i>title</i>", "version": "1"})
    assert "&lt;i&gt;title&lt;/i&gt;" in page
    assert "Take &lt;b&gt;orders&lt;/b&gt; &amp; &quot;more&quot;." in page
    names = {tag for tag, _ in tags_of(page)}
    assert not names & {"img", "i", "b"}
    assert page.count("<script") == 2
    assert not any(name.startswith("on") for _, attributes in tags_of(page) for name in attributes)


def test_it_fetches_nothing() -> None:
    page = made()
    assert not re.search(r"@import|url\(", page)
    tags = tags_of(page)
    assert not {"iframe", "img"} & {tag for tag, _ in tags}
    assert not any("src" in attributes for _, attributes in tags)
    links = [attributes["href"] for _, attributes in tags if "href" in attributes]
    assert not [link for link in links if link and re.match(r"https?:|//", link)]


def test_without_typed_functions_it_says_so() -> None:
    page = render(document([Function(orders, "hello", Signature.HTTP)]))
    assert "None of the functions" in page
