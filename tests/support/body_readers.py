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
        say("whole", len(data), request.headers.get("ce-mark"))
        return str(len(data))

    @functions_framework.http
    def pieces(request):
        size = sum(len(part) for part in iter(lambda: request.stream.read(2), b""))
        say("pieces", size, request.headers.get("ce-mark"))
        return str(size)

    @functions_framework.http
    def unread(request):
        return "unread"

    @functions_framework.cloud_event
    def event(event):
        say("event", len(event.data or b""), event.get("mark"))
    """
ASYNC_SOURCE = """
    import sys
    import functions_framework

    def say(*words):
        print(*words, file=sys.stderr, flush=True)

    @functions_framework.http
    async def whole(request):
        data = await request.body()
        say("whole", len(data), request.headers.get("ce-mark"))
        return str(len(data))

    @functions_framework.http
    async def pieces(request):
        size = 0
        async for part in request.stream():
            size += len(part)
        say("pieces", size, request.headers.get("ce-mark"))
        return str(size)

    @functions_framework.http
    async def unread(request):
        return "unread"

    @functions_framework.cloud_event
    async def event(event):
        say("event", len(event.data or b""), event.get("mark"))
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


def never_called(server: ServerProcess, mark: str) -> bool:
    """Whether no function has ended a call whose `ce-mark` header was this."""
    later = f"after-{mark}"
    head = f"POST /whole HTTP/1.1\r\nhost: x\r\nce-mark: {later}\r\ncontent-length: 1\r\n\r\nx"
    assert server.send(head.encode()) == (200, b"1")
    server.wait_for(f"whole 1 {later}")
    return f" {mark}\n" not in server.log
