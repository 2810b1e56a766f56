"""Slow clients of every kind at once, on default settings: they cost only themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from faults.slow_clients import PROBE, SOURCE, storm
from support.server_process import KINDS, ServerProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLIENTS = 300


@pytest.mark.once
@pytest.mark.parametrize("kind", KINDS)
def test_slow_clients_cost_only_themselves(
    tmp_path: Path, figure: Callable[[str], None], kind: str
) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    flags = ["--health-path", PROBE, "--grace-period", "2"]
    with ServerProcess.start(tmp_path / "main.py", kind, *flags) as server:
        found = storm(server.ready(), CLIENTS, 4)
        figure(f"{kind}: {found.line()}")
        assert "Traceback" not in server.log
    assert found.connected == 3 * CLIENTS
    assert found.failed == []
    assert found.p99() < 1
    # By itself: three seconds after the grace period its parent kills it.
    assert (found.code, found.ended < 5) == (0, True)
