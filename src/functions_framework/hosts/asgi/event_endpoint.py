"""Functions of events or values on an event loop: requests to calls, results to replies."""

from __future__ import annotations

import inspect
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Protocol

from functions_framework.exceptions import BatchOfEvents, RequestRefused, Verdict
from functions_framework.logs import log_crash
from functions_framework.model.function import Signature
from functions_framework.model.message import EVENT_TAKEN
from functions_framework.signatures import codec_of
from functions_framework.signatures.results import UnsendableError, named

from ..errors import answer_without_call
from ..senders import taken
from .function_errors import RefusedByFunctionError
from .scope import header_fields, message, read_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Receive, Scope
    from functions_framework.model.message import Reply
    from functions_framework.runtime.threads import Threads


class Caller(Protocol):
    """The host, as far as it is needed here.

    Attributes:
        threads: where sync calls run.
    """

    threads: Threads

    def calling(self, function: Function) -> Callable[..., Any]:
        """What calls a function where it belongs."""

    def refused(self, reply: Reply) -> Reply:
        """A reply without a call."""

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request."""


class EventEndpoint:
    """Answers the requests of one function.

    Args:
        function: the function.
        host: calls it.
    """

    def __init__(self, function: Function, host: Caller) -> None:
        self.function = function
        self._host = host
        self._codec = codec_of(function)
        self._is_event = function.signature is not Signature.TYPED
        self._call = host.calling(function)

    async def respond(self, scope: Scope, receive: Receive) -> Reply:
        """Answer one request; what it raises, the host handles."""
        codec = self._codec
        method = scope["method"]
        if method not in codec.methods:
            header = header_fields(scope).get
            refused = answer_without_call(codec, self.function, method, scope["path"], header)
            return self._host.refused(refused)
        received = message(scope, await read_body(receive), is_event=self._is_event)
        try:
            arguments = codec.decode(received)
        except RequestRefused as error:
            return await self._undecoded(error, scope, received.body)
        try:
            result = self._call(*arguments)
            if type(result) is CoroutineType or inspect.isawaitable(result):
                result = await result
            reply = codec.encode(result)
            if reply is EVENT_TAKEN and (prefer := received.fields.get("prefer")):
                return taken(prefer)
            return reply
        except Verdict as verdict:
            return await self._decided(verdict, arguments, scope)
        except Exception as error:  # noqa: BLE001 - raised again, unless it was the last attempt
            return await self._failed(error, arguments, scope)

    async def _undecoded(self, error: RequestRefused, scope: Scope, body: bytes) -> Reply:
        """The reply to a request that is not one event: several, or a question."""
        fields = header_fields(scope)
        if "aeg-event-type" in fields:
            from ..handshake import validation

            asked = validation(self.function, body, fields.get)
            if asked is not None:
                return self._host.refused(asked)
        if not isinstance(error, BatchOfEvents):
            raise error
        from .event_tasks import answer_each

        return await answer_each(self._host.respond, scope, error.events)

    async def _failed(self, error: Exception, arguments: tuple[Any, ...], scope: Scope) -> Reply:
        if "max_attempts" in self.function.options:
            from ..verdicts import given_up

            dropped = given_up(error, self.function, arguments, header_fields(scope).get)
            if dropped is not None:
                log_crash(error, method=scope["method"], path=scope["path"])
                return await self._decided(dropped, arguments, scope)
        if isinstance(error, RequestRefused):
            raise RefusedByFunctionError(error) from error
        if isinstance(error, UnsendableError):
            raise named(error, self.function) from None
        raise error

    async def _decided(self, verdict: Verdict, arguments: tuple[Any, ...], scope: Scope) -> Reply:
        from ..verdicts import given_up, reply_to, tell_async

        header = header_fields(scope).get
        verdict = given_up(verdict, self.function, arguments, header) or verdict
        await tell_async(verdict, self.function, arguments, self._host.threads.start)
        return reply_to(verdict, header)
