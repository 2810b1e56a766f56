"""An async iterable worked through by one task of its own.

What an async generator holds from one part to the next may belong to a task and its context: a
timeout, a task group, the token of a context variable. So one task asks for all parts, and closes
it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .closing import aclose

if TYPE_CHECKING:
    from collections.abc import AsyncIterable

END = object()
"""Given after the last part."""


class Pump:
    """Gives the parts of an async iterable, each when it is asked for.

    All is called on one event loop.

    Args:
        source: closed when it is at its end, or this is closed.
    """

    def __init__(self, source: AsyncIterable[Any]) -> None:
        self._source = source
        self._task: asyncio.Task[None] | None = None
        self._answer: asyncio.Future[Any] | None = None
        self._is_asked = asyncio.Event()
        self._is_closing = False

    def ask(self) -> asyncio.Future[Any]:
        """The next part, or END; what was not answered yet is not asked again."""
        answer = self._answer
        if answer is None or answer.done():
            loop = asyncio.get_running_loop()
            answer = self._answer = loop.create_future()
            if self._task is None:
                self._task = loop.create_task(self._run())
            elif self._task.done():
                answer.set_result(END)
            self._is_asked.set()
        return answer

    async def close(self) -> None:
        """Close the source, wherever it is; raises what that raises."""
        if self._is_closing:
            return
        self._is_closing = True
        if self._task is None:
            await aclose(None, self._source)
        elif not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})
            if not self._task.cancelled():
                self._task.result()

    async def _run(self) -> None:
        try:
            result = await self._work_through()
        except BaseException as error:
            answer = self._answer
            if self._is_closing or answer is None or answer.done():
                raise
            # An exit must not end the loop: it is the asker's.
            answer.set_exception(error)
        else:
            self._give(result)

    async def _work_through(self) -> object:
        parts = aiter(self._source)
        try:
            self._is_asked.clear()
            async for part in parts:
                self._give(part)
                await self._is_asked.wait()
                self._is_asked.clear()
                if self._is_closing:
                    break
        finally:
            await aclose(parts, self._source)
        return END

    def _give(self, part: object) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(part)
