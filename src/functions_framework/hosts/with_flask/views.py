"""Functions as Flask's view functions, and Flask's responses as replies."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any

from flask.globals import current_app
from flask.globals import request as current_request
from flask.wrappers import Request, Response
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from functions_framework.exceptions import BatchOfEvents, RequestRefused, Verdict
from functions_framework.loading.load import is_legacy_mode
from functions_framework.logs import log_crash
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import EVENT_TAKEN, NO_CONTENT, Reply
from functions_framework.signatures import codec_of
from functions_framework.signatures.responses import Closing, whole
from functions_framework.signatures.results import UnsendableError, encode, named, refuse

from ..beginnings import begin
from ..errors import answer_without_call
from ..http_errors import as_refused
from ..senders import taken
from ..streams import begun
from ..wsgi.environ import code_of, message

if TYPE_CHECKING:
    from functions_framework.model.interfaces import Environ


View = Callable[[Request], Any]

_WHOLE = frozenset({str, bytes, dict, list})
_TUPLES = (2, 3)
_BODIES = (str, bytes, bytearray, dict, list, Iterator, AnyResponse)
_REWRITTEN = frozenset({"location", "content-location"})


class Crash(Exception):  # noqa: N818 - it stands for exits
    """Stands for what a function must not raise: an exit, or the framework's own refusals."""


class Unsendable:
    """Stands for a result that cannot be sent, until a response is to be made of it.

    Raised earlier, the handlers of what a function raises would be asked.

    Attributes:
        error: what is raised then.
        is_none: whether it was None.
    """

    def __init__(self, error: Exception, *, is_none: bool) -> None:
        self.error = error
        self.is_none = is_none


def view_of(function: Function) -> View:
    """A function as a view that takes the request."""
    if function.signature is not Signature.HTTP:
        return _event_view(function)
    view = _http_view(function)
    return _none_is_ok(view) if is_legacy_mode() else view


def _http_view(function: Function) -> View:
    call = function.call

    def run(request: Request) -> Any:
        try:
            result = call(request)
            # Of (body, status, headers) it is the body that may need more than Flask does.
            body = result[0] if type(result) is tuple and len(result) in _TUPLES else result
            if type(body) in _WHOLE:
                return result
            try:
                _require_sendable(result)
                return begun_result(result, request.environ)
            except UnsendableError as error:
                return Unsendable(named(error, function), is_none=result is None)
        except SystemExit as error:
            raise Crash(type(error).__name__) from error

    return run


def _none_is_ok(view: View) -> View:
    # The first runtime of the platform answered so; its functions still count on it.
    def run(request: Request) -> Any:
        result = view(request)
        return "OK" if type(result) is Unsendable and result.is_none else result

    return run


def _event_view(function: Function) -> View:
    codec = codec_of(function)
    is_event = function.signature is not Signature.TYPED

    def run(request: Request) -> Reply:
        environ = request.environ
        method = environ["REQUEST_METHOD"]
        if method not in codec.methods:
            path, header = environ["PATH_INFO"], request.headers.get
            refused = answer_without_call(codec, function, method, path, header)
            if refused.status == 405:
                raise as_refused(refused)
            return refused
        received = message(environ, is_event=is_event)
        try:
            arguments = codec.decode(received)
        except RequestRefused as error:
            undecoded = error.with_traceback(None)
        else:
            try:
                reply = codec.encode(function.call(*arguments))
                if reply is EVENT_TAKEN and "HTTP_PREFER" in environ:
                    return taken(environ["HTTP_PREFER"])
                return begun(reply, environ)
            except UnsendableError as error:
                return _failed(named(error, function), function, arguments)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a few are answered
                return _failed(error, function, arguments)
        # Outside of its handler, or crashes of a batch's events would be told as raised in it.
        return _undecoded(undecoded, function, received.body)

    return run


def _undecoded(error: RequestRefused, function: Function, body: bytes) -> Reply:
    """The reply to a request that is not one event: several, or a question."""
    header = current_request.headers.get
    if header("aeg-event-type") is not None:
        from ..handshake import validation

        asked = validation(function, body, header)
        if asked is not None:
            return asked
    if not isinstance(error, BatchOfEvents):
        raise error
    from ..wsgi.event_threads import answer_each, shared_by_events

    host = _host()
    shared = shared_by_events(current_request.environ)

    def respond(event: bytes) -> Reply:
        length, body = str(len(event)), BytesIO(event)
        return host.respond({**shared, "CONTENT_LENGTH": length, "wsgi.input": body})  # type: ignore[no-any-return]

    return answer_each(respond, error.events)


