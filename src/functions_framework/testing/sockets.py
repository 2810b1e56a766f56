"""WebSockets of the clients for tests: one that waits, one that is awaited."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from functions_framework.calls.result import ResponseHeaders

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractContextManager
    from types import TracebackType

    from typing_extensions import Self

    from functions_framework.calls.conversation import Conversation


class WebSocketRefused(Exception):  # noqa: N818 - what happened, as Starlette's WebSocketDisconnect
    """The handshake was answered with a response instead of a WebSocket.

    Attributes:
        status: its HTTP status.
        headers: its headers.
        body: its body.
        text: the body as text.
    """

    def __init__(self, status: int, headers: ResponseHeaders, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.text = body.decode(errors="replace")
        super().__init__(f"The WebSocket was refused with {status}: {self.text.strip()}")


class AsyncClientSocket:
    """An open WebSocket of an `AsyncClient`; made by its `websocket`.

    Args:
        start: begins the life of the function's source, and gives the conversation.
        around: the source's world.
    """

    def __init__(
        self,
        start: Callable[[], Coroutine[Any, Any, Conversation]],
        around: AbstractContextManager[None],
    ) -> None:
        self._start = start
        self._around = around

    async def __aenter__(self) -> Self:
        self._around.__enter__()
        try:
            self._conversation = await self._start()
            await begun(self._conversation)
        except BaseException as error:
            self._around.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.close()
        finally:
            self._around.__exit__(kind, error, traceback)

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the function has chosen."""
        return self._conversation.subprotocol

    async def send_text(self, text: str) -> None:
        """Send a text message."""
        self._conversation.send(text=text)

    async def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._conversation.send(bytes=data)

    async def send_json(self, value: object) -> None:
        """Send a value as JSON text."""
        await self.send_text(json.dumps(value))

    async def receive_text(self) -> str:
        """The next message, which must be text.

        Raises:
            starlette.websockets.WebSocketDisconnect: the function has closed; caused by what it
                raised where it crashed.
            TypeError: the message is bytes.
        """
        return await received(self._conversation, "text")  # type: ignore[no-any-return]

    async def receive_bytes(self) -> bytes:
        """The next message, which must be bytes; raises as `receive_text`."""
        return await received(self._conversation, "bytes")  # type: ignore[no-any-return]

    async def receive_json(self) -> Any:
        """The value of the next message, JSON text; raises as `receive_text`."""
        return json.loads(await self.receive_text())

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Leave, and wait for the function to end."""
        await self._conversation.end(code, reason)


class ClientSocket:
    """An open WebSocket of a `Client`; made by its `websocket`.

    Args:
        start: begins the life of the function's source, and gives the conversation.
        run: runs what is asked of the conversation, in the source's world.
    """

    def __init__(
        self,
        start: Callable[[], Conversation],
        run: Callable[[Coroutine[Any, Any, Any]], Any],
    ) -> None:
        self._start = start
        self._run = run

    def __enter__(self) -> Self:
        self._conversation = self._start()
        self._run(begun(self._conversation))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the function has chosen."""
        return self._conversation.subprotocol

    def send_text(self, text: str) -> None:
        """Send a text message."""
        self._conversation.send(text=text)

    def send_bytes(self, data: bytes) -> None:
        """Send a binary message."""
        self._conversation.send(bytes=data)

    def send_json(self, value: object) -> None:
        """Send a value as JSON text."""
        self.send_text(json.dumps(value))

    def receive_text(self) -> str:
        """The next message, which must be text.

        Raises:
            starlette.websockets.WebSocketDisconnect: the function has closed; caused by what it
                raised where it crashed.
            TypeError: the message is bytes.
        """
        return self._run(received(self._conversation, "text"))  # type: ignore[no-any-return]

    def receive_bytes(self) -> bytes:
        """The next message, which must be bytes; raises as `receive_text`."""
        return self._run(received(self._conversation, "bytes"))  # type: ignore[no-any-return]

    def receive_json(self) -> Any:
        """The value of the next message, JSON text; raises as `receive_text`."""
        return json.loads(self.receive_text())

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Leave, and wait for the function to end."""
        self._run(self._conversation.end(code, reason))


async def begun(conversation: Conversation) -> None:
    """Ask for the WebSocket.

    Raises:
        WebSocketRefused: it was refused; caused by what the function raised where it crashed.
    """
    refused = await conversation.begin()
    if refused is not None:
        headers = ResponseHeaders(refused.headers)
        raise WebSocketRefused(refused.status, headers, refused.body) from conversation.error


async def received(conversation: Conversation, kind: str) -> Any:
    """The next message of a kind, `text` or `bytes`; raises as `receive_text`."""
    message = await conversation.receive()
    if message["type"] == "websocket.close":
        from starlette.websockets import WebSocketDisconnect

        code, reason = message.get("code", 1000), message.get("reason")
        raise WebSocketDisconnect(code, reason) from conversation.error
    data = message.get(kind)
    if data is None:
        raise TypeError(f"Expected a message of {kind}, found the other kind.")
    return data
