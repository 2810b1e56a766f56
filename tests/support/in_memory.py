"""Calls a function through a real host without a server, the same way for both kinds of host."""

from __future__ import annotations

import asyncio
import functools
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.api.middleware import wrap
from functions_framework.api.registrations import Registrations
from functions_framework.hosts.asgi.host import ASGIHost
from functions_framework.hosts.error_handlers import ErrorHandlers
from functions_framework.hosts.outgoing import passed
from functions_framework.hosts.with_flask.app import FunctionApp
from functions_framework.hosts.wsgi.host import EventHost
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import Reply
from functions_framework.runtime.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

HOSTS = ("wsgi", "asgi", "asgi with def")
# Sync functions that take events have a host without Flask and one with it.
EVENT_HOSTS = ("wsgi", "wsgi with flask", "asgi", "asgi with def")


class Answer(NamedTuple):
    """What a client would have got; `is_whole` is False when a stream broke off."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_whole: bool = True

    @property
    def type(self) -> str | None:
        return self.headers.get("content-type")

    @property
    def is_crash(self) -> bool:
        return self.status == 500 and self.headers.get("x-google-status") == "crash"


def serve(
    host: str,
    call: Callable[..., Any],
    signature: Signature = Signature.HTTP,
    handlers: Registrations | None = None,
    *,
    with_flask: bool = False,
    input_type: Any = None,
    layers: Sequence[Callable[..., Any]] = (),
) -> Callable[..., Answer]:
    """Make a function that sends a request to `call`, a plain `def`, over the named host.

    On "asgi" the call is wrapped in `async def`.
    """
    registered = handlers or Registrations()
    if host.startswith("wsgi"):
        function = wrap(Function(call, "hello", signature, input_type=input_type), layers)
        if signature is Signature.HTTP or with_flask or host == "wsgi with flask":
            app = FunctionApp("main", Path(__file__).parent)
            app.serve([function], registered)
            return lambda *args, **kwargs: _over_wsgi(app.respond, *args, **kwargs)
        plain = EventHost([function], ErrorHandlers(registered.error_handlers))
        return lambda *args, **kwargs: _over_wsgi(plain.respond, *args, **kwargs)

    @functools.wraps(call)
    async def awaited(*arguments: Any) -> Any:
        await asyncio.sleep(0)
        return call(*arguments)

    is_async = host == "asgi"
    function = Function(
        awaited if is_async else call,
        "hello",
        signature,
        is_async=is_async,
        is_asgi=True,
        input_type=input_type,
    )
    threads = Threads("function", 4)
    wrapped = wrap(function, layers, threads.start)
    asgi = ASGIHost([wrapped], ErrorHandlers(registered.error_handlers), threads)
    return lambda *args, **kwargs: asyncio.run(_over_asgi(asgi, *args, **kwargs))


def _over_wsgi(
    respond: Callable[[dict[str, Any]], Reply],
    method: str = "GET",
    target: str = "/",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    environ = _environ(method, target, headers or {}, body)
    reply = passed(respond(environ), method, environ)
    parts = reply.body
    if isinstance(parts, bytes):
        return _answer(reply, parts)
    whole, is_whole = b"", True
    try:
        for part in parts:  # type: ignore[union-attr]
            whole += part.encode() if isinstance(part, str) else part
    except BaseException:  # noqa: BLE001 - the server cuts the connection
        is_whole = False
    finally:
        close = getattr(parts, "close", None)
        if close is not None:
            close()
    return _answer(reply, whole, is_whole=is_whole)


def _environ(method: str, target: str, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    path, _, query = target.partition("?")
    scope: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "SCRIPT_NAME": "",
        "wsgi.input_terminated": True,
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "HTTP_HOST": "localhost",
    }
    if body:
        scope["CONTENT_LENGTH"] = str(len(body))
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        scope[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = value
    return scope


async def _over_asgi(
    app: Any,
    method: str = "GET",
    target: str = "/",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Answer:
    path, _, query = target.partition("?")
    named = {name.lower(): value for name, value in (headers or {}).items()}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(n.encode(), v.encode("latin-1")) for n, v in named.items()],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 80),
    }
    inbox: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return inbox.pop(0) if inbox else {"type": "http.disconnect"}

    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = sent[0]
    pairs = [(n.decode(), v.decode("latin-1")) for n, v in start["headers"]]
    assert [message["type"] for message in sent[1:]] == ["http.response.body"] * (len(sent) - 1)
    whole = b"".join(message.get("body", b"") for message in sent[1:])
    is_whole = not sent[-1].get("more_body", False)
    return _answer(Reply(start["status"], pairs, b""), whole, is_whole=is_whole)


def _answer(reply: Reply, body: bytes, *, is_whole: bool = True) -> Answer:
    headers = {name.lower(): value for name, value in reply.headers}
    return Answer(reply.status, headers, body, is_whole)
