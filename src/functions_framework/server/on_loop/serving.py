"""Async functions over Granian's ASGI worker: one task a request, ASGI without its `send`."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from functions_framework.hosts.errors import refusal
from functions_framework.hosts.outgoing import passed
from functions_framework.logs import call_end
from functions_framework.model.execution import DEADLINE
from functions_framework.runtime.tasks import start

from ..on_threads.admission import Running
from ..wire.drain import POLL_SECONDS, Quiet, last_response
from ..wire.forwarded import Proxies
from ..wire.gate import answer
from ..wire.incoming import Gate
from ..wire.limits import too_large
from ..wire.loop import Handover, asked
from ..wire.own_replies import DRAINING, NO_PATH, SATURATED
from ..wire.scheduling import polite_threads
from .body import Receive
from .client_gone import ClientWatch
from .connections import Connections
from .failures import answer_failed
from .scope import scope_of
from .slow_senders import AsyncSlowSenders
from .stream import send_stream, settle
from .waiting_calls import WaitingCalls, turn_away

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from functions_framework.model.interfaces import AsyncHost, SocketHost
    from functions_framework.model.message import Reply
    from functions_framework.settings import Settings

    from ..on_sockets.serving import Sockets
    from ..wire.granian import Engine
    from ..wire.health import Health
    from ..wire.interfaces import InProgress, RequestHead, Schedule, Watcher
    from ..wire.look import Connection
    from .deadlines import AsyncDeadlines

_CANCEL_SECONDS = 0.3
_FLUSH_SECONDS = 0.3
_STEP_SECONDS = 0.05
_HAVE_BODY = frozenset({"content-length", "transfer-encoding"})


class AsyncServing:
    """Takes requests from the engine, runs the host's coroutines, sends its replies.

    Args:
        host: answers requests.
        settings: how long they may take at the end.
        outlives: whether the call of a path goes on when its client has left.
        sockets: converses by WebSocket, None where nothing does.

    Attributes:
        health: answers probes, None where there are none.
        leave: asks for this worker to be replaced, with the reason; None where nobody is asked.
    """

    def __init__(
        self,
        host: AsyncHost,
        settings: Settings,
        outlives: Callable[[str], bool] | None = None,
        sockets: SocketHost | None = None,
    ) -> None:
        self._loop = asyncio.new_event_loop()
        self._respond = host.respond
        self._body_limit = settings.max_body_size
        self._concurrency = settings.concurrency
        self._gate = Gate()
        self._proxies = Proxies(settings.forwarded_allow_ips)
        self._end = call_end(settings)
        self._told: set[Watcher] = set()
        self._is_over = False
        self._deadlines: AsyncDeadlines | None = None
        if settings.timeout:
            from .deadlines import AsyncDeadlines

            self._deadlines = AsyncDeadlines(settings.timeout, self._told)
        self._handover = Handover(self._loop)
        self._draining: Quiet | None = None
        self.health: Health | None = None
        self.leave: Callable[[str], object] | None = None
        self._running: InProgress = {}
        self._waiting = WaitingCalls(self._concurrency, self._running, self._start_now)
        self._start = self._waiting.take if self._concurrency else self._start_now
        self._connections = Connections(settings.send_timeout, self._calls_beside)
        self._senders: AsyncSlowSenders | None = None
        if seconds := settings.body_timeout:
            requests = self._requests
            self._senders = AsyncSlowSenders(self._loop, seconds, self._connections, requests)
        self._clients = ClientWatch(self._loop, self._running, outlives)
        self._clients.told = self._told
        self._sockets: Sockets | None = None
        if sockets is not None:
            from ..on_sockets.serving import Sockets

            self._sockets = Sockets(sockets, settings, self._loop, self._end)

    def unready(self) -> str:
        """Why it takes no more calls at the moment, empty while it does."""
        if self._draining is not None:
            return DRAINING
        return SATURATED if self._waiting.is_full else ""

    def run(
        self,
        engine: Engine,
        listening: Callable[[], None],
        on_drain: Callable[[Callable[[float], object]], None],
    ) -> list[Running]:
        """Serve until told to drain; return the calls that did not finish in time.

        Args:
            engine: not yet started.
            listening: called once connections are accepted.
            on_drain: takes what to call when it is time to drain, with the seconds there are;
                they may be set anew.
        """
        asyncio.set_event_loop(self._loop)
        self._waiting.hand_out_places(self._loop)
        if self._deadlines is not None:
            self._deadlines.records.leave = self.leave
            self._deadlines.records.start()
        schedule: Schedule = partial(self._handover.give, self._start)
        if self._end is not None:
            from ..wire.ends import ending_async

            schedule = ending_async(schedule, self._end)
        if self.health is not None:
            schedule = self.health.answering_async(schedule, self._loop)
        with polite_threads():
            sockets = self._sockets
            take = None if sockets is None else partial(self._handover.give, sockets.take)
            engine.start_async(schedule, self._loop, take)
        return self._loop.run_until_complete(self._main(engine, listening, on_drain))

    def run_apart(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the loop of the calls, before the first of them or after the last."""
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(work)

    async def _main(
        self,
        engine: Engine,
        listening: Callable[[], None],
        on_drain: Callable[[Callable[[float], object]], None],
    ) -> list[Running]:
        told, finished = asyncio.Event(), asyncio.Event()
        wake = self._loop.call_soon_threadsafe
        until = 0.0

        def drain(seconds: float) -> None:
            nonlocal until
            until = time.monotonic() + seconds
            told.set()

        listening()
        on_drain(lambda seconds: wake(drain, seconds))
        await told.wait()
        self._draining = quiet = Quiet()
        if self._sockets is not None:
            await self._sockets.drain(lambda: until)  # the engine drops what is open at its stop
        while not quiet.is_quiet():  # noqa: ASYNC110 - ends by the clock, no event says it
            await asyncio.sleep(POLL_SECONDS)
        engine.stop(partial(wake, finished.set))
        ended = self._loop.create_task(finished.wait())
        # The engine knows of connections only: a call that its client has left may go on.
        while not (is_over := ended.done() and not self._running) and time.monotonic() < until:
            tasks = [task for task, _ in self._running.values()]
            await asyncio.wait([ended, *tasks], timeout=_STEP_SECONDS)
        if is_over and not (self._sockets and self._sockets.are_open):
            return []
        left = await self._cancel()
        # What they were answered is still on its way through the engine.
        await asyncio.wait([ended], timeout=_FLUSH_SECONDS)
        ended.cancel()
        return left

    async def _cancel(self) -> list[Running]:
        self._is_over = True
        self._waiting.turn_away()
        now = time.monotonic()
        running = list(self._running.items())
        left = [Running(watcher.scope.path, now - since) for watcher, (_, since) in running]
        tasks = [task for _, (task, _) in running]
        self._told.update(self._running)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CANCEL_SECONDS)
        if self._sockets is not None:
            left += await self._sockets.cancel()
        return sorted(left, key=lambda call: -call.seconds)

    def unclaimed(self, connections: list[Connection]) -> list[Connection]:
        """The connections that no call in progress came by; to be called from another thread."""
        # What came before this is known when the loop gets to it.
        peers = asked(self._loop, self._peers)
        return [] if peers is None else [item for item in connections if item.peer not in peers]

    def _requests(self) -> dict[asyncio.Task[None], RequestHead]:
        return {task: watcher.scope for watcher, (task, _) in self._running.items()}

    def _peers(self) -> set[tuple[str, int]]:
        found = {watcher.scope.peer for watcher in [*self._running, *self._waiting]}
        return found if self._sockets is None else found | self._sockets.peers()

    def _calls_beside(self, request: RequestHead) -> int:
        """How many calls are in progress on the connection of one."""
        peer = request.peer
        return sum(watcher.scope.peer == peer for watcher in self._running)

    def _start_now(self, watcher: Watcher) -> None:
        if self._is_over:
            turn_away(watcher)
            return
        deadline = None if self._deadlines is None else self._deadlines.next()
        task = start(self._loop, self._serve(watcher, deadline))
        if not task.done():
            self._running[watcher] = (task, time.monotonic())
            self._clients.wake()
            if self._concurrency:
                task.add_done_callback(self._waiting.go_on)
            if self._deadlines is not None and deadline is not None:
                self._deadlines.watch(task, watcher, deadline)

    async def _serve(self, watcher: Watcher, deadline: float | None) -> None:
        protocol, request = watcher.proto, watcher.scope
        try:
            by_name = self._gate.admitted(request)
            if _HAVE_BODY.isdisjoint(by_name) and request.http_version != "2":
                protocol.body = receive = Receive(protocol, 0)
            else:
                limit, senders = self._body_limit, self._senders
                protocol.body = receive = Receive.of(protocol, request, by_name, limit, senders)
            scope = scope_of(request, by_name)
            if "x-forwarded-for" in by_name or "x-forwarded-proto" in by_name:
                self._proxies.amend_scope(scope, by_name)
            if deadline is not None:
                scope[DEADLINE] = deadline
            if not request.path:
                answer(protocol, NO_PATH, request.method, request.http_version)
                return
            reply = (
                refusal(too_large(self._body_limit))
                if receive.is_too_long
                else await self._respond(scope, receive)
            )
            if self._deadlines is not None and deadline is not None:
                reply = self._deadlines.in_time(reply, watcher, deadline)
            status, headers, body = reply = passed(reply, request.method, request)
            if receive.has_unread or self._draining is not None or type(body) is not bytes:
                try:
                    await self._send(watcher, receive, reply)
                finally:
                    await settle(body)
            else:
                protocol.response_bytes(status, headers, body)
        except BaseException as error:  # noqa: BLE001 - answered, and logged where it is a fault
            answer_failed(error, watcher, is_told=watcher in self._told)
        finally:
            self._running.pop(watcher, None)
            self._told.discard(watcher)
            protocol.body = None  # it holds the protocol: nothing is left to the garbage collector
            watcher.done()

    async def _send(self, watcher: Watcher, receive: Receive, reply: Reply) -> None:
        protocol, request = watcher.proto, watcher.scope
        status, headers, body = reply
        takes_rest = receive.takes_rest(request)
        if isinstance(body, bytes) and receive.has_unread and takes_rest:
            # Unread, the body would cost the client its connection, and perhaps the response.
            await receive.drain()
        if receive.has_unread and (self._body_limit or receive.is_late):
            # Not all of it is taken: the connection ends, after a while to read the response in.
            headers = last_response(headers, request.http_version)
            if isinstance(body, bytes):
                protocol.response_bytes(status, headers, body)
                await receive.drain_refused(request)
                if receive.is_late and request.http_version != "2":
                    await self._connections.cut_answered(request)
                return
        if self._draining is not None:
            self._draining.note()
            headers = last_response(headers, request.http_version)
        if isinstance(body, bytes):
            protocol.response_bytes(status, headers, body)
        else:
            reply, unread = reply._replace(headers=headers), receive if takes_rest else None
            await send_stream(protocol, request, self._connections, reply, unread)
