"""A stream waits for its reader: a client that reads slowly does not fill the memory."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from support.server_process import KINDS, ServerProcess, read_answer, wait_until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

PARTS = 150
PART = 2**20
SOURCE = f"""
import functions_framework, sys

PART = b"x" * {PART}

def note():
    print("made", file=sys.stderr, flush=True)
    return PART

@functions_framework.http
def plain(request):
    return (note() for _ in range({PARTS}))

@functions_framework.http
async def waiting(request):
    async def parts():
        for _ in range({PARTS}):
            yield note()
    return parts()

@functions_framework.http(path="/mixed")
async def mixed(request):
    return (note() for _ in range({PARTS}))
"""


def made_when_it_waits(server: ServerProcess) -> int:
    """How many parts were made when no more are."""
    found = [-1, server.log.count("made")]

    def has_settled() -> bool:
        time.sleep(0.3)
        found.append(server.log.count("made"))
        return found[-1] == found[-2] > 0

    wait_until(has_settled, "an end of parts", 20)
    return found[-1]


@pytest.mark.parametrize("kind", [*KINDS, "mixed"])
def test_stream_waits_for_its_reader(tmp_path: Path, kind: str) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    with (
        ServerProcess.start(tmp_path / "main.py", kind) as server,
        server.ready().connect() as connection,
    ):
        connection.sendall(b"GET /mixed HTTP/1.1\r\nhost: x\r\n\r\n")
        # The kernel's own buffers hold some megabytes.
        assert made_when_it_waits(server) < PARTS / 4
        status, body = read_answer(connection)
        assert (status, len(body)) == (200, PARTS * PART)
        assert re.search("Traceback|halfway", server.log) is None
