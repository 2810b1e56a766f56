"""The lifespan protocol of an ASGI application, from the server's side."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from functions_framework.model.interfaces import ASGIApp, ASGIMessage

_VERSIONS = {"version": "3.0", "spec_version": "2.0"}
_STARTED = "lifespan.startup.complete"
_UNSERVED = "lifespan.startup.failed"
_UNENDED = "lifespan.shutdown.failed"


class Lifespan:
    """Tells an application of the start and of the end.

    Args:
        app: the application.

    Attributes:
        state: what the application keeps for its requests, None if it has no lifespan.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._events: asyncio.Queue[ASGIMessage] = asyncio.Queue()
        self._answers: asyncio.Queue[ASGIMessage] = asyncio.Queue()
        self._running: asyncio.Future[None] | None = None
        self._is_over = False
        self.state: dict[str, Any] | None = None

    async def begin_lifespan(self) -> None:
        """Let the application start; one without a lifespan is served as it is.

        Raises:
            BaseException: what the application raised after it said that it cannot start.
            RuntimeError: it said so and raised nothing.
        """
        state: dict[str, Any] = {}
        scope = {"type": "lifespan", "asgi": _VERSIONS, "state": state}
        running = asyncio.ensure_future(self._app(scope, self._hear, self._answer))
        answer = await self._ask("lifespan.startup", running)
        if answer is None:
            running.exception()  # seen; not "never retrieved"
        elif answer["type"] == _UNSERVED:
            await _ended(running)
            raise RuntimeError(f"The application cannot start: {_reason(answer)}.")
        else:
            self.state, self._running = state, running

    async def end_lifespan(self) -> None:
        """Let the application shut down, if it started.

        Raises:
            BaseException: what the application raised.
            RuntimeError: it said that it has failed, and raised nothing.
        """
        if self._running is None:
            return
        answer = await self._ask("lifespan.shutdown", self._running)
        await _ended(self._running)
        if answer is not None and answer["type"] == _UNENDED:
            raise RuntimeError(f"The application could not shut down: {_reason(answer)}.")

    async def _hear(self) -> ASGIMessage:
        if self._is_over:
            # Many ask once more, in a loop; nothing follows.
            raise asyncio.CancelledError
        return await self._events.get()

    async def _answer(self, message: ASGIMessage) -> None:
        # An app that takes the lifespan for a request ends here, as one without a lifespan.
        if not message["type"].startswith("lifespan."):
            raise RuntimeError(f"A lifespan has no place for {message['type']!r} (ASGI, lifespan).")
        self._is_over = message["type"] != _STARTED
        await self._answers.put(message)

    async def _ask(self, event: str, running: asyncio.Future[None]) -> ASGIMessage | None:
        """Send an event; the response to it, None if the application ended without one."""
        await self._events.put({"type": event})
        answering = asyncio.ensure_future(self._answers.get())
        both: set[asyncio.Future[Any]] = {running, answering}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            return answering.result()
        answering.cancel()
        return None


async def _ended(running: asyncio.Future[None]) -> None:
    """Wait for an application that has said its last; raises what it raised."""
    await asyncio.wait({running})
    if not running.cancelled():
        running.result()


def _reason(answer: ASGIMessage) -> str:
    return answer.get("message") or "it gave no reason"
