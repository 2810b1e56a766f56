"""One unchanged file on every platform: the same calls, the same answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from docs.pages import ROOT, scenarios
from support.deployment_files import check
from support.everywhere import EXAMPLE, PLATFORMS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.everywhere import Platform

pytestmark = pytest.mark.once

EVENT = {
    "specversion": "1.0",
    "id": "17",
    "source": "/shop",
    "type": "com.example.order",
    "data": {"item": "tea", "count": 3},
}


@pytest.fixture(scope="module", params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    with PLATFORMS[request.param]() as started:
        yield started


def test_requests(platform: Platform) -> None:
    for name in platform.greeting:
        answer = platform.request("GET", f"/{name}?name=Ada")
        assert answer == (200, {"message": "Hello Ada!"})


def test_values(platform: Platform) -> None:
    quoted = platform.request("POST", "/quote", {"item": "tea", "count": 3})
    assert quoted == (200, {"item": "tea", "total": 7.5})
    refused = platform.request("POST", "/quote", {"count": 3})
    assert refused.status == 422


def test_events(platform: Platform) -> None:
    status, reply = platform.event(EVENT)
    assert status == 200
    if reply is not None:
        assert reply["type"] == "com.example.order.taken"
        assert reply["data"] == {"order": "17", "total": 7.5}
    assert platform.event({**EVENT, "data": {"item": "sofa", "count": 1}}).status == 500


def test_the_tutorial_ends_with_the_same_file() -> None:
    *_, last = scenarios(ROOT / "docs" / "tutorial.md")
    (shown,) = (block.text for block in last.blocks if block.file_name == "main.py")
    assert shown.partition("\n")[2] == (EXAMPLE / "main.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ["azure_functions", "everywhere", "knative_func", "openfaas"])
def test_the_files_of_platforms_fit_their_schemas(folder: str) -> None:
    root = EXAMPLE.parent / folder
    files = [path for kind in ("json", "yaml") for path in root.rglob(f"*.{kind}")]
    # SAM publishes none for its short form; the tests of Lambda read that file.
    without = {"local.settings.json", "template.yaml"}
    checked = [path for path in files if path.name not in without]
    assert checked
    for path in checked:
        check(str(path.relative_to(root)), path.read_text(encoding="utf-8"))
