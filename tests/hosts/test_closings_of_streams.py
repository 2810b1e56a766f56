"""Bodies that threads draw for an event loop are closed whenever their task ends."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from functions_framework.hosts.streams import Blocking, Threaded
from functions_framework.runtime.threads import SPARE
from support.server_process import wait_until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


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
