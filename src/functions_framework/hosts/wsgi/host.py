"""The sync host of event, cloudevent and typed functions whose module does not use Flask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from functions_framework.events.binding import STRUCTURED_TYPE
from functions_framework.exceptions import BatchOfEvents, RequestRefused, Verdict
from functions_framework.logs import log_crash
from functions_framework.model.function import Signature
from functions_framework.model.message import EVENT_TAKEN, Message, tuple_of
from functions_framework.signatures import codec_of
from functions_framework.signatures.results import UnsendableError, encode, named

from ..errors import (
    NOT_FOUND_REPLY,
    answer_without_call,
    own_reply,
    refusal,
)
from ..routes import Routes, paths_of
from ..senders import taken
from ..streams import begun
from .environ import begin, header_of, message, path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.model.function import Function
    from functions_framework.model.interfaces import Environ
    from functions_framework.model.message import Reply
    from functions_framework.signatures.codec import Codec

    from ..error_handlers import ErrorHandlers

_TYPED = Signature.TYPED  # looked up in an enumeration at each request it takes its time


class EventHost:
    """Serves sync functions over WSGI without a web framework.

    Attributes:
        reads_request_only: nobody sees the environ but this package, so that the server need not
            add what PEP 3333 wants beside the request.
    """

    is_async: Literal[False] = False
    reads_request_only = True

    def __init__(self, functions: Sequence[Function], handlers: ErrorHandlers) -> None:
        self._routes = Routes(
            (path, (function, codec_of(function))) for path, function in paths_of(list(functions))
        )
        self._handlers = handlers

    def respond(self, environ: Environ) -> Reply:
        """Answer one request; never raises."""
        found = self._routes.only or self._routes.find(path_of(environ))
        if found is None:
            return self._refused(NOT_FOUND_REPLY, environ)
        function, codec = found
        begin(environ, function)
        method = environ["REQUEST_METHOD"]
        if method not in codec.methods:
            header = header_of(environ)
            path = environ["PATH_INFO"]
            refused = answer_without_call(codec, function, method, path, header)
            return self._refused(refused, environ)
        return self._called(function, codec, environ, None)

    def _called(  # noqa: PLR0911 - a reply for each thing that fails
        self, function: Function, codec: Codec, environ: Environ, received: Message | None
    ) -> Reply:
        """The response to a request that may have been read already, by calling the function."""
        try:
            if received is None:
                received = message(environ, is_event=function.signature is not _TYPED)
            arguments = codec.decode(received)
        except RequestRefused as error:
            undecoded = error.with_traceback(None)
        except Exception as error:  # noqa: BLE001 - of user code: from_dict of an input type
            return self._handled(error, environ)
        else:
            try:
                reply = codec.encode(function.call(*arguments))
                if reply is EVENT_TAKEN and "HTTP_PREFER" in environ:
                    return taken(environ["HTTP_PREFER"])
                if type(reply.body) is bytes:
                    return reply
                return begun(reply, environ)
            except Verdict as verdict:
                return self._decided(verdict, function, arguments, environ)
            except UnsendableError as error:
                return self._failed(named(error, function), function, arguments, environ)
            except BaseException as error:  # noqa: BLE001 - sys.exit in a function must not end the server
                return self._failed(error, function, arguments, environ)
        # Outside of its handler, or crashes of a batch's events would be told as raised in it.
        return self._undecoded(undecoded, function, codec, environ, received)

    def _undecoded(
        self,
        error: RequestRefused,
        function: Function,
        codec: Codec,
        environ: Environ,
        received: Message | None,
    ) -> Reply:
        """The reply to a request that is not one event: several, a question, or a refusal."""
        if received is not None and "HTTP_AEG_EVENT_TYPE" in environ:
            from ..handshake import validation

            asked = validation(function, received.body, header_of(environ))
            if asked is not None:
                return self._refused(asked, environ)
        if type(error) is BatchOfEvents and received is not None:
            return self._each_called(function, codec, environ, received, error.events)
        return self._handled(error, environ) if self._handlers else refusal(error)

    def _each_called(
        self,
        function: Function,
        codec: Codec,
        environ: Environ,
        received: Message,
        events: list[bytes],
    ) -> Reply:
        """The response to a batch, whose events need no environ of their own: nobody sees it."""
        from .event_threads import answer_each, shared_by_events

        shared = shared_by_events(environ)
        _, _, _, path, query, method, _ = received

        def respond(event: bytes) -> Reply:
            begin(shared, function)
            parts: tuple[Any, ...] = (STRUCTURED_TYPE, {}, event, path, query, method, shared)
            alone = tuple_of(Message, parts)
            return self._called(function, codec, shared, alone)

        return answer_each(respond, events)

    def _failed(
        self,
        error: BaseException,
        function: Function,
        arguments: tuple[Any, ...],
        environ: Environ,
    ) -> Reply:
        if "max_attempts" in function.options:
            from ..verdicts import given_up

            dropped = given_up(error, function, arguments, header_of(environ))
            if dropped is not None:
                log_crash(error, method=environ["REQUEST_METHOD"], path=path_of(environ))
                return self._decided(dropped, function, arguments, environ)
        return self._handled(error, environ, is_from_function=True)

    def _decided(
        self, verdict: Verdict, function: Function, arguments: tuple[Any, ...], environ: Environ
    ) -> Reply:
        from ..verdicts import given_up, reply_to, tell

        verdict = given_up(verdict, function, arguments, header_of(environ)) or verdict
        try:
            tell(verdict, function, arguments)
        except BaseException as error:  # noqa: BLE001 - as for the function itself
            return self._handled(error, environ, is_from_function=True)
        return reply_to(verdict, header_of(environ))

    def _refused(self, reply: Reply, environ: Environ) -> Reply:
        """A reply without a call, through its status's handler if there is one."""
        if not self._handlers or reply.status < 400:
            return reply
        from ..http_errors import as_refused

        error = as_refused(reply)
        return self._handled(error, environ) if self._handlers.find(error) else reply

    def _handled(
        self, error: BaseException, environ: Environ, *, is_from_function: bool = False
    ) -> Reply:
        def log(crash: BaseException) -> None:
            log_crash(crash, method=environ["REQUEST_METHOD"], path=path_of(environ))

        # What the framework raises to refuse a request is a crash when user code raises it.
        is_crash = is_from_function and isinstance(error, RequestRefused)
        asking = self._handlers.answer(error, own_reply, log, is_crash=is_crash)
        try:
            handler, shown = next(asking)
            while True:
                try:
                    reply = begun(encode(handler(shown)), environ)
                except BaseException as failure:  # noqa: BLE001, PERF203 - as for the function itself
                    handler, shown = asking.throw(failure)
                else:
                    handler, shown = asking.send(reply)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
