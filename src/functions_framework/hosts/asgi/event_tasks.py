"""The events of a batch on an event loop: a task each, as far as there are places for them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from functions_framework.events.binding import STRUCTURED_TYPE
from functions_framework.logs import log_crash
from functions_framework.model.execution import execution
from functions_framework.model.fields import as_text, encoded_query, merged
from functions_framework.runtime import places
from functions_framework.runtime.closing import aclose
from functions_framework.runtime.jobs import LATE

from ..batches import Answered, answer
from ..errors import CRASH_REPLY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from functions_framework.model.interfaces import Receive, Scope
    from functions_framework.model.message import Reply
    from functions_framework.runtime.places import GiveBack


# What belongs to the request and not to its events.
_OF_BATCH = (b"ce-", b"content-", b"function-execution-id", b"transfer-encoding")


async def answer_each(
    respond: Callable[[Scope, Receive], Awaitable[Reply]], scope: Scope, events: list[bytes]
) -> Reply:
    """The response to a batch.

    Args:
        respond: answers a request; raises nothing but cancellation.
        scope: the request's.
        events: those of its body.
    """
    team = _Team(respond, scope, events)
    await team.run()
    return answer(events, team.answered)


class _EventScope(dict[str, Any]):
    """The scope of one event, with what is the same for all of them read once (see `scope`).

    Attributes:
        by_name: the header fields.
        query: the query string.
    """

    by_name: dict[str, str]
    query: str


class _Team:
    """The tasks that work on one batch."""

    def __init__(
        self,
        respond: Callable[[Scope, Receive], Awaitable[Reply]],
        scope: Scope,
        events: list[bytes],
    ) -> None:
        self.answered: list[Answered | None] = [None] * len(events)
        self._respond = respond
        pairs = [pair for pair in scope["headers"] if not pair[0].lower().startswith(_OF_BATCH)]
        headers = [*pairs, (b"content-type", STRUCTURED_TYPE.encode())]
        self._scope = {**scope, "headers": headers}
        self._by_name = merged(as_text(headers))
        self._query = encoded_query(scope["query_string"])
        running = execution.get()
        self._deadline = running.deadline if running else None
        self._left = deque(enumerate(events))
        self._loop = asyncio.get_running_loop()
        self._places: dict[asyncio.Task[None], GiveBack] = {}
        self._is_own_free = True
        self._is_cancelled = False
        self._done: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> None:
        """Have the events served; raises nothing but cancellation, which ends them all."""
        # The server may have begun this call without knowing of it yet, and so not count it.
        await asyncio.sleep(0)
        self._go_on()
        try:
            await self._done
        except asyncio.CancelledError:
            self._is_cancelled = True
            self._left.clear()
            for task in self._places:
                task.cancel(LATE if self._is_late() else None)
            if self._places:
                await asyncio.wait(list(self._places))
            raise

    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _go_on(self) -> None:
        """Begin as many as there are places for; the first has that of the request."""
        if self._is_late():
            self._left.clear()
        while self._left and (place := self._place()) is not None:
            task = self._loop.create_task(self._serve(*self._left.popleft()))
            self._places[task] = place
            task.add_done_callback(self._end)
        if not self._places and not self._done.done():
            self._done.set_result(None)

    def _place(self) -> GiveBack | None:
        if not self._is_own_free:
            return places.take()
        self._is_own_free = False
        return self._free_own

    def _free_own(self) -> None:
        self._is_own_free = True

    def _end(self, task: asyncio.Task[None]) -> None:
        self._places.pop(task)()
        self._go_on()

    def _event_scope(self) -> Any:
        scope = _EventScope(self._scope)
        scope.by_name, scope.query = self._by_name, self._query
        return scope

    async def _serve(self, index: int, event: bytes) -> None:
        started = time.monotonic()
        inbox = [{"type": "http.request", "body": event, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return inbox.pop() if inbox else {"type": "http.disconnect"}

        try:
            reply = await self._respond(self._event_scope(), receive)
        except asyncio.CancelledError as error:
            if self._is_cancelled:
                raise
            # Of the function's own making, where the interpreter cannot tell.
            log_crash(error, method=self._scope["method"], path=self._scope["path"])
            reply = CRASH_REPLY
        if not isinstance(reply.body, bytes):
            await aclose(None, reply.body)  # of an error handler: nobody reads it
            reply = reply._replace(body=b"")
        running = execution.get()
        if running is not None and running.unfinished:
            from functions_framework.logs.streams import flush_call

            flush_call(running)
        self.answered[index] = Answered(reply, running, time.monotonic() - started)
