"""A host whose calls are told to a follower; only built where there is one.

Written out for either side instead of as a layer (`hosts.layers`): it is in the way of each call,
and a generator with its driver takes longer than counting the call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from functions_framework.hosts.layers import Watch
from functions_framework.hosts.wsgi.layer_driver import EnvironHead, Watched
from functions_framework.model.execution import execution
from functions_framework.model.message import CLIENT_LEFT

from .outcome import Follower, status_of_end

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.execution import Execution
    from functions_framework.model.interfaces import Environ, Host, Receive, Scope, SyncHost
    from functions_framework.model.message import Reply


def followed(host: Host, follower: Follower) -> Host:
    """The host, which tells a follower when a call begins, when its code runs and its outcome."""
    if not host.is_async:
        return SyncFollowed(host, follower)
    from functions_framework.hosts.asgi.layer_driver import AsyncAround, AsyncWatched, ScopeHead
    from functions_framework.runtime.cancelling import is_unheard

    begin, end, has_context = follower.begin, follower.end, follower.has_context

    def head_of(scope: Scope) -> ScopeHead:
        return ScopeHead(scope, _unread)

    class AsyncFollowed(AsyncAround):
        """An async host that is followed."""

        async def respond(self, scope: Scope, receive: Receive) -> Reply:
            call = begin(scope, head_of)
            # A request that begins no call must not be taken for the last one of this task.
            if execution.get() is not None:
                execution.set(None)
            if has_context:
                call.enter()
            try:
                reply = await self._respond(scope, receive)
            except BaseException as error:
                _broken_off(follower, call, error, CLIENT_LEFT if is_unheard() else 0)
                raise
            if has_context:
                call.leave()
            running = execution.get()
            body: Any = reply[2]
            if isinstance(body, bytes):
                end(call, reply[0], running, None if running is None else running.error)
                return reply
            watch = _StreamedCall(follower, call, running, reply.status, is_unheard)
            return reply._replace(body=AsyncWatched(body, watch))

    return AsyncFollowed(host)


async def _unread() -> Any:
    raise AssertionError("A follower reads no body.")


class SyncFollowed:
    """A sync host that is followed."""

    is_async: Literal[False] = False

    def __init__(self, host: SyncHost, follower: Follower) -> None:
        self._respond = host.respond
        self._follower = follower
        self._begin = follower.begin
        self._end = follower.end
        self._has_context = follower.has_context

    def respond(self, environ: Environ) -> Reply:
        """See `SyncHost`."""
        call = self._begin(environ, EnvironHead)
        # A request that begins no call must not be taken for the last one of this thread.
        if execution.get() is not None:  # to set it takes longer
            execution.set(None)
        if self._has_context:
            call.enter()
        try:
            reply = self._respond(environ)
        except BaseException as error:
            _broken_off(self._follower, call, error)
            raise
        if self._has_context:
            call.leave()
        running = execution.get()
        body: Any = reply[2]
        if isinstance(body, bytes):
            self._end(call, reply[0], running, None if running is None else running.error)
            return reply
        watch = _StreamedCall(self._follower, call, running, reply.status)
        return reply._replace(body=Watched(body, watch))


def _broken_off(follower: Follower, call: Any, error: BaseException, status: int = 0) -> None:
    """Tell of a call that was ended from outside, with a status that follows from that."""
    if follower.has_context:
        call.leave()
    running = execution.get()
    follower.end(call, status or status_of_end(running, error), running, error)


class _StreamedCall(Watch):
    """A call whose response is a stream: it ends when that is closed."""

    def __init__(
        self,
        follower: Follower,
        call: Any,
        running: Execution | None,
        status: int,
        has_left: Callable[[], bool] | None = None,
    ) -> None:
        self._follower = follower
        self._call = call
        self._running = running
        self._status = status
        self._has_left = has_left

    def enter(self) -> None:
        if self._follower.has_context:
            self._call.enter()

    def leave(self) -> None:
        if self._follower.has_context:
            self._call.leave()

    def end(self, error: BaseException | None, *, is_whole: bool) -> None:  # noqa: ARG002
        running = self._running
        if error is not None and self._has_left is not None and self._has_left():
            error = None  # as where the engine was the first to notice
        if error is None and running is not None:
            error = running.error
        self._follower.end(self._call, self._status, running, error)
