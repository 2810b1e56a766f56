"""The work of each layer, run inside our virtual environment by `layers`; prints what it measured.

`python -m bench.layer_work` times every layer; with a layer's name and a count it only does that
layer's work so often, for a profiler to count.
"""

from __future__ import annotations

import asyncio
import importlib.util
import io
import json
import sys
import timeit
from collections.abc import Callable
from typing import Any

from bench.cases import CASES, Case
from bench.exchange import Exchange
from bench.places import FUNCTIONS
from functions_framework import wsgi
from functions_framework.asgi import ASGIHost, read_message
from functions_framework.asgi import begin as begin_asgi
from functions_framework.errors import ErrorHandlers
from functions_framework.event_host import EventHost
from functions_framework.function import Function, Signature
from functions_framework.hosts import FlaskContext, flask_app
from functions_framework.signatures import codec_of

REPEATS = 7
Work = Callable[[], Any]


def function_of(case: Case) -> Function:
    """Load a case's function as a server would."""
    spec = importlib.util.spec_from_file_location(f"case_{case.target}", FUNCTIONS / case.source)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    signature = Signature(case.signature or "http")
    return Function.of(getattr(module, case.target), case.target, signature)


def environ_of(exchange: Exchange) -> dict[str, Any]:
    """The WSGI environ of a request, as the server makes it (PEP 3333)."""
    path, _, query = exchange.path.partition("?")
    made: dict[str, Any] = wsgi.base_environ() | {
        "REQUEST_METHOD": exchange.method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "HTTP_HOST": "127.0.0.1:8080",
    }
    if exchange.body:
        made["CONTENT_LENGTH"] = str(len(exchange.body))
    for name, value in exchange.headers.items():
        variable = name.upper().replace("-", "_")
        made[variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}"] = value
    return made


def scope_of(exchange: Exchange) -> dict[str, Any]:
    """The ASGI scope of a request (ASGI 3, HTTP connection scope)."""
    path, _, query = exchange.path.partition("?")
    headers = [(b"host", b"127.0.0.1:8080")]
    headers += [(name.lower().encode(), value.encode()) for name, value in exchange.headers.items()]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": exchange.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 8080),
        "state": {},
    }


def finish(coroutine: Any) -> Any:
    """Run a coroutine that has nothing to wait for; a loop would be most of what is measured."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits for something: it needs a loop")


def sync_layers(case: Case, function: Function) -> dict[str, Work]:
    """The layers of a sync case, each doing its work once per call."""
    base, body = environ_of(case.exchange), case.exchange.body

    def environ() -> dict[str, Any]:
        return {**base, "wsgi.input": io.BytesIO(body)}

    if function.signature is Signature.HTTP:
        context = FlaskContext()
        context.source = FUNCTIONS / case.source
        respond = flask_app(function, context).respond
        return {"respond": lambda: respond(environ())}
    codec = codec_of(function)
    message = wsgi.message(environ())
    arguments = codec.decode(message)
    result = function.call(*arguments)
    host = EventHost(function, ErrorHandlers([]))
    return {
        "context": lambda: wsgi.begin(environ(), function),
        "read": lambda: wsgi.message(environ()),
        "decode": lambda: codec.decode(message),
        "call": lambda: function.call(*arguments),
        "encode": lambda: codec.encode(result),
        "respond": lambda: host.respond(environ()),
    }


def async_layers(case: Case, function: Function) -> dict[str, Work]:
    """The layers of an async case."""
    base = scope_of(case.exchange)
    event = {"type": "http.request", "body": case.exchange.body, "more_body": False}

    async def receive() -> dict[str, Any]:
        return event

    host = ASGIHost(function, ErrorHandlers([]), 1)
    found: dict[str, Work] = {
        "context": lambda: begin_asgi(dict(base), function),
        "respond": lambda: finish(host.respond(dict(base), receive)),
    }
    if function.signature is not Signature.HTTP:
        codec = codec_of(function)
        message = asyncio.run(_awaited(read_message(base, receive)))
        arguments = codec.decode(message)
        found |= {
            "read": lambda: finish(read_message(base, receive)),
            "decode": lambda: codec.decode(message),
            "call": lambda: finish(function.call(*arguments)),
            "encode": lambda: codec.encode(None),
        }
    return found


async def _awaited(coroutine: Any) -> Any:
    return await coroutine


def all_layers() -> dict[str, Work]:
    """Every layer of every case, by `case.layer`; each is run once to see that it works."""
    found: dict[str, Work] = {}
    for case in CASES:
        function = function_of(case)
        layers = async_layers if case.is_async else sync_layers
        for name, work in layers(case, function).items():
            work()
            found[f"{case.name}.{name}"] = work
    return found


def nanoseconds(work: Work) -> float:
    """Time of one call: the best of several repeats, the least disturbed one."""
    timer = timeit.Timer(work)
    count, _ = timer.autorange()
    return min(timer.repeat(REPEATS, count)) / count * 1e9


def main(argv: list[str]) -> None:
    """Time everything, list the layers, or do one layer's work."""
    layers = all_layers()
    if not argv:
        print(json.dumps({name: nanoseconds(work) for name, work in layers.items()}))
        return
    work = layers[argv[0]]
    for _ in range(int(argv[1])):
        work()


if __name__ == "__main__":
    main(sys.argv[1:])
