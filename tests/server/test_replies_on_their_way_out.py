"""Whoever makes a reply, however wrong: it is sent as HTTP wants it, or it is a recorded crash.

One table of replies is asked of functions of both kinds, error handlers, responses of Flask and
Starlette, and WSGI and ASGI applications, over HTTP/1.1 and HTTP/2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.made_replies import ASKERS, MAKERS, SOURCE, TARGETS, Got, Made
from support.served_source import Given, Served, written
from support.server_process import KINDS, ServerProcess

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.once


SERVERS = {target: Given(SOURCE, target=target) for target in TARGETS}


class Maker:
    """Something that makes replies, asked over one version of HTTP."""

    def __init__(self, server: ServerProcess, target: str, path: str, version: str) -> None:
        self.server = server
        self.target = target
        self.path = path
        self.version = version

    def ask(self, made: Made, method: str = "GET") -> Got:
        return ASKERS[self.version](self.server, made.target(self.path), method)


@pytest.fixture(params=[(*maker, version) for maker in MAKERS for version in ASKERS], ids="-".join)
def maker(request: pytest.FixtureRequest, servers: dict[str, Served]) -> Maker:
    target, path, version = request.param
    return Maker(servers[target].server, target, path, version)


@pytest.mark.parametrize("status", [0, 14, -1, 99, 100, 101, 103, 199, 1000, 65535, 70000, 10**30])
def test_a_status_that_is_none_is_a_crash_and_the_worker_lives(maker: Maker, status: int) -> None:
    for is_whole in (True, False):
        assert maker.ask(Made(status, is_whole=is_whole)).is_crash
        assert maker.ask(Made(status, is_whole=is_whole), "HEAD").is_crash
    maker.server.wait_for("expected one from 200 to 999.")
    assert "panicked" not in maker.server.log


@pytest.mark.parametrize("status", [200, 299, 404, 600, 999])
def test_any_other_status_is_sent(maker: Maker, status: int) -> None:
    got = maker.ask(Made(status))
    assert (got.status, got.body, got.is_in_step) == (status, b"made", True)


@pytest.mark.parametrize("lengths", [["1"], ["7"], ["x"], ["-4"], ["4", "4"], ["7", "4"], ["4, 4"]])
def test_a_whole_body_gets_its_own_length(maker: Maker, lengths: list[str]) -> None:
    got = maker.ask(Made(headers=[("Content-Length", length) for length in lengths]))
    assert (got.status, got.body, got.is_in_step) == (200, b"made", True)
    assert got.all(b"content-length") == [b"4"]


def test_a_stream_that_keeps_its_length_is_sent_with_it(maker: Maker) -> None:
    got = maker.ask(Made(headers=[("Content-Length", "4")], parts=["ma", "de"], is_whole=False))
    assert (got.status, got.body, got.is_in_step) == (200, b"made", True)
    assert got.all(b"content-length") == [b"4"]


@pytest.mark.parametrize(
    ("length", "said"), [("0", "is longer"), ("3", "is longer"), ("9", "ended 5 bytes before")]
)
def test_a_stream_that_breaks_its_word_never_looks_whole(
    maker: Maker, length: str, said: str
) -> None:
    made = Made(headers=[("Content-Length", length)], parts=["ma", "de"], is_whole=False)
    got = maker.ask(made)
    assert not got.is_whole
    maker.server.wait_for(said)
    assert maker.ask(Made()).is_in_step


@pytest.mark.parametrize("lengths", [["x"], ["-4"], ["7", "9"]])
def test_a_stream_whose_length_is_none_is_a_crash(maker: Maker, lengths: list[str]) -> None:
    made = Made(headers=[("Content-Length", length) for length in lengths], is_whole=False)
    assert maker.ask(made).is_crash
    maker.server.wait_for("'Content-Length'")


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("status", [204, 205, 304])
def test_no_content_where_there_is_none(maker: Maker, status: int, is_whole: bool) -> None:
    for method in ("GET", "HEAD"):
        got = maker.ask(Made(status, [("Content-Length", "4")], is_whole=is_whole), method)
        assert (got.status, got.body, got.has_data) == (status, b"", False)
        assert got.is_in_step
        assert got.all(b"content-length") in ([], [b"0"] if status == 205 else [])


@pytest.mark.parametrize("status", [200, 404, 500])
def test_the_response_to_head_has_no_content_but_its_length(maker: Maker, status: int) -> None:
    got = maker.ask(Made(status), "HEAD")
    assert (got.status, got.body, got.has_data, got.is_in_step) == (status, b"", False, True)
    assert got.all(b"content-length") == [b"4"]
    got = maker.ask(Made(status, is_whole=False), "HEAD")
    assert (got.status, got.body, got.has_data, got.is_in_step) == (status, b"", False, True)


CONNECTIONS = [
    ("Transfer-Encoding", "chunked"), ("Connection", "close, X-Named"), ("Keep-Alive", "timeout=5"),
    ("Upgrade", "h2c"), ("TE", "trailers"), ("Trailer", "Expires"), ("Proxy-Connection", "close"),
]  # fmt: skip


def test_fields_of_the_connection_are_left_out(maker: Maker) -> None:
    for is_whole in (True, False):
        made = Made(headers=[*CONNECTIONS, ("X-Named", "1"), ("X-Own", "2")], is_whole=is_whole)
        got = maker.ask(made)
        assert (got.status, got.body, got.is_in_step) == (200, b"made", True)
        assert got.all(b"x-own") == [b"2"]
        names = {name.lower().encode() for name, _ in CONNECTIONS} | {b"x-named"}
        chunked = [(b"transfer-encoding", b"chunked")] if not is_whole else []
        assert [pair for pair in got.fields if pair[0] in names] in ([], chunked)
    maker.server.wait_for("belong to the connection: connection, ")
    assert maker.server.log.count("belong to the connection") == 1


BAD_NAMES = ["X Y", "", "X\x00", "X:Y", "caf\u00e9", "X\tY", "(X)", ":status"]
BAD_VALUES = ["a\x00b", "a\x01", "\x7f", "a\x1b[31m"]


@pytest.mark.parametrize("name", BAD_NAMES, ids=range(len(BAD_NAMES)))
def test_a_name_that_no_header_can_have_is_a_crash(maker: Maker, name: str) -> None:
    for is_whole in (True, False):
        assert maker.ask(Made(headers=[(name, "1")], is_whole=is_whole)).is_crash
    maker.server.wait_for("that isn't a valid name (RFC 9110)")


@pytest.mark.parametrize("value", BAD_VALUES, ids=range(len(BAD_VALUES)))
def test_a_value_that_no_header_can_have_is_a_crash_that_names_it(maker: Maker, value: str) -> None:
    for is_whole in (True, False):
        assert maker.ask(Made(headers=[("x-bad", value)], is_whole=is_whole)).is_crash
    maker.server.wait_for("'x-bad'")


def test_a_line_break_in_a_value_never_makes_a_header(maker: Maker) -> None:
    got = maker.ask(Made(headers=[("X-Bad", "a\r\nX-Made: 1")]))
    assert got.status == 500
    assert not got.all(b"x-made")
    assert got.is_in_step


def test_every_one_of_a_repeated_header_is_sent(maker: Maker) -> None:
    cookies = [("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("SET-COOKIE", "a=1")]
    for is_whole in (True, False):
        got = maker.ask(Made(headers=cookies, is_whole=is_whole))
        assert got.all(b"set-cookie") == [b"a=1", b"b=2", b"a=1"]


def test_spaces_around_a_value_are_not_part_of_it(maker: Maker) -> None:
    assert maker.ask(Made(headers=[("X-A", "  a b\t")])).all(b"x-a") == [b"a b"]


def test_text_beyond_ascii_is_the_bytes_it_stands_for(maker: Maker) -> None:
    utf8 = "caf\u00e9 \u20ac".encode()
    got = maker.ask(Made(headers=[("x-n", utf8.decode("latin-1"))]))
    assert got.all(b"x-n") == [utf8]
    latin_1 = Made(headers=[("x-n", "caf\u00e9")])
    if maker.target in {"waiting", "asgi"}:
        assert maker.ask(latin_1).all(b"x-n") == [b"caf\xe9"]
        long = "\u00e9" * 200
        got = maker.ask(Made(headers=[("x-n", long), ("x-m", long)], is_whole=False))
        assert (got.all(b"x-n"), got.all(b"x-m")) == ([b"\xe9" * 200],) * 2
    else:  # the engine's sync side sends UTF-8 only
        assert maker.ask(latin_1).is_crash
        maker.server.wait_for("'x-n' is not ASCII")


@pytest.mark.parametrize("headers", [(1001, 0), (30_000, 0), (900, 2000), (1, 70_000)])
def test_too_many_headers_are_a_crash_and_the_worker_lives(
    maker: Maker, headers: tuple[int, int]
) -> None:
    for is_whole in (True, False):
        assert maker.ask(Made(headers=headers, is_whole=is_whole)).is_crash
    assert "panicked" not in maker.server.log


def test_many_headers_are_sent(maker: Maker) -> None:
    got = maker.ask(Made(headers=(900, 0)))
    assert (got.status, got.is_in_step) == (200, True)
    assert len(got.fields) > 900


OWN_SOURCE = """
import asyncio, time
import flask, functions_framework
from starlette.exceptions import HTTPException

