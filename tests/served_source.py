"""A source written for one test, served by a real server, with a client for it."""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx

from server_process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
"""The headers of a CloudEvent in binary mode."""


class Served(NamedTuple):
    """A server that listens, and a client for it."""

    server: ServerProcess
    client: httpx.Client


def written(directory: Path, text: str) -> Path:
    """Write `main.py`."""
    source = directory / "main.py"
    source.write_text(textwrap.dedent(text), encoding="utf-8")
    return source


@contextmanager
def served(
    directory: Path, text: str, *flags: str, target: str | None = None, **variables: str
) -> Iterator[Served]:
    """Serve a source until the end of the block."""
    with ServerProcess.start(written(directory, text), target, *flags, **variables) as server:
        server.ready()
        url = f"http://{server.host}:{server.port}"
        # No variables of the machine's: a proxy is not for loopback.
        with httpx.Client(base_url=url, trust_env=False, timeout=20) as client:
            yield Served(server, client)


def refused(
    directory: Path, text: str, *flags: str, target: str | None = None, **variables: str
) -> tuple[int, str]:
    """Start a server that cannot serve; return its exit code and what it said."""
    with ServerProcess.start(written(directory, text), target, *flags, **variables) as server:
        return server.exit_code(20), server.log