def _failed(error: BaseException, function: Function, arguments: tuple[Any, ...]) -> Reply:
    """The reply to an event whose function raised, where that is a verdict or makes one."""
    is_verdict = isinstance(error, Verdict)
    if is_verdict or "max_attempts" in function.options:
        from ..verdicts import given_up, reply_to, tell

        header = current_request.headers.get
        verdict = given_up(error, function, arguments, header)
        if verdict is not None and not is_verdict:
            log_crash(error, method=current_request.method, path=current_request.path)
        decided = verdict or (error if isinstance(error, Verdict) else None)
        if decided is not None:
            tell(decided, function, arguments)
            return reply_to(decided, header)
    try:
        if isinstance(error, (SystemExit, RequestRefused)):
            raise Crash(type(error).__name__) from error
        raise error
    finally:
        del error  # its traceback holds this frame


def _host() -> Any:
    proxy: Any = current_app
    return proxy._get_current_object()  # noqa: SLF001 - as Flask documents it


def _require_sendable(result: object) -> None:
    """Raise where Flask knows no way to make a response of a result."""
    body = result
    if isinstance(result, tuple) and not isinstance(result, Reply):
        if len(result) not in _TUPLES:
            refuse(result)
        body = result[0]
    if not (isinstance(body, _BODIES) or callable(body) or is_foreign(body)):
        refuse(result)


def not_found(_: object = None) -> Any:
    """The view of a path that nobody owns."""
    raise NotFound


def reply_of(response: Response, environ: Environ) -> Reply:
    """A response as the reply to its request."""
    if (reply := _whole_reply(response)) is not None:
        return reply
    parts, status, headers = response.get_wsgi_response(environ)
    if response.is_streamed:
        return Reply(code_of(status), headers, Closing(parts, response.close))
    return whole(response, headers, b"".join(parts))


def encode_as_flask(result: object) -> Reply:
    """What a function returned as the reply that Flask would make of it, within its request."""
    if result is None and is_legacy_mode():
        result = "OK"
    response = _host().make_response(result)
    return reply_of(response, current_request.environ)


def _whole_reply(response: Response) -> Reply | None:
    """The reply of an ordinary response to a request that is not HEAD; None for any other.

    Werkzeug would copy its headers twice and count its bytes, which the server does anyway.
    """
    body, status = response.response, response.status_code
    if (
        type(response) is not Response
        or type(body) is not list
        or len(body) != 1
        or type(body[0]) is not bytes
        or not 200 <= status <= 599
        or status in NO_CONTENT
        or response.direct_passthrough
    ):
        return None
    headers = []
    for pair in response.headers:
        name = pair[0].lower()
        if name in _REWRITTEN:
            return None
        if name != "content-length":
            headers.append(pair)
    return whole(response, headers, body[0])


def is_foreign(body: object) -> bool:
    """Whether a returned value is none that Flask itself knows."""
    if isinstance(body, (Reply, AsyncIterator)):
        return True
    starlette = sys.modules.get("starlette.responses")
    return starlette is not None and isinstance(body, starlette.Response)


def begun_result(result: object, environ: Environ) -> Any:
    """What a function returned, the first part of a stream in it there.

    Raises:
        BaseException: what the stream raises before that part.
    """
    if isinstance(result, Response):
        begin_response(result, environ["REQUEST_METHOD"])
    elif isinstance(result, tuple) and result and not isinstance(result, Reply):
        body = begun_result(result[0], environ)
        return result if body is result[0] else (body, *result[1:])
    elif is_foreign(result):
        return begun(encode(result), environ)
    elif isinstance(result, Iterator) and environ["REQUEST_METHOD"] != "HEAD":
        return begin(result)
    return result


def begin_response(response: Response, method: str) -> None:
    """Draw the first part of a response that is a stream; raises what that does."""
    if method == "HEAD" or not response.is_streamed or response.status_code in NO_CONTENT:
        return
    try:
        response.response = begin(response.response)
    except BaseException:
        response.response = ()  # closed
        response.close()
        raise
