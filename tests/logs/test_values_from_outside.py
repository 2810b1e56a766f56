"""What a sender may choose is escaped in every record, so no record can be forged with it."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import socket
import threading
from pathlib import Path

import pytest

import functions_framework
from functions_framework.loading.failure import load_failure_text
from functions_framework.logs.text_formatter import TextFormatter
from functions_framework.runtime.escaping import printable, printable_lines
from support.log_process import run
from support.log_server import records_of, serving

pytestmark = pytest.mark.once

# A record, the colour red, and what else ends a line somewhere.
FORGED = "\n2026-01-01 00:00:00 CRITICAL root: FORGED\r\x1b[31m\x85\u2028\u202e"
PATH = "%0A2026-01-01%2000:00:00%20CRITICAL%20root:%20FORGED%0D%1b%5B31m%C2%85%E2%80%A8%E2%80%AE"
BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e]")


def _assert_clean(text: str) -> None:
    assert not BAD.search(text), ascii(BAD.search(text))
    assert not re.search(r"^\d{4}-\S+ \S+ CRITICAL", text, re.MULTILINE), text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/plain é 日本", "/plain é 日本"),
        ("/a\nb\tc", "/a\\nb\\tc"),
        ("\x1b[31m\x7f\x9b", "\\x1b[31m\\x7f\\x9b"),
        ("\u2028\u202e\ud800", "\\u2028\\u202e\\ud800"),
        ("x" * 2049, "x" * 2048 + "…"),
    ],
)
def test_what_is_not_seen_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_lines_of_the_frameworks_own_text_stay() -> None:
    assert printable_lines("a\n\tb\r\x1b[0m\u2029") == "a\n\tb\\r\\x1b[0m\\u2029"


def test_failed_load_obeys_nothing_in_its_text() -> None:
    _assert_clean(load_failure_text(ValueError("bad \x1b]0;title\x07")))


SENT = f"{FORGED!r}"
IMPORT = "from functions_framework.runtime.escaping import own_logger"


# Each writes one record.
SCRIPTS = [
    f"logs.log_access('G\\n', {SENT}, 200, 0, 0, None)",
    f"logs.log_crash(ValueError({SENT}), method='GET', path={SENT})",
    f"logs.log_crash(KeyError('x'), method={SENT}, path='/')",
    f"own_logger('functions_framework.some').error('The path %s, %d', {SENT}, 3)",
    f"own_logger('functions_framework.some').error('Not: %s', OSError({SENT}))",
    f"try: 1 / 0\nexcept Exception: own_logger('x').exception('At %s', {SENT})",
    f"try: raise ValueError({SENT})\nexcept Exception: logging.exception('failed')",
    f"with call({SENT}): logging.warning('in a call')",
    f"with call({SENT}): print('printed', file=sys.stderr)",
    "logging.warning('one\\n2026-01-01 00:00:00 CRITICAL root: FORGED')",
    f"logging.warning('The path %s', {SENT})",
    f"logging.warning({SENT})",
]


@pytest.mark.parametrize("form", ["text", "json", "labelled"])
def test_no_record_is_forged(form: str) -> None:
    variables = {"LOG_FORMAT": form} if form != "labelled" else {"LOG_EXECUTION_ID": "1"}
    shown = run("\n".join([IMPORT, *SCRIPTS]), **variables).err
    _assert_clean(shown)
    heads = len(re.findall(r"^\d{4}-\S+ \S+ |^\{|^printed$", shown, re.MULTILINE))
    assert heads == len(SCRIPTS), shown


def test_handlers_of_the_users_own_get_escaped_values() -> None:
    shown = run(f"""
        {IMPORT}
        logging.basicConfig(format="%(message)s %(execution_id)s")
        logging.root.handlers[-1].addFilter(logs.ContextFilter())
        with call({SENT}):
            own_logger("functions_framework.server").error("The path %s", {SENT})
    """)
    _assert_clean(shown.err)
    assert shown.err.count("\n") == 1


SOURCE = """
import asyncio, sys, time
import functions_framework

@functions_framework.http
def crash(request):
    raise ValueError("no " + request.path)

@functions_framework.http
def late(request):
    for _ in range(300):
        time.sleep(0.01)

