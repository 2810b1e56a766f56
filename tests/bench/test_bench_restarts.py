"""The measurement behind the page's figure for restarts works; how long it takes isn't tested."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from bench.installs import Installs
from bench.processes import Cores

from bench import restarts

pytestmark = [
    pytest.mark.skipif(
        not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
        reason="needs two cores to choose from",
    ),
    pytest.mark.once,
]


@pytest.mark.parametrize("kind", restarts.KINDS)
def test_every_save_is_served(kind: str) -> None:
    place = Path(sys.prefix)
    found = restarts.measure(kind, 2, Installs(place, place, None, {}), Cores.choose())
    assert len(found) == 2
    assert min(found) > 0
