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


def save(path: Path, text: str) -> None:
    """Save as many editors do: another file is put in its place.

    One that is cut first may be read as an empty one in between, and is two changes then.
    """
    draft = path.with_name(f"{path.name}~")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


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
    source = written(directory, text)
    with (
        ServerProcess.start(source, target, *flags, **variables) as server,
        _with_client(server) as found,
    ):
        yield found


class Given(NamedTuple):
    """What a server of a module's tests is started with; the `servers` fixture starts them."""

    text: str
    flags: tuple[str, ...] = ()
    target: str | None = None
    variables: dict[str, str] = {}  # noqa: RUF012 - nobody changes it


def each_kind(text: str, *flags: str, **variables: str) -> dict[str, Given]:
    """A server of its own for the target of each of `KINDS`."""
    return {kind: Given(text, flags, kind, variables) for kind in KINDS}


@contextmanager
def all_served(
    directories: dict[str, Path], given: dict[str, Given]
) -> Iterator[dict[str, Served]]:
    """Start servers at once, and wait for all of them."""
    with ExitStack() as stack:
        started = {
            name: stack.enter_context(
                ServerProcess.start(
                    written(directories[name], one.text), one.target, *one.flags, **one.variables
                )
            )
            for name, one in given.items()
        }
        yield {name: stack.enter_context(_with_client(one)) for name, one in started.items()}


@contextmanager
def _with_client(server: ServerProcess) -> Iterator[Served]:
    server.ready()
    url = f"http://{server.host}:{server.port}" if server.path is None else "http://localhost"
    transport = None if server.path is None else httpx.HTTPTransport(uds=str(server.path))
    # No variables of the machine's: a proxy is not for loopback.
    with httpx.Client(base_url=url, trust_env=False, timeout=20, transport=transport) as client:
        yield Served(server, client)


def refused(
    directory: Path, text: str, *flags: str, target: str | None = None, **variables: str
) -> tuple[int, str]:
    """Start a server that cannot serve; return its exit code and what it said."""
    with ServerProcess.start(written(directory, text), target, *flags, **variables) as server:
        return server.exit_code(20), server.log
