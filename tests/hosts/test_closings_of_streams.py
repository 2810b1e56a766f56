"""When streams are closed: whenever their task ends, and after the response was sent."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework import aio
from functions_framework.hosts.streams import Blocking, Threaded
from functions_framework.runtime.threads import SPARE
from support.server_process import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conftest import SourceTree


class Between:
    """Draws from an async body in a thread, and works for a while before it gives the part."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = Blocking(body)
        self.has_drawn = threading.Event()
        self.may_go_on = threading.Event()

    def __iter__(self) -> Between:
        return self

    def __next__(self) -> bytes:
        part: bytes = next(self._body)
        self.has_drawn.set()
        assert self.may_go_on.wait(10)
        return part

    def close(self) -> None:
        self._body.close()


def test_an_async_body_is_closed_though_its_task_ended_while_a_thread_worked() -> None:
    closed: list[asyncio.AbstractEventLoop] = []

    async def parts() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"part"
        finally:
            await asyncio.sleep(0)
            closed.append(asyncio.get_running_loop())

    async def main() -> asyncio.AbstractEventLoop:
        body = Between(parts())
        sent = Threaded(body, SPARE.start)
        task = asyncio.ensure_future(anext(sent))
        await asyncio.to_thread(body.has_drawn.wait, 10)
        task.cancel()
        await asyncio.wait({task})
        await sent.aclose()
        body.may_go_on.set()
        await asyncio.to_thread(wait_until, lambda: closed, "the end of the body")
        return asyncio.get_running_loop()

    assert asyncio.run(main()) is closed[0]


AFTER = """
from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

async def answer(request):
    task = BackgroundTask(request.scope["seen"].append, "work")
    if request.url.path == "/empty":
        return Response(status_code=204, background=task)
    return StreamingResponse(iter("ab"), background=task)
"""


@pytest.mark.parametrize("path", ["/empty", "/stream"])
def test_a_response_ends_before_what_is_done_after_it(sources: SourceTree, path: str) -> None:
    sources.write(main=AFTER)
    app = aio.create_asgi_app("answer", sources.root / "main.py")
    seen: list[str] = []
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    scope |= {"scheme": "http", "http_version": "1.1", "seen": seen}

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            seen.append("end")

    asyncio.run(app(scope, receive, send))
    assert seen == ["end", "work"]
