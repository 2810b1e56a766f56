"""The documentation site builds without a complaint and needs nothing from elsewhere."""

from __future__ import annotations

import importlib
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from docs import site
from docs.pages import ROOT
from support.browser import NARROW, WIDE, browser

if TYPE_CHECKING:
    from pathlib import Path

_REFERENCE = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
_DOCUMENTED = set(re.findall(r"^::: (functions_framework[\w.]+)$", _REFERENCE, re.MULTILINE))
_PACKAGES = ("functions_framework", "functions_framework.testing")


@pytest.mark.parametrize("package", _PACKAGES)
def test_every_public_name_is_in_the_reference(package: str) -> None:
    names = importlib.import_module(package)._PUBLIC
    kept = set(re.findall(r"`(?:functions_framework\.)?(\w+)`", _REFERENCE))
    missing = [name for name in names if f"{package}.{name}" not in _DOCUMENTED]
    assert [name for name in missing if name not in kept] == []


@pytest.mark.parametrize("name", sorted(_DOCUMENTED))
def test_what_the_reference_describes_exists(name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert hasattr(importlib.import_module(module), attribute)


def test_the_menu_has_a_part_for_each_task() -> None:
    parts = [heading for part in site.menu() for heading in part]
    tasks = ["Start", "Write", "Run", "Deploy", "Operate", "Understand", "Examples"]
    assert parts == ["Overview", "All pages", *tasks]


class _Links(HTMLParser):
    """Collects what a page loads, where its links lead and what its anchors are."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors.add(given.get("id", ""))
        if "src" in given:
            self.loaded.append(given["src"])
        elif tag == "link" and given.get("rel") not in {"canonical", "next", "prev"}:
            self.loaded.append(given["href"])
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site.build(tmp_path_factory.mktemp("site") / "made")


@pytest.mark.once
def test_the_site_builds_is_whole_and_loads_nothing_from_elsewhere(made: Path) -> None:
    pages = {page.resolve(): _Links(page) for page in made.rglob("*.html")}
    assert len(pages) > len(list((ROOT / "docs").glob("*.md")))
    wrong = [
        f"{page.relative_to(made.resolve())}: {link}"
        for page, found in pages.items()
        if page.name != "404.html"
        for link in [*found.loaded, *found.links]
        if not _is_whole(page, link, pages, is_loaded=link in found.loaded)
    ]
    assert wrong == []
    reference = pages[(made / "docs" / "reference.html").resolve()]
    assert reference.anchors >= _DOCUMENTED


_BROKEN_NAMES = """
return [...document.querySelectorAll('.md-content td:not(:nth-child(2):last-child) code')]
    .filter((code) => !/[\\s/-]/.test(code.innerText) && code.getClientRects().length > 1)
    .map((code) => code.innerText)
"""
_TOO_WIDE = "return document.documentElement.scrollWidth - innerWidth"
_SMALL_FIGURES = """
return [...document.querySelectorAll('.md-content p > img')]
    .filter((image) => image.getBoundingClientRect().width < 600).map((image) => image.src)
"""


@pytest.mark.once
@pytest.mark.parametrize("page", ["index", "docs/settings", "docs/event-types", "docs/scaling"])
def test_pages_can_be_read_on_any_screen(made: Path, page: str) -> None:
    with browser() as seen:
        for size in (WIDE, NARROW):
            seen.look(size)
            seen.open((made / f"{page}.html").as_uri())
            assert seen.run(_TOO_WIDE) <= 0
            assert seen.run(_BROKEN_NAMES) == []
            assert seen.run(_SMALL_FIGURES) == []


def _is_whole(page: Path, link: str, pages: dict[Path, _Links], *, is_loaded: bool) -> bool:
    if re.match(r"(https?:)?//", link):
        return not is_loaded
    if link.startswith(("mailto:", "data:")):
        return True
    path, _, fragment = link.partition("#")
    target = (page.parent / unquote(path)).resolve() if path else page
    if target in pages and fragment:
        return unquote(fragment) in pages[target].anchors
    return target.exists()
