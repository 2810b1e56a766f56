"""The work of each layer, run inside our virtual environment by `layers`; prints what it measured.

`python -m bench.layer_work CASE` times the layers of one case, in a process of its own because what
another case imports changes how this one is served. With a number it does each layer's work so
often, one layer after the other, with a mark between them for a profiler.
"""

from __future__ import annotations

import io
import json
import os
import sys
import timeit
from collections.abc import Callable
from typing import Any

from bench.cases import Case, chosen
from bench.exchange import Exchange
from bench.places import FUNCTIONS
from functions_framework.hosts import build
from functions_framework.hosts.asgi import scope as asgi
from functions_framework.hosts.wsgi import environ as wsgi
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import Message
from functions_framework.settings import Settings
from functions_framework.signatures import codec_of

REPEATS = 7
WARM_UP = 100
Work = Callable[[], Any]


def hosted(case: Case) -> tuple[list[Function], Any]:
    """Load a case's function and its host as a worker does."""
    signature = Signature(case.signature or "http")
    source = str(FUNCTIONS / case.source)
    settings = Settings(target=case.target, source=source, signature_type=signature)
    served = build.load_and_build(settings)
    return served.functions, served.host


def environ_of(exchange: Exchange) -> dict[str, Any]:
    """The WSGI environ of a request, as the server makes it (PEP 3333)."""
    path, _, query = exchange.path.partition("?")
    made: dict[str, Any] = {
        "REQUEST_METHOD": exchange.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8080",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
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


def sync_layers(case: Case) -> dict[str, Work]:
    """The layers of a sync case, each doing its work once per call."""
    base, body = environ_of(case.exchange), case.exchange.body

    def environ() -> dict[str, Any]:
        return {**base, "wsgi.input": io.BytesIO(body)}

    (function, *_), host = hosted(case)
    found: dict[str, Work] = {
        "environ": environ,
        "context": lambda: wsgi.begin(environ(), function),
        "respond": lambda: host.respond(environ()),
    }
    if function.signature is not Signature.HTTP:
        message = wsgi.message(environ())
        found["read"] = lambda: wsgi.message(environ())
        found |= codec_layers(function, message, function.call)
    return found


def async_layers(case: Case) -> dict[str, Work]:
    """The layers of an async case."""
    base = scope_of(case.exchange)
    event = {"type": "http.request", "body": case.exchange.body, "more_body": False}

    async def receive() -> dict[str, Any]:
        return event

    (function, *_), host = hosted(case)
    found: dict[str, Work] = {
        "context": lambda: asgi.begin(dict(base), function),
        "respond": lambda: finish(host.respond(dict(base), receive)),
    }
    if function.signature is not Signature.HTTP:

        def read() -> Message:
            return asgi.message(base, finish(asgi.read_body(receive)))

        found["read"] = read
        message = read()
        found |= codec_layers(function, message, lambda *given: finish(function.call(*given)))
    return found


def codec_layers(function: Function, message: Message, call: Work) -> dict[str, Work]:
    """The three layers that are the same for every host."""
    codec = codec_of(function)
    arguments = codec.decode(message)
    result = call(*arguments)
    return {
        "decode": lambda: codec.decode(message),
        "call": lambda: call(*arguments),
        "encode": lambda: codec.encode(result),
    }


def layers_of(name: str) -> dict[str, Work]:
    """Every layer of one case, by name."""
    (case,) = chosen([name])
    return async_layers(case) if case.is_async else sync_layers(case)


def mark() -> None:
    """Call a function of the C library that nothing else here calls: callgrind dumps at it."""
    os.getppid()


def nanoseconds(work: Work) -> float:
    """Time of one call: the best of several repeats, the least disturbed one."""
    timer = timeit.Timer(work)
    count, _ = timer.autorange()
    return min(timer.repeat(REPEATS, count)) / count * 1e9


def main(name: str, count: str = "") -> None:
    """Time a case's layers, or do their work with marks between; prints the layers' names."""
    layers = layers_of(name)
    for work in layers.values():
        for _ in range(WARM_UP):
            work()
    if not count:
        print(json.dumps({each: nanoseconds(work) for each, work in layers.items()}))
        return
    for work in layers.values():
        mark()
        for _ in range(int(count)):
            work()
    mark()
    print(json.dumps(list(layers)))


if __name__ == "__main__":
    main(*sys.argv[1:])
