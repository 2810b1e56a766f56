"""Sync functions over Granian's WSGI worker: one thread a request, no PEP 3333 in between."""

from __future__ import annotations

import time
from contextvars import copy_context
from threading import Event
from typing import TYPE_CHECKING

from functions_framework.exceptions import MalformedRequest, RequestTimeoutException
from functions_framework.hosts.errors import TIMEOUT_REPLY, refusal
from functions_framework.hosts.outgoing import passed
from functions_framework.hosts.wsgi.environ import SERVED
from functions_framework.logs import call_end
from functions_framework.model.execution import DEADLINE
from functions_framework.runtime import places
from functions_framework.runtime.escaping import own_logger

from ..wire.drain import POLL_SECONDS, Quiet, ending, last_response
from ..wire.forwarded import Proxies
from ..wire.gate import answer
from ..wire.incoming import Gate, check_coding
from ..wire.limits import too_large
from ..wire.own_replies import BUSY, CRASHED, DRAINING, ENDED, SATURATED
from ..wire.slices import LARGE
from .admission import QUEUE, Admission, Running
from .base_environ import base_environ, of_unix_socket
from .body import HTTP2, Body, Bounds
from .engine_queue import EngineQueue
from .large_bodies import LargeBodies
from .late_body import LateBody
from .slow_readers import SlowReaders
from .slow_senders import SlowSenders
from .sources import NO_BODY, NoBody
from .stream import Stream, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.interfaces import Environ, SyncHost
    from functions_framework.model.message import Reply
    from functions_framework.settings import Settings

    from ..wire.granian import Engine
    from ..wire.health import Health
    from ..wire.interfaces import SyncCall, SyncProtocol
    from .deadlines import Watchdog

_log = own_logger("functions_framework.server")
_STEP_SECONDS = 0.05
_AFTER_REFUSAL = 16 * 2**20