@functions_framework.errorhandler(KeyError)
def answer(error):
    return "handled", 418

@functions_framework.http
def plain(request):
    if request.path == "/sleep":
        time.sleep(20)
    if request.path == "/crash":
        raise ValueError
    if request.path == "/abort":
        flask.abort(404)
    if request.path == "/handled":
        raise KeyError
    return "in step"

@functions_framework.http
async def waiting(request):
    path = request.url.path
    if path == "/sleep":
        await asyncio.sleep(20)
    if path == "/crash":
        raise ValueError
    if path == "/abort":
        raise HTTPException(404)
    if path == "/handled":
        raise KeyError
    return "in step"
"""


@pytest.mark.parametrize("version", ASKERS)
@pytest.mark.parametrize("kind", KINDS)
def test_head_has_no_content_whoever_answers_it(tmp_path: Path, kind: str, version: str) -> None:
    flags = ("--health-path", "/health", "--timeout", "0.5")
    source = written(tmp_path, OWN_SOURCE)
    with ServerProcess.start(source, kind, *flags) as server:
        server.ready()
        for path, status in {
            "/health": 200, "/health/live": 200, "/favicon.ico": 404, "/crash": 500, "/abort": 404,
            "/handled": 418, "/sleep": 504,
        }.items():  # fmt: skip
            got = ASKERS[version](server, path, "HEAD")
            assert (path, got.status, got.has_data, got.is_in_step) == (path, status, False, True)
            assert int(got.all(b"content-length")[0]) > 0
