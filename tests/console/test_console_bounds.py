"""Who may see the console, and how much it keeps."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from docs.pages import ROOT
from functions_framework.console.calls import MOST, Calls
from functions_framework.console.replies import check
from functions_framework.hosts.web import page
from functions_framework.hosts.wsgi.environ import ON_UNIX_SOCKET
from functions_framework.hosts.wsgi.layer_driver import EnvironHead
from functions_framework.logs import call_lines
from functions_framework.model.execution import Execution, execution
from functions_framework.recording.directory import Directory
from functions_framework.recording.exchange import Exchange, Recorder
from functions_framework.recording.taps import Kept

if TYPE_CHECKING:
    from pathlib import Path

HERE = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/_ff",
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "localhost:8080",
}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, None),
        ({"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8080"}, None),
        ({"HTTP_SEC_FETCH_SITE": "same-origin"}, None),
        ({"HTTP_SEC_FETCH_SITE": "none"}, None),
        ({"HTTP_SEC_FETCH_SITE": "cross-site", "HTTP_SEC_FETCH_MODE": "navigate"}, None),
        ({"REMOTE_ADDR": "192.0.2.7"}, 403),
        ({"REMOTE_ADDR": ""}, 403),
        ({"REMOTE_ADDR": "", ON_UNIX_SOCKET: True}, None),
        ({"REMOTE_ADDR": "", ON_UNIX_SOCKET: True, "HTTP_X_REAL_IP": "192.0.2.7"}, 403),
        ({"REMOTE_ADDR": "", ON_UNIX_SOCKET: True, "HTTP_HOST": "evil.example"}, 403),
        ({"HTTP_HOST": "evil.example"}, 403),
        ({"HTTP_HOST": "localhost.evil.example:8080"}, 403),
        ({"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 403),
        ({"HTTP_FORWARDED": "for=127.0.0.1"}, 403),
        ({"HTTP_SEC_FETCH_SITE": "cross-site"}, 403),
        ({"HTTP_SEC_FETCH_SITE": "same-site"}, 403),
        (
            {
                "HTTP_SEC_FETCH_SITE": "cross-site",
                "HTTP_SEC_FETCH_MODE": "navigate",
                "REQUEST_METHOD": "POST",
            },
            403,
        ),
        ({"REQUEST_METHOD": "PUT"}, 405),
    ],
)
def test_who_sees_it(changed: dict[str, str], status: int | None) -> None:
    refused = check(EnvironHead({**HERE, **changed}))
    assert (refused and refused.status) == status


def exchange(directory: Path) -> Exchange:
    recorder = Recorder(Directory(str(directory)), "hello", "http")
    return Exchange(recorder, ("GET", "/", "", ()), Kept(8), Kept(8))


def test_the_last_200_calls_are_kept(tmp_path: Path) -> None:
    calls = Calls("w")
    for _ in range(MOST + 5):
        calls.begin(exchange(tmp_path))
    tick, found = calls.since(0)
    assert [call.id for call in found] == [f"w-{number}" for number in range(6, MOST + 6)]
    assert calls.find("w-5") is None
    assert calls.since(tick) == (tick, [])
    calls.clear()
    assert calls.since(0)[1] == []


def test_of_what_a_call_writes_so_much_is_kept() -> None:
    lines = call_lines.Lines()
    lines.write("stdout", "begun")
    lines.add("info", "shop", "x" * 10_000)
    for number in range(call_lines.MOST + 10):
        lines.write("stdout", f"{number}\n")
    assert len(lines.all()) == call_lines.MOST
    assert lines.dropped == 11
    assert len(lines.all()[0].text) == call_lines.LONGEST
    assert lines.all()[1].text == "begun0"


def test_records_are_kept_whatever_becomes_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    factory = logging.getLogRecordFactory()
    monkeypatch.setattr("sys.stdout", None)
    monkeypatch.setattr("sys.stderr", None)
    logger = logging.getLogger("apart")  # no handler, no root
    logger.addHandler(logging.NullHandler())
    call_lines.install()
    try:
        running = Execution()
        token = execution.set(running)
        logger.makeRecord("apart", logging.WARNING, "f.py", 1, "%d wrong", ("argument",), None)
        try:
            int("on purpose")
        except ValueError:
            logger.exception("failed")
        execution.reset(token)
        logger.warning("outside")
    finally:
        logging.setLogRecordFactory(factory)
    first, second = running.lines.all()
    assert (first.level, first.text) == ("warning", "%d wrong")
    assert second.text.startswith("failed\nTraceback")
    assert second.text.endswith("'on purpose'")


def test_the_pages_are_small() -> None:
    package = ROOT / "src" / "functions_framework"
    files = [
        file
        for folder in ("console", "hosts/web")
        for file in (package / folder).iterdir()
        if file.suffix in {".css", ".html", ".js"}
    ]
    assert len(files) >= 5
    assert sum(file.stat().st_size for file in files) < 61 * 1024


def test_data_cannot_leave_its_place_on_a_page() -> None:
    parts = page.Parts("<i>", "", [], [], {"text": "</script><script>x</script>"})
    html = page.page_of(parts)
    assert html.count("</script>") == 2
    assert "<title>&lt;i&gt;</title>" in html
