"""Hosts around another host that record each request and its outcome; built only under --record."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import RequestRefused
from functions_framework.hosts.wsgi.environ import path_of
from functions_framework.model.execution import execution

from .directory import Directory
from .exchange import Exchange, Recorder
from .taps import AsyncBodyTap, BodyTap
from .value import LARGEST_BODY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from functions_framework.hosts.asgi.scope import Receive, Scope
    from functions_framework.hosts.wsgi.environ import Environ
    from functions_framework.model.message import Reply
    from functions_framework.settings import Settings


def recorded(host: Any, target: str, settings: Settings) -> SyncRecorded | AsyncRecorded:
    """The host with its calls recorded.

    Args:
        host: answers requests.
        target: what is served, as for `--target`.
        settings: where recordings go, and what else is secret.
    """
    recorder = Recorder(
        Directory(settings.record or ""),
        settings.target or target,
        str(settings.signature_type),
        tuple((settings.record_redact or "").split(",")),
    )
    return (AsyncRecorded if host.is_async else SyncRecorded)(host, recorder)


class SyncRecorded:
    """Records the calls of a sync host."""

    is_async = False

    def __init__(self, host: Any, recorder: Recorder) -> None:
        self._respond = host.respond
        self._recorder = recorder

    def respond(self, environ: Environ) -> Reply:
        """Answer one request, as the host does."""
        headers = tuple(_headers(environ))
        tap = environ["wsgi.input"] = BodyTap(environ["wsgi.input"])
        exchange = Exchange(
            self._recorder,
            environ["REQUEST_METHOD"],
            path_of(environ),
            environ.get("QUERY_STRING", ""),
            headers,
            tap.kept,
        )
        execution.set(None)
        try:
            reply: Reply = self._respond(environ)
        except BaseException:
            exchange.stop_clock()
            exchange.keep()
            raise
        exchange.begin_answer(reply)
        if not isinstance(reply.body, bytes):
            return reply._replace(body=_SyncParts(reply.body, exchange))
        with suppress(RequestRefused, OSError):  # the client left: what came is what there is
            tap.read_rest(LARGEST_BODY)
        exchange.keep()
        return reply


def _headers(environ: Environ) -> Iterator[tuple[str, str]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].lower().replace("_", "-"), value
        elif name in {"CONTENT_TYPE", "CONTENT_LENGTH"} and value:
            yield name.lower().replace("_", "-"), value


class _SyncParts:
    """A streamed body; it is recorded when it is closed."""

    def __init__(self, body: Any, exchange: Exchange) -> None:
        self._body = body
        self._exchange: Exchange | None = exchange
        self._parts: Any = None
        self._is_whole = False

    def __iter__(self) -> Iterator[bytes | str]:
        return self

    def __next__(self) -> bytes | str:
        if self._parts is None:
            self._parts = iter(self._body)
        try:
            part: bytes | str = next(self._parts)
        except StopIteration:
            self._is_whole = True
            raise
        if self._exchange is not None:
            self._exchange.answered.add(part)
        return part

    def close(self) -> None:
        exchange, self._exchange = self._exchange, None
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                close()
        finally:
            if exchange is not None:
                exchange.stop_clock(is_whole=self._is_whole)
                exchange.keep()


class AsyncRecorded:
    """Records the calls of an async host; files are written on a thread."""

    is_async = True

    def __init__(self, host: Any, recorder: Recorder) -> None:
        self._respond = host.respond
        self._recorder = recorder

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request, as the host does."""
        tap = AsyncBodyTap(receive)
        exchange = Exchange(
            self._recorder,
            scope["method"],
            scope["path"],
            scope["query_string"].decode("latin-1"),
            tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in scope["headers"]
            ),
            tap.kept,
        )
        execution.set(None)
        try:
            reply: Reply = await self._respond(scope, tap)
        except BaseException:
            exchange.stop_clock()
            exchange.keep()  # in place: a task that is cancelled must not wait
            raise
        exchange.begin_answer(reply)
        if not isinstance(reply.body, bytes):
            return reply._replace(body=_AsyncParts(reply.body, exchange))
        with suppress(RequestRefused, OSError):
            await tap.read_rest(LARGEST_BODY)
        await asyncio.to_thread(exchange.keep)
        return reply


class _AsyncParts:
    """The same from an event loop."""

    def __init__(self, body: Any, exchange: Exchange) -> None:
        self._body = body
        self._exchange: Exchange | None = exchange
        self._parts: Any = None
        self._is_whole = False

    def __aiter__(self) -> AsyncIterator[bytes | str]:
        return self

    async def __anext__(self) -> bytes | str:
        if self._parts is None:
            self._parts = aiter(self._body)
        try:
            part: bytes | str = await anext(self._parts)
        except StopAsyncIteration:
            self._is_whole = True
            raise
        if self._exchange is not None:
            self._exchange.answered.add(part)
        return part

    async def aclose(self) -> None:
        exchange, self._exchange = self._exchange, None
        close = getattr(self._body, "aclose", None)
        try:
            if close is not None:
                await close()
        finally:
            if exchange is not None:
                exchange.stop_clock(is_whole=self._is_whole)
                await asyncio.to_thread(exchange.keep)
