"""The first part of the tutorial is short: typed to its end in less than five minutes."""

from __future__ import annotations

from docs.film import PAGE, Step, _parts, table, typing
from docs.pages import scenarios

_PARTS = [what for block in scenarios(PAGE)[0].blocks for _, what in _parts(block)]


def test_typing_leaves_time_for_the_machine() -> None:
    assert any("replay" in what for what in _PARTS)
    assert sum(map(typing, _PARTS)) < 240


def test_the_table_adds_up() -> None:
    shown = table([Step("pip install", 2.0, 20.0), Step("pytest", 1.0, 1.5)])
    assert shown.splitlines()[-1].split() == ["3.0", "21.5", "2", "steps:", "24", "seconds"]
