"""Building a host for functions that were loaded."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from functions_framework.hosts import build
from functions_framework.hosts.instrumented import _AGENTS
from functions_framework.model.function import Function, Signature
from functions_framework.settings import Settings


def _hello(event: object) -> None:
    """Do nothing."""


@pytest.mark.parametrize("is_followed", [False, True])
def test_functions_stay_themselves_where_nobody_follows_calls(
    monkeypatch: pytest.MonkeyPatch, *, is_followed: bool
) -> None:
    for agent in _AGENTS:  # other tests may have imported one
        monkeypatch.delitem(sys.modules, agent, raising=False)
    function = Function(_hello, "hello", Signature.CLOUDEVENT)
    context = build.FlaskContext()
    context.source = Path(__file__)
    host: Any = build.build([function], context, Settings(), is_followed=is_followed).host
    called, _ = host._routes.only
    assert (called.call is _hello) is not is_followed
    assert called.call.__name__ == "_hello"
    assert called.call(None) is None
