"""The events of a batch on an event loop: a task each, as far as there are places for them.

Each takes its first step at once, so that events that wait for nothing cost no turn of the loop;
after some milliseconds of these the loop has its turn.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from functions_framework.events.binding import STRUCTURED_TYPE
from functions_framework.logs import log_crash
from functions_framework.model.execution import DEADLINE, execution
from functions_framework.model.fields import as_bytes, as_text, encoded_query, merged
from functions_framework.runtime import places
from functions_framework.runtime.closing import aclose
from functions_framework.runtime.jobs import LATE
from functions_framework.runtime.tasks import start

from ..batches import Answered, answer
from ..errors import CRASH_REPLY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from functions_framework.model.interfaces import Receive, Scope
    from functions_framework.model.message import Reply
    from functions_framework.runtime.places import GiveBack


# What belongs to the request and not to its events.
_OF_BATCH = (b"ce-", b"content-", b"function-execution-id", b"transfer-encoding")
_get: Callable[[Any, str], Any] = dict.get

_TURN_SECONDS = 0.002


async def answer_each(
    respond: Callable[[Scope, Receive], Awaitable[Reply]], scope: Scope, events: list[bytes]
) -> Reply:
    """The response to a batch.

    Args:
        respond: answers a request; raises nothing but cancellation.
        scope: the request's.
        events: those of its body.
    """
    team = Team(respond, scope, events)
    await team.run()
    return answer(events, team.answered)


class _EventScope(dict[str, Any]):
    """The scope of all events of a batch, read once (see `scope`): no function gets to see it.

    Attributes:
        by_name: the header fields.
        query: the query string.
    """

    def __init__(self, scope: Scope) -> None:
        pairs = [pair for pair in scope["headers"] if not pair[0].lower().startswith(_OF_BATCH)]
        headers = [*pairs, (b"content-type", STRUCTURED_TYPE.encode())]
        super().__init__(scope, headers=headers)
        self.by_name = merged(as_text(headers))
        self.query = encoded_query(scope["query_string"])


class _Inbox:
    """The body of one event, to be had at once (see `scope.read_body`) or as ASGI has it."""

    __slots__ = ("_body", "_is_read")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._is_read = False

    async def whole(self) -> bytes:
        self._is_read = True
        return self._body

    async def __call__(self) -> dict[str, Any]:
        if self._is_read:
            return {"type": "http.disconnect"}
        self._is_read = True
        return {"type": "http.request", "body": self._body, "more_body": False}


class Team:
    """The tasks that work on one batch.

    Args:
        respond: answers a request; raises nothing but cancellation.
        scope: what the requests of the events have in common.
        events: the events, in structured mode.
        further: header fields that each has besides, by lower-case name.

    Attributes:
        answered: the outcome of each, None as long as it has none.
    """

    def __init__(
        self,
        respond: Callable[[Scope, Receive], Awaitable[Reply]],
        scope: Scope,
        events: Sequence[bytes],
        further: Sequence[Mapping[str, str]] = (),
    ) -> None:
        self.answered: list[Answered | None] = [None] * len(events)
        self._respond = respond
        self._scope = _EventScope(scope)
        self._further = further
        self._deadline: float | None = _get(scope, DEADLINE)
        self._left = deque(enumerate(events))
        self._loop = asyncio.get_running_loop()
        self._places: dict[asyncio.Task[None], GiveBack] = {}
        self._is_own_free = True
        self._is_cancelled = False
        self._done: asyncio.Future[None] = self._loop.create_future()

    async def run(self) -> None:
        """Have the events served; raises nothing but cancellation, which ends them all."""
        # Not now: this is another task, and the server may not count this call before it waits.
        self._loop.call_soon(self._go_on)
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
        until = time.monotonic() + _TURN_SECONDS
        while self._left and (place := self._place()) is not None:
            task = start(self._loop, self._serve(*self._left.popleft()))
            if not task.done():
                self._places[task] = place
                task.add_done_callback(self._end)
                continue
            place()
            if time.monotonic() > until:
                self._loop.call_soon(self._go_on)
                return
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

    def _scope_of(self, index: int) -> Scope:
        if not self._further or not self._further[index]:
            return self._scope
        scope = _EventScope(self._scope)
        scope.by_name = {**self._scope.by_name, **self._further[index]}
        scope["headers"] = as_bytes(list(scope.by_name.items()))
        return scope

    async def _serve(self, index: int, event: bytes) -> None:
        started = time.monotonic()
        try:
            reply = await self._respond(self._scope_of(index), _Inbox(event))
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
