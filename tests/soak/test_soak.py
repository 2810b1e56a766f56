"""A short soak: nothing is lost and nothing is left behind by clients of every kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from soak.soak import stays_as_it_was, survives_its_workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.once

SECONDS = 6.0


@pytest.mark.parametrize("is_mixed", [False, True], ids=["sync", "mixed"])
def test_a_worker_loses_nothing_and_stays_as_it_was(
    tmp_path: Path, figure: Callable[[str], None], *, is_mixed: bool
) -> None:
    for line in stays_as_it_was(tmp_path, SECONDS, is_mixed=is_mixed):
        figure(line)


@pytest.mark.parametrize("is_mixed", [False, True], ids=["sync", "mixed"])
def test_only_calls_of_killed_workers_are_lost(
    tmp_path: Path, figure: Callable[[str], None], *, is_mixed: bool
) -> None:
    for line in survives_its_workers(tmp_path, SECONDS, is_mixed=is_mixed):
        figure(line)
