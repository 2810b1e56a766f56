"""The layer that tells a follower of each call; only built where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_framework.hosts.layered import layered
from functions_framework.hosts.layers import Watch
from functions_framework.model.execution import execution

from .outcome import Call, Follower, Outcome

if TYPE_CHECKING:
    from functions_framework.hosts.asgi.layer_driver import AsyncLayered
    from functions_framework.hosts.layers import Head, Steps
    from functions_framework.hosts.wsgi.layer_driver import SyncLayered
    from functions_framework.model.execution import Execution
    from functions_framework.model.interfaces import Host
    from functions_framework.model.message import Reply


def followed(host: Host, follower: Follower) -> SyncLayered | AsyncLayered:
    """The host with its calls told to a follower."""
    return layered(host, FollowerLayer(follower))


class FollowerLayer:
    """Tells when a call begins, when its code runs and what comes of it.

    Args:
        follower: who is told.
    """

    def __init__(self, follower: Follower) -> None:
        self._begin = follower.begin

    def around(self, head: Head) -> Steps:
        """See `Layer`."""
        call = self._begin(head)
        # A request that begins no call must not be taken for the last one of this thread.
        execution.set(None)
        call.enter()
        try:
            reply: Reply = yield None
        except BaseException as error:
            call.leave()
            call.end(Outcome.of_end(execution.get(), error))
            raise
        call.leave()
        running = execution.get()
        if isinstance(reply.body, bytes):
            call.end(Outcome.of(running, reply.status))
            return reply
        watch = _StreamedCall(call, running, reply.status)
        return reply._replace(body=head.watched(reply.body, watch))


class _StreamedCall(Watch):
    """A call whose response is a stream: it ends when that is closed."""

    def __init__(self, call: Call, running: Execution | None, status: int) -> None:
        self._call = call
        self._running = running
        self._status = status

    def enter(self) -> None:
        self._call.enter()

    def leave(self) -> None:
        self._call.leave()

    def end(self, error: BaseException | None, *, is_whole: bool) -> None:  # noqa: ARG002
        self._call.end(Outcome.of(self._running, self._status, error))