class SyncServing:
    """Takes requests from the engine, calls the host, sends its replies.

    Args:
        host: answers requests.
        settings: how many at once, and how long they may take at the end.

    Attributes:
        health: answers probes, None where there are none.
        unclaimed: leaves, of connections, those that no call in progress can have come by.
        leave: asks for this worker to be replaced, with the reason; None where nobody is asked.
    """

    def __init__(self, host: SyncHost, settings: Settings) -> None:
        self._respond = host.respond
        self._admission = Admission(settings.concurrency or settings.threads, QUEUE)
        # A host that wraps another may hand the environ on: it gets all of PEP 3333.
        self._base = (
            {"wsgi.input_terminated": True, SERVED: True}
            if getattr(host, "reads_request_only", False)
            else base_environ(is_multiprocess=settings.workers > 1)
        )
        if settings.uds:
            self._base |= of_unix_socket(settings)
        self._gate = Gate()
        self._proxies = Proxies(settings.forwarded_allow_ips)
        self._end = call_end(settings)
        self._watchdog: Watchdog | None = None
        if settings.timeout:
            from .deadlines import Watchdog

            serving = SyncServing.call.__code__
            self._watchdog = Watchdog(self._admission, settings.timeout, serving)
        self._senders = SlowSenders(self._admission, settings.body_timeout)
        self._readers = SlowReaders(self._admission, settings.send_timeout)
        self._large = LargeBodies()
        self._bounds = Bounds(self._admission, settings.max_body_size, self._senders)
        self.unclaimed = self._admission.unclaimed
        self._draining: Quiet | None = None
        self.health: Health | None = None
        self.leave: Callable[[str], object] | None = None

    def unready(self) -> str:
        """Why it takes no more calls at the moment, empty while it does."""
        if self._draining is not None:
            return DRAINING
        return SATURATED if self._readers.is_saturated else ""

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
            on_drain: takes what to call to drain, with the seconds there are; they may change.
        """
        told, finished = Event(), Event()
        self._start_watching(engine)
        places.take_from(self._admission.place_besides)
        engine.start_sync(self._callback())
        listening()
        until = 0.0

        def drain(seconds: float) -> None:
            nonlocal until
            until = time.monotonic() + seconds
            told.set()

        on_drain(drain)
        EngineQueue(engine, self._admission, self._large).look_until(told)
        self._draining = quiet = Quiet()
        while not quiet.is_quiet():
            time.sleep(POLL_SECONDS)
        engine.stop(finished.set)
        while time.monotonic() < until and not self._is_over(finished):
            pass
        self._admission.close()
        if left := self._admission.running():
            from .left_calls import end_left

            end_left(SyncServing.call.__code__, finished)
        return left

    def _is_over(self, finished: Event) -> bool:
        """Whether nothing is left to wait for, asked again and again.

        The engine knows of connections only: a call that its client has left may go on.
        """
        is_finished, taken = finished.wait(_STEP_SECONDS), len(self._admission.taken())
        if taken <= self._senders.given_up() and (taken or is_finished):
            return True  # who is left was answered, and sends no more
        if is_finished:
            time.sleep(POLL_SECONDS)
        return False

    def _start_watching(self, engine: Engine) -> None:
        if self._watchdog is not None:
            self._watchdog.records.leave = self.leave
            self._watchdog.start()
        for slow in (self._senders, self._readers):
            slow.port = engine.port
            slow.leave = self.leave

    def _callback(self) -> SyncCall:
        """What the engine calls: `call`, with what is on around it."""
        call: SyncCall = self.call
        if self._end is not None:
            from ..wire.ends import ending_sync

            call = ending_sync(call, self._end)
        return call if self.health is None else self.health.answering_sync(call)

    def call(self, protocol: SyncProtocol, scope: Environ) -> None:
        """Serve one request; runs on a thread of the engine's."""
        admission = self._admission
        try:
            slot = admission.take_free()
        except IndexError:
            waited = admission.wait()
            if waited is None:
                self._turn_away(protocol, scope)
                return
            slot = waited
        # The engine makes a new one for each request, and has no further use for it.
        scope.update(self._base)
        environ = scope
        method = scope["REQUEST_METHOD"]
        if "HTTP_X_FORWARDED_FOR" in scope or "HTTP_X_FORWARDED_PROTO" in scope:
            self._proxies.amend_environ(environ)
        slot.started = time.monotonic()
        later = None
        # A context of its own: what a call sets must not be seen by the thread's next one.
        context = copy_context()
        try:
            if self._watchdog is not None:
                environ[DEADLINE] = self._watchdog.begin(slot, protocol)
            slot.environ = environ
            later = context.run(self._answer, protocol, environ, method)
            if self._watchdog is not None:
                self._watchdog.end(slot)
        except RequestTimeoutException:
            # It came after the function had returned; there is only one.
            if later is None:
                context.run(answer, protocol, TIMEOUT_REPLY, method)
        finally:
            slot.environ = None
            admission.give_back(slot)
        if later is not None:
            # Its end is told to the call it is of.
            context.run(self._large.send, protocol, later)

    def _turn_away(self, protocol: SyncProtocol, scope: Environ) -> None:
        is_over, method = self._admission.is_closed, scope["REQUEST_METHOD"]
        ends = scope["SERVER_PROTOCOL"] if is_over else ""
        answer(protocol, ENDED if is_over else BUSY, method, ends)

    def _answer(self, protocol: SyncProtocol, environ: Environ, method: str) -> Reply | None:
        """Answer a request; what is returned is to be sent once its call is over."""
        try:
            gate = self._gate
            if (
                environ["HTTP_HOST"] not in gate.hosts
                or not environ["PATH_INFO"]
                or "HTTP_COOKIE" in environ
            ) and (refused := gate.refused(environ)) is not None:
                answer(protocol, refused, method, environ["SERVER_PROTOCOL"])
                return None
            if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
                return self._with_body(protocol, environ, method)
            is_late = environ["SERVER_PROTOCOL"] == HTTP2
            body = LateBody().of(environ, self._bounds, protocol) if is_late else NO_BODY
            environ["wsgi.input"] = body
            reply = passed(self._respond(environ), method, environ)
            later = self._send(protocol, environ, reply, body)
            if is_late:
                body.is_read = True
                environ["wsgi.input"] = NO_BODY
            return later
        except RequestTimeoutException:
            raise
        except MalformedRequest as error:
            answer(protocol, refusal(error), method, environ["SERVER_PROTOCOL"])
        except BaseException:  # noqa: BLE001
            # Nothing may leave this thread: the engine would answer and log in its own words.
            _log.exception("The request could not be answered.")
            answer(protocol, CRASHED, method)
        return None

    def _with_body(self, protocol: SyncProtocol, environ: Environ, method: str) -> Reply | None:
        limit, coding = self._bounds.limit, environ.get("HTTP_TRANSFER_ENCODING")
        if coding is not None:
            check_coding(coding)
        length = int(environ["CONTENT_LENGTH"]) if coding is None else None
        body = Body(environ["wsgi.input"], length, environ, self._bounds, protocol)
        environ["wsgi.input"] = body
        if limit and length is not None and length > limit:
            given = refusal(too_large(limit))
        else:
            given = self._respond(environ)
        reply = passed(given, method, environ)
        later = None
        if body.is_read or not limit or environ["SERVER_PROTOCOL"] == HTTP2:
            # Unread, the body would cost the client its connection, and perhaps the response.
            if isinstance(reply.body, bytes) and not body.is_read:
                body.reply = reply
                body.drain()
            later = self._send(protocol, environ, reply, body)
        else:
            # Not all of it is taken: the connection ends, after a while to read the response in.
            large = self._send(protocol, environ, ending(reply, environ["SERVER_PROTOCOL"]))
            if large is not None:
                protocol.response_bytes(*large)  # type: ignore[arg-type]
                settle(large.body)
            if body.is_coming:
                body.sent = time.monotonic()
                body.drain(_AFTER_REFUSAL)
        # It holds the environ: nothing is left to the garbage collector.
        environ["wsgi.input"] = NO_BODY
        return later

    def _send(
        self,
        protocol: SyncProtocol,
        environ: Environ,
        reply: Reply,
        unread: Body | NoBody = NO_BODY,
    ) -> Reply | None:
        """Send a reply, but for one with a large body, which is returned."""
        status, headers, body = reply
        if self._draining is not None:
            self._draining.note()
            headers = last_response(headers, environ["SERVER_PROTOCOL"])
        if isinstance(body, bytes):
            if len(body) >= LARGE and self._large.takes(environ):
                return reply._replace(headers=headers)
            protocol.response_bytes(status, headers, body)
            if type(body) is not bytes:
                settle(body)
        else:
            stream = Stream(body, environ, unread)
            stream.send(protocol, status, headers, self._readers.paced(stream, environ))
        return None
