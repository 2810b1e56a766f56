"""A source written for one test or module, served by real servers."""

from __future__ import annotations

import textwrap
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx

from support.server_process import KINDS, ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}
"""The headers of a CloudEvent in binary mode."""

HELLO = "def hello(request):\n    return 'Hello world!'\n"
SLOW_LOAD = "import sys, time\nprint('loading', file=sys.stderr, flush=True)\ntime.sleep(60)\n"
"""Begins a source that says so while it loads, for a minute."""


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


@contextmanager
def served_as_each_kind(
    directory: Path, text: str, *flags: str, **variables: str
) -> Iterator[dict[str, ServerProcess]]:
    """Serve the target of each of `KINDS`, each by a server of its own."""
    source = written(directory, text)
    with ExitStack() as stack:
        found = {
            kind: stack.enter_context(ServerProcess.start(source, kind, *flags, **variables))
            for kind in KINDS
        }
        yield {kind: server.ready() for kind, server in found.items()}


def refused(
    directory: Path, text: str, *flags: str, target: str | None = None, **variables: str
) -> tuple[int, str]:
    """Start a server that cannot serve; return its exit code and what it said."""
    with ServerProcess.start(written(directory, text), target, *flags, **variables) as server:
        return server.exit_code(20), server.log
