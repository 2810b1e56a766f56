"""The measurement behind the page's figure for restarts works; how long it takes isn't tested."""

from __future__ import annotations

import os

import pytest

from bench import restarts

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.once,
]


@pytest.mark.parametrize("kind", restarts.KINDS)
def test_every_save_is_served(kind: str) -> None:
    found = restarts.measure(kind, 2)
    assert len(found) == 2
    assert min(found) > 0
