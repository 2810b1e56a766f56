"""A stream ends for its client when its last part is sent, whoever still holds its frames."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.server_process import KINDS, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

# What holds a traceback, a debugger say, holds the frames below it and all their variables.
SOURCE = """
import sys
import functions_framework

KEPT = []

def keep(frame):
    while frame is not None:
        KEPT.append(frame)
        frame = frame.f_back

@functions_framework.http
def plain(request):
    def parts():
        keep(sys._getframe())
        yield "all"
    return parts()

@functions_framework.http
async def waiting(request):
    async def parts():
        keep(sys._getframe())
        yield "all"
    return parts()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_the_end_of_a_stream_arrives_though_its_frames_are_kept(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    with ServerProcess.start(tmp_path / "main.py", kind) as server:
        assert server.ready().get() == (200, b"all")
