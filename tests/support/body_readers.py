"""Functions of every kind that read a body, or do not, each served with and without a limit."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from support.served_source import written
from support.server_process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = """
    import sys
    import functions_framework

    def say(*words):
        print(*words, file=sys.stderr, flush=True)

    @functions_framework.http
    def whole(request):
        data = request.get_data()
        say("whole", len(data))
        return str(len(data))

    @functions_framework.http
    def pieces(request):
        size = sum(len(part) for part in iter(lambda: request.stream.read(2), b""))
        say("pieces", size)
        return str(size)

    @functions_framework.http
    def unread(request):
        return "unread"

    @functions_framework.cloud_event
    def event(event):
        say("event", len(event.data or b""))
    """
ASYNC_SOURCE = """
    import sys
    import functions_framework

    def say(*words):
        print(*words, file=sys.stderr, flush=True)

    @functions_framework.http
    async def whole(request):
        data = await request.body()
        say("whole", len(data))
        return str(len(data))

    @functions_framework.http
    async def pieces(request):
        size = 0
        async for part in request.stream():
            size += len(part)
        say("pieces", size)
        return str(size)

    @functions_framework.http
    async def unread(request):
        return "unread"

    @functions_framework.cloud_event
    async def event(event):
        say("event", len(event.data or b""))
    """
TARGETS = "whole,pieces,unread,event"
SOURCES = {"sync": SOURCE, "async": ASYNC_SOURCE}
SERVERS = [(kind, limit) for kind in SOURCES for limit in ("", "1M")]


@contextmanager
def reading(folder: Path, kind: str, limit: str) -> Iterator[ServerProcess]:
    """Serve the functions of one kind."""
    source = written(folder, SOURCES[kind])
    flags = ["--max-body-size", limit] if limit else []
    with ServerProcess.start(source, TARGETS, *flags) as server:
        yield server.ready()
