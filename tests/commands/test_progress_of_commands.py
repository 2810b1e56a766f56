"""What takes over a second says so, on a terminal and nowhere else."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING

import pytest

from functions_framework.runtime import terminal

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.once


class _Screen(io.StringIO):
    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal
        self.written = threading.Event()

    def isatty(self) -> bool:
        return self._is_terminal

    def write(self, text: str) -> int:
        self.written.set()
        return super().write(text)


def _shown(monkeypatch: pytest.MonkeyPatch, screen: _Screen, work: Callable[[], object]) -> str:
    monkeypatch.setattr(terminal, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr("sys.stderr", screen)
    with terminal.progress("calling hello"):
        work()
    return screen.getvalue()


def test_a_terminal_is_told_what_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = _Screen(is_terminal=True)
    shown = _shown(monkeypatch, screen, lambda: screen.written.wait(10))
    assert shown == "… still calling hello (Ctrl-C ends it)\n"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_what_is_quick_or_piped_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    screen = _Screen(is_terminal=is_terminal)
    seconds = 0.0 if is_terminal else 0.2
    assert _shown(monkeypatch, screen, lambda: screen.written.wait(seconds)) == ""