@functions_framework.http
def breaks(request):
    def parts():
        yield "a"
        raise ValueError("halfway of " + request.path)
    return parts()

@functions_framework.http
def left(request):
    print("begun", file=sys.stderr, flush=True)
    for _ in range(1000):
        time.sleep(0.01)

@functions_framework.cloud_event
def event(event):
    raise ValueError(event["subject"])
"""
ASYNC = (
    SOURCE.replace("def crash", "async def crash")
    .replace("def late", "async def late")
    .replace("def left", "async def left")
    .replace("def breaks", "async def breaks")
    .replace("    def parts", "    async def parts")
    .replace("time.sleep", "await asyncio.sleep")
    .replace("def event", "async def event")
    .replace("request.path", "request.url.path")
)
EVENT = {"specversion": "1.0", "type": "t", "source": "s", "id": "1", "subject": FORGED, "data": 1}


def _http(port: int, path: str, headers: str = "") -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(
            f"GET {path} HTTP/1.1\r\nHost: a\r\n{headers}Connection: close\r\n\r\n".encode()
        )
        answer = b""
        with contextlib.suppress(ConnectionError):  # some calls end by their connection
            while part := client.recv(65536):
                answer += part
        return answer


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("source", [SOURCE, ASYNC], ids=["def", "async def"])
def test_no_record_of_a_server_is_forged(tmp_path: Path, source: str, form: str) -> None:
    arguments = ("--timeout", "1", "--access-log", "--log-format", form)
    with serving(tmp_path, source, *arguments) as served:
        _http(served.port, f"/crash/{PATH}", "Function-Execution-Id: a\tb\r\n")
        assert b"504" in _http(served.port, f"/late/{PATH}")
        _http(served.port, f"/breaks/{PATH}")
        _http(served.port, f"/none/{PATH}")
        body = json.dumps(EVENT).encode()
        kind = {"Content-Type": "application/cloudevents+json"}
        assert served.get("/event", kind, "POST", body)[0] == 500
        served.wait_for(re.compile("halfway"))
    err = served.output.err
    _assert_clean(err)
    for sign in ("Exception on", "deadline", "failed halfway", "/none/"):
        assert sign in err, err
    if form == "json":
        assert all("FORGED" not in record.get("severity", "") for record in records_of(err))


@pytest.mark.parametrize("source", [SOURCE, ASYNC], ids=["def", "async def"])
def test_no_record_of_a_call_left_at_shutdown_is_forged(tmp_path: Path, source: str) -> None:
    with serving(tmp_path, source, "--grace-period", "0.1", "--log-format", "text") as served:
        left = threading.Thread(target=_http, args=(served.port, f"/left/{PATH}"))
        left.start()
        served.wait_for(re.compile("begun"))
    left.join()
    _assert_clean(served.output.err)
    assert "ended at shutdown" in served.output.err


FLASK = """
import flask
app = flask.Flask("mine")

@app.route("/<path:rest>")
def view(rest):
    raise ValueError(rest)
"""


def test_crashes_of_flask_applications_are_not_exception(tmp_path: Path) -> None:
    with serving(tmp_path, FLASK, "--target", "app", "--log-format", "text") as served:
        _http(served.port, f"/{PATH}")
    err = served.output.err
    _assert_clean(err)
    assert "mine: Exception on /\\n2026-01-01" in err


def test_colours_of_messages_are_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    record = logging.LogRecord("a", logging.INFO, "", 0, "\x1b[32mgreen\x1b[0m\x1b[2J", (), None)
    assert TextFormatter().format(record).endswith(": \\x1b[32mgreen\\x1b[0m\\x1b[2J")
    monkeypatch.setattr("sys.stderr", Terminal())
    assert TextFormatter().format(record).endswith(": \x1b[32mgreen\x1b[0m\\x1b[2J")


class Terminal(io.StringIO):
    """Standard error as a person sees it."""

    def isatty(self) -> bool:
        return True


def test_loggers_of_the_framework_escape_what_they_are_given() -> None:
    package = Path(functions_framework.__file__).parent
    named = re.compile(r"getLogger\([\"']functions_framework|getLogger\(__name__")
    files = [file.relative_to(package) for file in package.rglob("*.py")]
    assert not [file for file in files if named.search((package / file).read_text("utf-8"))]
