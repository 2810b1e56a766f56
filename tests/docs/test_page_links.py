"""Every link between the pages leads somewhere, and every page is reached from the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs.pages import ROOT, anchors, example_folders, links, pages
from docs.site import CONTENTS

if TYPE_CHECKING:
    from pathlib import Path

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_lead_to_something(page: Path) -> None:
    broken = []
    for link in links(page):
        if "://" in link or link.startswith("mailto:"):
            continue
        path, _, fragment = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            broken.append(link)
    assert not broken


def test_every_page_of_docs_is_in_the_contents_once() -> None:
    listed = [CONTENTS.parent / link for link in links(CONTENTS) if "/" not in link]
    expected = [page for page in PAGES if page.parent == CONTENTS.parent and page != CONTENTS]
    assert sorted(listed) == expected


def test_the_readme_leads_to_the_contents() -> None:
    assert "docs/README.md" in links(ROOT / "README.md")


def test_every_example_is_linked_from_a_page_or_the_list() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve().parent
        for page in PAGES
        for link in links(page)
        if "://" not in link
    }
    assert set(example_folders()) - linked == set()
