"""The same functions and requests on this server and on servers that people trust.

What differs on purpose is listed with its reason; everything else must be the same: status, header
fields, body, and whether the connection goes on.
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, NamedTuple

import pytest

from differential import async_functions, sync_functions
from differential.outcomes import Outcome, over_http1, over_http2
from differential.peers import own_server, peer_server

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

HOST = "host: probe\r\n"
FORM = "content-type: application/x-www-form-urlencoded\r\n"


class Sent(NamedTuple):
    """A request as it is written to the wire, after its request line."""

    method: str
    target: str = ""
    head: str = HOST
    body: bytes = b""
    version: str = "1.1"

    def bytes_for(self, path: str) -> bytes:
        target = self.target or path
        line = f"{self.method} {target} HTTP/{self.version}\r\n{self.head}\r\n"
        return line.encode("latin-1") + self.body


def _post(body: bytes, head: str = HOST) -> Sent:
    return Sent("POST", head=f"{head}content-length: {len(body)}\r\n", body=body)


CHUNKED = f"{HOST}transfer-encoding: chunked\r\n"
# To every function.
REQUESTS = {
    "GET": Sent("GET"),
    "HEAD": Sent("HEAD"),
    "POST": _post(b"a=1&b=2"),
    "close": Sent("GET", head=f"{HOST}connection: close\r\n"),
    "HTTP/1.0": Sent("GET", version="1.0"),
}
# To functions that show what they got, or read nothing.
ECHOED = {
    "OPTIONS": Sent("OPTIONS"),
    "DELETE": Sent("DELETE"),
    "PATCH": Sent("PATCH", head=f"{HOST}content-length: 1\r\n", body=b"x"),
    "form": _post(b"a=1&b=%C3%A9", HOST + FORM),
    "empty body": _post(b""),
    "large body": _post(b"x" * 300_000),
    "chunked": Sent("POST", head=CHUNKED, body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
    "chunked with an extension": Sent("POST", head=CHUNKED, body=b"3;a=b\r\nabc\r\n0\r\n\r\n"),
    "chunked and empty": Sent("POST", head=CHUNKED, body=b"0\r\n\r\n"),
    "chunked with a trailer": Sent("POST", head=CHUNKED, body=b"1\r\na\r\n0\r\nx-t: 1\r\n\r\n"),
    "GET with a body": Sent("GET", head=f"{HOST}content-length: 2\r\n", body=b"hi"),
    "expects 100": Sent(
        "POST", head=f"{HOST}expect: 100-continue\r\ncontent-length: 2\r\n", body=b"hi"
    ),
    "HTTP/1.0 keep-alive": Sent("GET", head=f"{HOST}connection: keep-alive\r\n", version="1.0"),
    "query": Sent("GET", "/echo?a=1&a=2&b=&c&d=%C3%A9+x"),
    "encoded path": Sent("GET", "/echo/%C3%A9/%2F/a%20b"),
    "dots": Sent("GET", "/echo/../x/./y"),
    "slashes": Sent("GET", "/echo//x//"),
    "cookies": Sent("GET", head=f"{HOST}cookie: a=1; b=2\r\n"),
    "header case": Sent("GET", head="HOST: probe\r\nx-SEEN: Yes\r\n"),
    "header space": Sent("GET", head=f"{HOST}x-seen:   a  b  \r\n"),
    "header twice": Sent("GET", head=f"{HOST}x-seen: 1\r\nx-seen: 2\r\n"),
    "long header": Sent("GET", head=f"{HOST}x-seen: {'y' * 6000}\r\n"),
    "latin-1 header": Sent("GET", head=f"{HOST}x-seen: caf\xe9\r\n"),
    "absolute form": Sent("GET", "http://probe/echo?a=1"),
    "two spaces": Sent("GET", "/echo", head=f"{HOST}x-seen:\r\n"),
}
BODYLESS = {
    f"status {code}": Sent("GET", f"/status?status={code}") for code in (204, 205, 304, 404)
}


def _requests(names: dict[str, object]) -> dict[str, bytes]:
    found = {
        f"{kind} /{name}": sent.bytes_for(f"/{name}")
        for name in names
        for kind, sent in REQUESTS.items()
    }
    found |= {f"{kind} (echo)": sent.bytes_for("/echo") for kind, sent in ECHOED.items()}
    found |= {
        f"{kind} (unread)": sent.bytes_for("/unread")
        for kind, sent in ECHOED.items()
        if not sent.target
    }
    return found | {kind: sent.bytes_for("") for kind, sent in BODYLESS.items()}


def _unlisted(
    ours: dict[str, Outcome], theirs: dict[str, Outcome], intended: dict[str, str]
) -> dict[str, object]:
    """Differences that no pattern names, and patterns that name none."""
    different = {name for name in ours if ours[name] != theirs[name]}
    found: dict[str, object] = {
        name: (ours[name], theirs[name])
        for name in different
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in intended)
    }
    idle = {pattern for pattern in intended if not fnmatch.filter(different, pattern)}
    return found | dict.fromkeys(idle, "an intended difference that is none")


# What is different on purpose, and why: patterns of requests.
_RESET_CONTENT = "a 205 has no content (RFC 9110 15.3.6)"
_HTTP10 = "HTTP/1.0 with keep-alive goes on, as it asks for"
_CUT = "over HTTP/1.0 a failed stream is reset: its end alone would look whole"
ON_GUNICORN = {
    "HTTP/1.0 /broken": _CUT,
    "* /raise": "the crash response of 3.10, with its header that says so",
    "large body (unread)": "what a function leaves unread is read away, and the connection goes on",
    "status 205": _RESET_CONTENT,
    "chunked and empty (echo)": "the engine's sync side gives nothing of a broken body either",
    "latin-1 header (echo)": "the engine's sync side drops what is not ASCII",
}
ON_UVICORN = {
    "HTTP/1.0 /broken": _CUT,
    "* /stream-of-nothing": "a stream that ends at once is a whole body: it has a length",
    "HEAD /broken": "a HEAD asks for no body, so the stream is never begun",
    "HTTP/1.0 keep-alive *": _HTTP10,
    "absolute form (echo)": "the absolute form is served (RFC 9112 3.2.2)",
    "status 204": "no content is no reason to close",
    "status 304": "no content is no reason to close",
    "status 205": _RESET_CONTENT,
}


@pytest.mark.parametrize(("peer", "intended"), [("gunicorn", ON_GUNICORN), ("uvicorn", ON_UVICORN)])
def test_clients_see_what_they_see_of_the_peer(
    tmp_path: Path, peer: str, intended: dict[str, str]
) -> None:
    is_async = peer != "gunicorn"
    names = async_functions.FUNCTIONS if is_async else sync_functions.FUNCTIONS
    requests = _requests(dict(names))
    with own_server(tmp_path, is_async=is_async) as own, peer_server(peer) as other:
        ours = {name: over_http1(own, data) for name, data in requests.items()}
        theirs = {name: over_http1(other, data) for name, data in requests.items()}
    assert _unlisted(ours, theirs, intended) == {}


_ENDED = "the end of the stream says that there is no body"
ON_HYPERCORN = {
    "* /empty": _ENDED,
    "* /redirect": _ENDED,
    "HEAD /broken": "a HEAD asks for no body, so the stream is never begun",
    "* /broken": "what was sent of a stream that fails arrives, and it alone is reset",
}
_HTTP2 = {
    "GET": ("GET", {}, b""),
    "HEAD": ("HEAD", {}, b""),
    "POST": ("POST", {}, b"a=1"),
    "POST with a length": ("POST", {"content-length": "3"}, b"a=1"),
    "DELETE": ("DELETE", {}, b""),
}


def test_clients_of_http2_see_what_they_see_of_the_peer(tmp_path: Path) -> None:
    def outcomes(port: int) -> dict[str, Outcome]:
        return {
            f"{kind} /{name}": over_http2(port, method, f"/{name}", headers, body)
            for name in async_functions.FUNCTIONS
            for kind, (method, headers, body) in _HTTP2.items()
        }

    with own_server(tmp_path, is_async=True) as own, peer_server("hypercorn") as other:
        assert _unlisted(outcomes(own), outcomes(other), ON_HYPERCORN) == {}
