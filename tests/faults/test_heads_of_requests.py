"""Heads of requests as clients and proxies send them: Host, targets, names, cookies, bytes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support.http2_client import send_stream
from support.served_source import Given, Served

if TYPE_CHECKING:
    from support.server_process import ServerProcess

SYNC = """
    import sys
    import functions_framework

    @functions_framework.http
    def seen(request):
        return {
            "host": request.host, "url": request.url, "cookies": dict(request.cookies),
            "q": request.args.get("q"), "headers": dict(request.headers),
            "raw": request.environ.get("RAW_URI"),
        }

    @functions_framework.cloud_event
    def event(event):
        print("event", event["id"], dict(event.get_attributes()), file=sys.stderr, flush=True)
    """
ASYNC = """
    import sys
    import functions_framework

    @functions_framework.http
    async def seen(request):
        return {
            "host": request.url.netloc, "url": str(request.url), "cookies": dict(request.cookies),
            "q": request.query_params.get("q"), "headers": dict(request.headers),
            "raw": request.scope["raw_path"].decode("latin-1"),
        }

    @functions_framework.cloud_event
    async def event(event):
        print("event", event["id"], dict(event.get_attributes()), file=sys.stderr, flush=True)
    """
BOTH = (
    SYNC
    + """
    @functions_framework.http
    async def beside(request):
        return "beside"
    """
)
WSGI = """
    import flask

    app = flask.Flask(__name__)

    @app.get("/seen")
    def seen():
        request = flask.request
        return {
            "host": request.host, "url": request.url, "cookies": dict(request.cookies),
            "q": request.args.get("q"), "headers": dict(request.headers),
        }
    """
ASGI = """
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    async def seen(request):
        return JSONResponse({
            "host": request.url.netloc, "url": str(request.url), "cookies": dict(request.cookies),
            "q": request.query_params.get("q"), "headers": dict(request.headers),
            "raw": request.scope["raw_path"].decode("latin-1"),
        })

    app = Starlette(routes=[Route("/seen", seen), Route("/seen/{rest:path}", seen)])
    """
SOURCES = {
    "sync": (SYNC, "seen,event"),
    "async": (ASYNC, "seen,event"),
    "both": (BOTH, "seen,event,beside"),
    "wsgi": (WSGI, "app"),
    "asgi": (ASGI, "app"),
}
WITH_EVENTS = ["sync", "async", "both"]
ON_LOOP = ["async", "both", "asgi"]
EVENT = "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n"


SERVERS = {kind: Given(text, target=target) for kind, (text, target) in SOURCES.items()}


def _ask(server: ServerProcess, head: str) -> tuple[int, Any]:
    status, body = server.send(f"{head}\r\n".encode("latin-1"))
    return status, json.loads(body) if status == 200 and body != b"OK" else body


HOSTS = {
    "none": "",
    "empty": "host:\r\n",
    "two": "host: a\r\nhost: b\r\n",
    "the same twice": "host: a\r\nhost: a\r\n",
    "two in one": "host: a, b\r\n",
    "a space": "host: a b\r\n",
    "a path": "host: a/b\r\n",
    "user and password": "host: user@a\r\n",
    "no port": "host: a:b\r\n",
    "two ports": "host: a:1:2\r\n",
    "a bracket": "host: [::1\r\n",
    "not ASCII": "host: caf\xe9\r\n",
    "no address": "host: [:::]\r\n",
    "dots for an address": "host: [1.2.3.4]\r\n",
    "no such port": "host: a:65536\r\n",
    "half an encoding": "host: a%2\r\n",
    "no encoding": "host: a%zz\r\n",
}


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("fault", HOSTS)
def test_host_that_is_missing_double_or_malformed_is_refused(
    servers: dict[str, Served], kind: str, fault: str
) -> None:
    status, body = _ask(servers[kind].server, f"GET /seen HTTP/1.1\r\n{HOSTS[fault]}")
    assert (status, b"Host header" in body) == (400, True)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize(
    "host", ["a", "a.example:8080", "127.0.0.1", "[::1]:8080", "xn--caf-dma.example", "a.:1"]
)
def test_host_in_order_is_seen(servers: dict[str, Served], kind: str, host: str) -> None:
    status, seen = _ask(servers[kind].server, f"GET /seen HTTP/1.1\r\nhost: {host}\r\n")
    assert (status, seen["host"]) == (200, host)


@pytest.mark.parametrize("kind", SOURCES)
def test_http_1_0_needs_no_host(servers: dict[str, Served], kind: str) -> None:
    assert _ask(servers[kind].server, "GET /seen HTTP/1.0\r\n")[0] == 200


@pytest.mark.parametrize("kind", ON_LOOP)
@pytest.mark.parametrize("first", [True, False])
def test_name_with_an_underscore_never_stands_for_another(
    servers: dict[str, Served], kind: str, first: bool
) -> None:
    own, forged = "x-real-ip: 192.0.2.1\r\n", "X_Real_Ip: 203.0.113.9\r\n"
    fields = forged + own if first else own + forged
    status, seen = _ask(servers[kind].server, f"GET /seen HTTP/1.1\r\nhost: a\r\n{fields}")
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    assert (status, headers["x-real-ip"]) == (200, "192.0.2.1")
    assert "x_real_ip" not in headers
    status, seen = _ask(servers[kind].server, f"GET /seen HTTP/1.1\r\nhost: a\r\n{forged}")
    assert "203.0.113.9" not in json.dumps(seen)


@pytest.mark.parametrize("kind", SOURCES)
def test_cookies_of_http_2_are_one(servers: dict[str, Served], kind: str) -> None:
    status, body = send_stream(
        servers[kind].server.port,
        "/seen",
        method="GET",
        fields=[("cookie", "a=1"), ("cookie", "b=2")],
    )
    seen = json.loads(body)
    assert (status, seen["cookies"]) == (200, {"a": "1", "b": "2"})
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    assert headers["cookie"].replace("; ", ";") == "a=1;b=2"


@pytest.mark.parametrize("kind", SOURCES)
def test_query_that_is_not_encoded_keeps_its_bytes(servers: dict[str, Served], kind: str) -> None:
    head = "GET /seen?q=caf\xc3\xa9 HTTP/1.1\r\nhost: a\r\n"
    status, seen = _ask(servers[kind].server, head)
    # Starlette reads the bytes as latin-1.
    read = {"async": "caf\xc3\xa9", "asgi": "caf\xc3\xa9"}.get(kind, "caf\xe9")
    assert (status, seen["q"]) == (200, read)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("target", ["/%E5", "/\xc3\xa9", "/a%00b", "/%F0%9F?q=%F0", "/seen?q=%FF"])
def test_no_target_is_a_crash(servers: dict[str, Served], kind: str, target: str) -> None:
    status, _ = servers[kind].server.send(
        f"GET {target} HTTP/1.1\r\nhost: a\r\n\r\n".encode("latin-1")
    )
    assert status in {200, 404}


@pytest.mark.parametrize("kind", SOURCES)
def test_header_that_is_not_ascii_is_latin_1(servers: dict[str, Served], kind: str) -> None:
    fields = "cookie: a=caf\xe9; b=2\r\nx-city: K\xf6ln\r\n"
    status, seen = _ask(servers[kind].server, f"GET /seen HTTP/1.1\r\nhost: a\r\n{fields}")
    assert status == 200
    if kind not in ON_LOOP:
        # The engine's sync side drops it.
        servers[kind].server.wait_for("cookie header holds bytes that are not ASCII")
        return
    headers = {name.lower(): value for name, value in seen["headers"].items()}
    assert (headers["cookie"], headers["x-city"]) == ("a=caf\xe9; b=2", "K\xf6ln")
    assert seen["cookies"]["b"] == "2"


@pytest.mark.parametrize("kind", WITH_EVENTS)
@pytest.mark.parametrize("name", ["ce-subject", "ce-my-ext"])
def test_event_with_a_header_that_is_not_ascii_is_not_cut_short(
    servers: dict[str, Served], kind: str, name: str
) -> None:
    head = f"POST /event HTTP/1.1\r\nhost: a\r\n{EVENT}{name}: caf\xe9\r\ncontent-length: 0\r\n"
    assert _ask(servers[kind].server, head)[0] == (200 if kind in ON_LOOP else 400)
    if kind in ON_LOOP:
        servers[kind].server.wait_for("caf\xe9")


@pytest.mark.parametrize("kind", WITH_EVENTS)
@pytest.mark.parametrize("name", ["ce-subject", "ce-document"])
def test_event_with_a_header_in_utf_8_keeps_it_or_is_told_of(
    servers: dict[str, Served], kind: str, name: str
) -> None:
    # As Eventarc sends the names of documents.
    server = servers[kind].server
    head = (
        f"POST /event HTTP/1.1\r\nhost: a\r\n{EVENT}{name}: u/\xe4\xb8\xad\r\ncontent-length: 0\r\n"
    )
    status, said = _ask(server, head)
    if kind in ON_LOOP:
        assert status == 200
        server.wait_for("u/\u4e2d")
    else:
        assert (status, b"--asgi" in said) == (400, True)
        server.wait_for("hand to a plain def")
        server.wait_for("FUNCTION_USE_ASGI")


@pytest.mark.parametrize("kind", ON_LOOP)
@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/seen%2Fb", "/seen%2Fb"),
        ("/seen/%E5?q=1", "/seen/%E5"),
        ("/seen/\xc3\xa9", "/seen/\xc3\xa9"),
    ],
)
def test_path_can_be_had_as_it_came(
    servers: dict[str, Served], kind: str, target: str, path: str
) -> None:
    status, body = servers[kind].server.send(
        f"GET {target} HTTP/1.1\r\nhost: a\r\n\r\n".encode("latin-1")
    )
    assert status == 200, body
    raw = json.loads(body)["raw"]
    assert raw == (target if kind == "both" else path)


@pytest.mark.parametrize("kind", ["async", "both"])
@pytest.mark.parametrize("name", ["ce-id", "ce-subject", "ce-my-ext"])
def test_event_with_a_header_twice_is_refused(
    servers: dict[str, Served], kind: str, name: str
) -> None:
    twice = f"{name}: 1\r\n" * (1 if name == "ce-id" else 2)
    head = f"POST /event HTTP/1.1\r\nhost: a\r\n{EVENT}{twice}content-length: 0\r\n"
    status, body = _ask(servers[kind].server, head)
    assert (status, b"more than once" in body) == (400, True)


@pytest.mark.parametrize("kind", WITH_EVENTS)
@pytest.mark.parametrize(
    "event",
    [
        {"specversion": "1.0", "id": "1", "ID": "2", "source": "/s", "type": "t"},
        {"specversion": "1.0", "ext": "1", "eXt": "2", "id": "1", "source": "/s", "type": "t"},
    ],
)
def test_structured_event_with_an_attribute_in_two_cases_is_refused(
    servers: dict[str, Served], kind: str, event: dict[str, str]
) -> None:
    body = json.dumps(event)
    head = (
        "POST /event HTTP/1.1\r\nhost: a\r\ncontent-type: application/cloudevents+json\r\n"
        f"content-length: {len(body)}\r\n\r\n{body}"
    )
    status, said = servers[kind].server.send(head.encode())
    assert (status, b"small and in capital" in said) == (400, True)


@pytest.mark.parametrize("kind", WITH_EVENTS)
def test_extension_keeps_its_hyphens(servers: dict[str, Served], kind: str) -> None:
    head = f"POST /event HTTP/1.1\r\nhost: a\r\n{EVENT}ce-my-ext: 1\r\ncontent-length: 0\r\n"
    assert _ask(servers[kind].server, head)[0] == 200
    servers[kind].server.wait_for("'my-ext': '1'")
