"""--debug: who sees the traceback of a crash, in which form, and who may use the console."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import create_environ

from functions_framework.hosts import build
from functions_framework.hosts.debug_page import is_local, is_local_host
from functions_framework.hosts.wsgi.layer_driver import EnvironHead
from functions_framework.settings import Settings
from support.in_memory import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import SourceTree

pytestmark = pytest.mark.once

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PLAIN = "def hello(request):\n    secret = '<b>&'\n    raise ValueError(secret)\n"
EVENT = (
    "import functions_framework\n@functions_framework.cloud_event\n"
    "def hello(event):\n    raise ValueError('<b>&')\n"
)
EVENT_HEADERS = {"Ce-Id": "1", "Ce-Source": "/s", "Ce-Type": "t", "Ce-Specversion": "1.0"}
SOURCES = {
    "def": PLAIN,
    "async def": f"async {PLAIN}",
    "event": EVENT,
    "async event": EVENT.replace("def hello", "async def hello"),
}
KINDS = [*SOURCES, "def among async"]


def answering(sources: SourceTree, text: str, **settings: Any) -> Callable[..., Answer]:
    """Load a source under --debug; return what asks its host."""
    path = sources.put("main.py", text)
    given = {"target": "hello", "debug": True, **settings}
    host = build.load_and_build(Settings(source=str(path), **given)).host

    def ask(
        headers: dict[str, str] | None = None, peer: str = "127.0.0.1", target: str = "/"
    ) -> Answer:
        environ = create_environ(
            target,
            "http://localhost",
            headers=headers,
            method="POST" if headers and "Ce-Id" in headers else "GET",
        )
        environ |= {"REMOTE_ADDR": peer, "wsgi.input_terminated": True}
        if host.is_async:
            reply = asyncio.run(host.respond(scope_of(environ, headers or {}), receive))
        else:
            reply = host.respond(environ)
        assert isinstance(reply.body, bytes)
        named = {name.lower(): value for name, value in reply.headers}
        return Answer(reply.status, named, reply.body)

    return ask


def scope_of(environ: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "http",
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": "http",
        "path": environ["PATH_INFO"],
        "query_string": environ["QUERY_STRING"].encode(),
        "headers": [
            (name.lower().encode(), value.encode())
            for name, value in {"Host": environ["HTTP_HOST"], **headers}.items()
        ],
        "client": (environ["REMOTE_ADDR"], 5),
        "server": ("localhost", 80),
    }


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b""}


def source_of(kind: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    """A source of one kind, the headers its requests need, and its settings."""
    if kind == "def among async":
        text = f"{PLAIN}\nasync def other(request):\n    return ''\n"
        return text, {}, {"target": "hello,other"}
    return SOURCES[kind], EVENT_HEADERS if "event" in kind else {}, {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_browser_here_sees_the_traceback(
    kind: str, sources: SourceTree, caplog: pytest.LogCaptureFixture
) -> None:
    text, headers, settings = source_of(kind)
    ask = answering(sources, text, **settings)
    path = "/hello" if "among" in kind else "/"
    answer = ask({**headers, **BROWSER}, target=path)
    assert answer.status == 500
    assert answer.type == "text/html; charset=utf-8"
    page = answer.body.decode().partition("<!--")[0]
    assert "ValueError" in page
    assert "raise ValueError" in page
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;" in page
    crashes = [record for record in caplog.records if record.exc_info]
    assert [record.getMessage() for record in crashes] == [
        f"Exception on {path} [{'POST' if headers else 'GET'}]"
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("accept", "is_text"), [({}, True), ({"Accept": "*/*"}, True), ({"Accept": "text/html"}, False)]
)
def test_a_program_gets_text(
    kind: str, accept: dict[str, str], is_text: bool, sources: SourceTree
) -> None:
    text, headers, settings = source_of(kind)
    answer = answering(sources, text, **settings)({**headers, **accept}, target="/hello")
    assert answer.status == 500
    assert answer.body.startswith(b"Traceback") is is_text
    assert answer.headers["content-type"].startswith("text/plain" if is_text else "text/html")
    assert b"ValueError" in answer.body


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("peer", "forwarding"),
    [
        ("192.0.2.7", {}),
        ("2001:db8::7", {}),
        ("192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-Host": "localhost"}),
        ("127.0.0.1", {"Via": "1.1 proxy"}),
        ("127.0.0.1", {"Host": "evil.example"}),
        ("127.0.0.1", {"Host": "evil.example:8080"}),
        ("127.0.0.1", {"Host": "127.0.0.1.evil.example"}),
        ("127.0.0.1", {"Host": ""}),
    ],
    ids=[
        "v4",
        "v6",
        "lie",
        "proxied",
        "forwarded",
        "real ip",
        "forwarded host",
        "via",
        "rebound",
        "rebound port",
        "rebound address",
        "no host",
    ],
)
def test_nobody_else_sees_anything_of_it(
    kind: str, peer: str, forwarding: dict[str, str], sources: SourceTree
) -> None:
    text, headers, settings = source_of(kind)
    ask = answering(sources, text, **settings)
    answer = ask({**headers, **BROWSER, **forwarding}, peer, "/hello")
    assert answer.is_crash
    assert b"ValueError" not in answer.body
    assert b"main.py" not in answer.body


CONSOLE = "/?__debugger__=yes&cmd={command}&frm={frame}&s={secret}"


def test_the_console_runs_code_in_a_frame_for_this_machine_only(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "off")
    ask = answering(sources, PLAIN)
    page = ask(BROWSER).body.decode()
    secret = re.findall(r'SECRET = "(\w+)"', page)
    frame = re.findall(r'id="frame-(\d+)"', page)[-1]
    command = CONSOLE.format(command="secret*2", frame=frame, secret=secret[0])
    here = ask(BROWSER, target=command)
    assert here.status == 200
    assert b"&lt;b&gt;&amp;&lt;b&gt;&amp;" in here.body
    context = CONSOLE.format(
        command="__import__('flask').request.path", frame=frame, secret=secret[0]
    )
    assert b"'/'" in ask(BROWSER, target=context).body.replace(b"&#39;", b"'")
    for peer, headers in (
        ("192.0.2.7", {}),
        ("192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}),
    ):
        refused = ask({**BROWSER, **headers}, peer, command)
        assert refused.status == 403
        assert refused.body == b"The debugger answers this machine only.\n"
    # A name of another site's that leads to this machine (DNS rebinding).
    assert ask({**BROWSER, "Host": "evil.example"}, target=command).status == 403


def test_the_console_asks_for_its_pin(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WERKZEUG_DEBUG_PIN", "123-456-789")
    ask = answering(sources, PLAIN)
    page = ask(BROWSER).body.decode()
    secret = re.findall(r'SECRET = "(\w+)"', page)[0]
    frame = re.findall(r'id="frame-(\d+)"', page)[-1]
    command = CONSOLE.format(command="6*7", frame=frame, secret=secret)
    assert ask(BROWSER, target=command)[::2] == (
        403,
        b"The debugger does not know this page any more, or wants its PIN.\n",
    )
    with caplog.at_level("INFO"):
        ask(BROWSER, target=f"/?__debugger__=yes&cmd=printpin&s={secret}")
    assert "123-456-789" in caplog.text
    entered = ask(BROWSER, target=f"/?__debugger__=yes&cmd=pinauth&pin=123-456-789&s={secret}")
    cookie = entered.headers["set-cookie"].partition(";")[0]
    assert b"42" in ask({**BROWSER, "Cookie": cookie}, target=command).body


@pytest.mark.parametrize("kind", KINDS)
def test_an_exit_is_shown_too_and_ends_nothing(kind: str, sources: SourceTree) -> None:
    text, headers, settings = source_of(kind)
    text = re.sub(r"raise ValueError\(.*\)", "raise SystemExit('<b>&')", text)
    ask = answering(sources, text, **settings)
    answer = ask({**headers, **BROWSER}, target="/hello")
    assert answer.status == 500
    assert b"SystemExit: &lt;b&gt;&amp;" in answer.body
    assert ask({**headers, **BROWSER}, target="/hello").status == 500


@pytest.mark.parametrize("prefix", ["", "async "])
def test_what_is_not_a_crash_is_as_without_it(prefix: str, sources: SourceTree) -> None:
    text = (
        f"import functions_framework\n@functions_framework.errorhandler(KeyError)\n"
        f"def handled(error):\n    return 'handled', 418\n"
        f"{prefix}def hello(request):\n"
        f"    path = getattr(request, 'path', None) or request.url.path\n"
        f"    if path == '/key':\n        raise KeyError(path)\n"
        f"    return {{'a': 1}}\n"
    )
    ask = answering(sources, text)
    assert ask(BROWSER, target="/key")[::2] == (418, b"handled")
    assert ask(BROWSER).status == 200
    assert ask(BROWSER, target="/favicon.ico").status == 404


def test_the_app_knows_that_it_is_debugged(sources: SourceTree) -> None:
    text = (
        "import flask\nAT_IMPORT = flask.current_app.debug\n"
        "def hello(request):\n    return f'{AT_IMPORT} {flask.current_app.debug}'\n"
    )
    assert answering(sources, text)().body == b"True True"


def test_a_crash_of_an_earlier_call_is_not_shown_again(sources: SourceTree) -> None:
    text = "def hello(request):\n    1 / 0\n"
    ask = answering(sources, text)
    assert b"ZeroDivisionError" in ask().body
    assert ask(target="/robots.txt").status == 404


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("127.0.0.1", True),
        ("127.3.2.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:192.0.2.1", False),
        ("0.0.0.0", False),
        ("192.168.0.1", False),
        ("localhost", False),
        ("", False),
        (None, False),
    ],
)
def test_which_peer_is_this_machine(peer: str | None, expected: bool) -> None:
    def is_shown(**headers: str) -> bool:
        return is_local(EnvironHead({"REMOTE_ADDR": peer, **headers}))

    assert is_shown(HTTP_HOST="localhost") is expected
    assert not is_shown(HTTP_HOST="localhost", HTTP_VIA="1.1 proxy")
    assert not is_shown(HTTP_HOST="evil.example")
    assert not is_shown()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LocalHost:8080", True),
        ("localhost.", True),
        ("localhost.:8080", True),
        ("app.localhost:8080", True),
        ("127.0.0.1:8080", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("[::1]:8080", True),
        ("[0:0:0:0:0:0:0:1]:8080", True),
        ("[::ffff:127.0.0.1]", True),
        ("0.0.0.0:8080", True),
        ("[::]:8080", True),
        ("", False),
        (":8080", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("evillocalhost", False),
        ("127.0.0.1.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("evil.example@127.0.0.1", False),
        ("localhost:8080:1", False),
        ("localhost, evil.example", False),
        ("localhost/evil", False),
        ("192.168.0.1:8080", False),
        ("[::ffff:192.168.0.1]", False),
        ("[fe80::1]", False),
        ("::1", False),
        ("[::1", False),
        ("localhost\n", False),
    ],
)
def test_which_host_names_this_machine(host: str, expected: bool) -> None:
    assert is_local_host(host) is expected
