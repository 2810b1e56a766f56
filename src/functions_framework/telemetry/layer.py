"""Hosts around another host that tell a follower of each call; only built where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.model.execution import execution

from .outcome import Call, Follower, Outcome, request_of_environ, request_of_scope

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from functions_framework.hosts.asgi.scope import Receive, Scope
    from functions_framework.hosts.wsgi.environ import Environ
    from functions_framework.model.execution import Execution
    from functions_framework.model.message import Reply


def followed(host: Any, follower: Follower) -> SyncFollowed | AsyncFollowed:
    """The host with its calls told to a follower."""
    return (AsyncFollowed if host.is_async else SyncFollowed)(host, follower)


class SyncFollowed:
    """Follows the calls of a sync host."""

    is_async = False

    def __init__(self, host: Any, follower: Follower) -> None:
        self._respond = host.respond
        self._follower = follower

    def respond(self, environ: Environ) -> Reply:
        """Answer one request, as the host does."""
        call = self._follower.begin(request_of_environ(environ))
        # A request that begins no call must not be taken for the last one of this thread.
        execution.set(None)
        call.enter()
        try:
            reply: Reply = self._respond(environ)
        except BaseException as error:
            call.leave()
            call.end(Outcome.of_end(execution.get(), error))
            raise
        call.leave()
        running = execution.get()
        if isinstance(reply.body, bytes):
            call.end(Outcome.of(running, reply.status))
            return reply
        return reply._replace(body=_SyncBody(reply, call, running))


class _SyncBody:
    """A streamed body; the call ends when it is closed."""

    def __init__(self, reply: Reply, call: Call, running: Execution | None) -> None:
        self._body: Any = reply.body
        self._status = reply.status
        self._call: Call | None = call
        self._running = running
        self._parts: Any = None
        self._error: BaseException | None = None

    def __iter__(self) -> Iterator[bytes | str]:
        return self

    def __next__(self) -> bytes | str:
        call = self._call
        if call is None:
            raise StopIteration
        call.enter()
        try:
            if self._parts is None:
                self._parts = iter(self._body)
            part: bytes | str = next(self._parts)
            return part
        except StopIteration:
            raise
        except BaseException as error:
            self._error = error
            raise
        finally:
            call.leave()

    def close(self) -> None:
        call, self._call = self._call, None
        if call is None:
            return
        close = getattr(self._body, "close", None)
        call.enter()
        try:
            if close is not None:
                close()
        finally:
            call.leave()
            call.end(Outcome.of(self._running, self._status, self._error))


class AsyncFollowed:
    """Follows the calls of an async host."""

    is_async = True

    def __init__(self, host: Any, follower: Follower) -> None:
        self._respond = host.respond
        self._follower = follower

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request, as the host does."""
        call = self._follower.begin(request_of_scope(scope))
        execution.set(None)
        call.enter()
        try:
            reply: Reply = await self._respond(scope, receive)
        except BaseException as error:
            call.leave()
            call.end(Outcome.of_end(execution.get(), error))
            raise
        call.leave()
        running = execution.get()
        if isinstance(reply.body, bytes):
            call.end(Outcome.of(running, reply.status))
            return reply
        return reply._replace(body=_AsyncBody(reply, call, running))


class _AsyncBody:
    """The same from an event loop."""

    def __init__(self, reply: Reply, call: Call, running: Execution | None) -> None:
        self._body: Any = reply.body
        self._status = reply.status
        self._call: Call | None = call
        self._running = running
        self._parts: Any = None
        self._error: BaseException | None = None

    def __aiter__(self) -> AsyncIterator[bytes | str]:
        return self

    async def __anext__(self) -> bytes | str:
        call = self._call
        if call is None:
            raise StopAsyncIteration
        call.enter()
        try:
            if self._parts is None:
                self._parts = aiter(self._body)
            part: bytes | str = await anext(self._parts)
            return part
        except StopAsyncIteration:
            raise
        except BaseException as error:
            self._error = error
            raise
        finally:
            call.leave()

    async def aclose(self) -> None:
        call, self._call = self._call, None
        if call is None:
            return
        close = getattr(self._body, "aclose", None)
        call.enter()
        try:
            if close is not None:
                await close()
        finally:
            call.leave()
            call.end(Outcome.of(self._running, self._status, self._error))
