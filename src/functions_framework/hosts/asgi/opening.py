"""Makes a reply of an ASGI application: runs it until its response begins, streams the rest."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from functions_framework.logs import log_crash
from functions_framework.model.fields import as_text
from functions_framework.model.message import Reply

from ..beginnings import data_of
from ..errors import ClientLeftError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from functions_framework.model.interfaces import ASGIApp, ASGIMessage, Receive, Scope

    # What it sends, what it raised, None at its end.
    _Sent = ASGIMessage | BaseException | None

# Room for a head, a body and the end: an app that waits for nothing is done at the first turn.
_ROOM = 3
_MOMENT = 0.1


async def open_asgi(app: ASGIApp, scope: Scope, receive: Receive) -> Reply:
    """Run an ASGI app until its body begins, and hand out the rest as a stream.

    An app that is done by then gives a whole reply. An empty part of a body asks for the head to be
    sent (ASGI 3, "Response Body"), so what comes after one is waited for a moment only.

    Raises:
        ClientLeftError: the app returned so, as it was told that its client has left.
        RuntimeError: the app returned without a response, or in the middle of it.
        BaseException: whatever it raises before its body has begun.
    """
    answer = _Answer(app, scope, receive)
    try:
        head = await answer.take_head()
        first = await answer.take_first()
        whole = answer.take_whole(first)
    except BaseException:
        answer.cancel()
        raise
    headers = as_text(head.get("headers", ()))
    body: Any = _Rest(answer, first) if whole is None else whole
    return Reply(head["status"], headers, body)


class _Answer:
    """What an app sends for one request, a message at a time.

    Attributes:
        task: the app's.
        is_complete: whether it has sent the last part of its body.
    """

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive) -> None:
        self._name = type(app).__name__
        self.is_complete = False
        self._scope = scope
        self._receive = receive
        self._messages: asyncio.Queue[_Sent] = asyncio.Queue(_ROOM)
        self._next: asyncio.Future[_Sent] | None = None
        self._has_begun = False
        self._is_left = False
        self._is_told = False
        self.task = asyncio.ensure_future(self._run(app, scope))

    async def _run(self, app: ASGIApp, scope: Scope) -> None:
        try:
            await app(scope, self._hear, self._send)
        except BaseException as error:  # noqa: BLE001 - raised again where it is taken
            await self._send(error)
        else:
            await self._send(None)

    async def _hear(self) -> ASGIMessage:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_told = True
        return message

    async def _send(self, message: _Sent) -> None:
        if not self._is_left:
            await self._messages.put(message)

    async def take(self) -> ASGIMessage | None:
        """The next message, None at the end; raises what the app raised before its last part."""
        waiting, self._next = self._next, None
        return self._seen(await (self._messages.get() if waiting is None else waiting))

    def _seen(self, message: _Sent) -> ASGIMessage | None:
        if isinstance(message, BaseException):
            if not self.is_complete:
                raise message
            # That reply stands.
            if getattr(self._receive, "refused", None) is None:
                log_crash(message, method=self._scope["method"], path=self._scope["path"])
            return None
        if message is None and self._has_begun and not self.is_complete:
            raise self._early("returned in the middle of its response")
        if message is not None:
            self._has_begun = True
            if message["type"] == "http.response.body":
                self.is_complete = not message.get("more_body", False)
        return message

    async def take_head(self) -> ASGIMessage:
        """The message that begins the response."""
        head = await self.take()
        if head is None or head["type"] != "http.response.start":
            raise self._early("returned without sending a response")
        return head

    def _early(self, what: str) -> Exception:
        if self._is_told:
            return ClientLeftError("The client has left.")
        return RuntimeError(f"{self._name} {what}.")

    async def take_first(self) -> bytes:
        """The first part that is not empty, or nothing when the head is to be sent before it."""
        message = await self.take()
        while message is not None and not message.get("body") and not self.is_complete:
            self._next = asyncio.ensure_future(self._messages.get())
            if not (await asyncio.wait({self._next}, timeout=_MOMENT))[0]:
                return b""
            message = await self.take()
        return b"" if message is None else data_of(message.get("body", b""))

    def take_whole(self, first: bytes) -> bytes | None:
        """The whole body where the app is done, else None."""
        if not self.task.done():
            return None
        body = [first]
        with suppress(asyncio.QueueEmpty):
            while (message := self._seen(self._messages.get_nowait())) is not None:
                body.append(data_of(message.get("body", b"")))
        return b"".join(body)

    def cancel(self) -> None:
        """End the app, whatever it does; nobody takes what it sends."""
        self._is_left = True
        self.task.cancel()
        if self._next is not None:
            self._next.cancel()


class _Rest:
    """The body of an app that is not done yet, from its first part on."""

    def __init__(self, answer: _Answer, first: bytes) -> None:
        self._answer = answer
        self._first = first

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        first, self._first = self._first, b""
        if first:
            return first
        answer = self._answer
        while not answer.is_complete:
            message = await answer.take()
            if message is not None and message.get("body"):
                return data_of(message["body"])
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Wait for what the app does after its response; end an app that is in the middle of it."""
        answer = self._answer
        if answer.is_complete:
            # A client that goes has its response; who cancels this once more means it.
            with suppress(asyncio.CancelledError):
                await asyncio.wait({answer.task})
        if not (answer.is_complete and answer.task.done()):
            await self._end(answer)
        if answer.is_complete:
            answer.take_whole(b"")

    @staticmethod
    async def _end(answer: _Answer) -> None:
        if not answer.is_complete:
            answer.cancel()
        try:
            await asyncio.wait({answer.task})
        except asyncio.CancelledError:
            answer.cancel()
            raise
