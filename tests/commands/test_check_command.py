"""`functions-framework check`: what it finds, and the exit codes that CI reads."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.commands import blocking_calls
from functions_framework.commands.check_source import check
from functions_framework.commands.faults import BadInput
from functions_framework.loading import needed_variables
from functions_framework.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import SourceTree

pytestmark = pytest.mark.once


def blocking(body: str, top: str = "") -> list[str]:
    code = f"{top}\nasync def f(request):\n    {body}\n"
    return [one.message.partition("(")[0] for one in blocking_calls.blocking_calls(ast.parse(code))]


@pytest.mark.parametrize(
    ("top", "body", "found"),
    [
        ("import time", "time.sleep(1)", ["time.sleep"]),
        ("import time as t", "t.sleep(1)", ["time.sleep"]),
        ("from time import sleep as nap", "nap(1)", ["time.sleep"]),
        ("import requests", "requests.get(u)", ["requests.get"]),
        ("import urllib.request", "urllib.request.urlopen(u)", ["urllib.request.urlopen"]),
        ("import subprocess", "subprocess.run(a)", ["subprocess.run"]),
        ("", "with open(p) as f: pass", ["open"]),
        ("from pathlib import Path", "return Path(p).read_text()", ["Path.read_text"]),
        ("import time", "return [time.sleep(1) for _ in x]", ["time.sleep"]),
        ("import asyncio, time", "await asyncio.to_thread(time.sleep, 1)", []),
        ("import asyncio", "await asyncio.sleep(1)", []),
        ("import aiofiles", "await aiofiles.open(p)", []),
        ("from aio import open", "await open(p)", []),
        ("import time", "g = lambda: time.sleep(1)", []),
        ("import time\ndef g(): time.sleep(1)", "pass", []),
        ("", "item.read_text()", []),
    ],
)
def test_blocking_calls(top: str, body: str, found: list[str]) -> None:
    assert blocking(body, top) == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import os\nA = os.environ['A']", [("A", 2, True)]),
        ("from os import environ as e\nA = e['A']", [("A", 2, True)]),
        ("import os\ndef f():\n  os.environ['A']", [("A", 3, False)]),
        ("import os\nclass C:\n  a = os.environ['A']", [("A", 3, True)]),
        ("import os\ndef f(): os.environ['A']\nos.environ['A']", [("A", 3, True)]),
        ("import os\nos.environ['A'] = '1'\nos.environ['A']", []),
        ("import os\nos.environ.get('A'), os.getenv('A'), os.environ[a]", []),
        ("import os\ntry: os.environ['A']\nexcept KeyError: pass", []),
        ("import os\ntry: os.environ['A']\nexcept (ValueError, LookupError): pass", []),
        ("import os\ntry: 1\nexcept ValueError: os.environ['B']", [("B", 3, True)]),
        ("environ = {}\nenviron['A']", []),
    ],
)  # fmt: skip
def test_variables_that_must_be_set(code: str, found: list[Any]) -> None:
    assert [tuple(one) for one in needed_variables.needed_variables(ast.parse(code))] == found


def findings(sources: SourceTree, code: str, **settings: Any) -> list[tuple[str, str, int | None]]:
    sources.put("main.py", code)
    # A busy machine may take a second for any module.
    report = check(Settings(source=str(sources.root), **settings), slow_seconds=60)
    return [(one.level, one.code, one.line) for one in report.findings]


EVENT, CLOUDEVENT, TYPED = ({"signature_type": one} for one in ("event", "cloudevent", "typed"))
UNFIT = [("error", "signature", 1)]
UNTYPED = [("error", "function", None)]
LATER = [("warning", "missing-variable", 3)]


@pytest.mark.parametrize(
    ("code", "settings", "found"),
    [
        ("def function(request):\n    pass\n", {}, []),
        ("def function():\n    pass\n", {}, UNFIT),
        ("def function(data, context):\n    pass\n", EVENT, []),
        ("def function(event):\n    pass\n", EVENT, UNFIT),
        ("def function(event, data=1):\n    pass\n", CLOUDEVENT, []),
        ("def function(value):\n    pass\n", TYPED, UNTYPED),
        ("def function(value: object()):\n    pass\n", TYPED, UNTYPED),
        ("def function(request)\n", {}, [("error", "syntax", 1)]),
        ("import no_such_module\n", {}, [("error", "load", 1)]),
        ("def g():\n    1 / 0\ng()\n", {}, [("error", "load", 2)]),
        ("raise SystemExit(3)\n", {}, [("error", "load", 1)]),
        ("import os\nos.environ['NOT_SET_1']\n", {}, [("error", "missing-variable", 2)]),
        ("import os\ndef function(r):\n    os.environ['NOT_SET_1']\n", {}, LATER),
    ],
)  # fmt: skip
def test_findings(
    sources: SourceTree, code: str, settings: dict[str, Any], found: list[Any]
) -> None:
    assert findings(sources, code, **settings) == found


def test_all_missing_variables_are_listed_together(sources: SourceTree) -> None:
    code = "import os\nA, B = os.environ['NOT_SET_1'], os.environ['NOT_SET_2']\n"
    assert len(findings(sources, code)) == 2


def test_slow_imports_are_named(sources: SourceTree) -> None:
    sources.put("slow.py", "import time\ntime.sleep(0.15)\n")
    sources.put("main.py", "import slow\nimport json\ndef function(request):\n    pass\n")
    report = check(Settings(source=str(sources.root)), slow_seconds=0.1)
    assert [one.code for one in report.findings] == ["slow-import"]
    assert "slow 0." in report.findings[0].message
    assert (report.imports[0].module, report.imports[0].line) == ("slow", 1)


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone tells")
def test_what_a_busy_machine_takes_is_not_the_sources(sources: SourceTree) -> None:
    burns = f"import time\nwhile time.thread_time() < {time.thread_time() + 0.4}:\n    pass\n"
    sources.put("main.py", f"{burns}def function(request):\n    pass\n")
    here = os.sched_getaffinity(0)
    core = {min(here)}
    turns = f"import os\nos.sched_setaffinity(0, {core})\nprint(flush=True)\nwhile True:\n    pass"
    with ExitStack() as stack:
        for _ in range(3):
            other = subprocess.Popen([sys.executable, "-c", turns], stdout=subprocess.PIPE)
            stack.callback(other.wait)
            stack.callback(other.kill)
            assert other.stdout is not None
            stack.enter_context(other.stdout).readline()
        stack.callback(os.sched_setaffinity, 0, here)
        os.sched_setaffinity(0, core)
        began = time.monotonic()
        report = check(Settings(source=str(sources.root)), slow_seconds=0.9)
        assert time.monotonic() - began > 0.9
    assert report.findings == []


def test_whole_applications_have_no_parameters_to_check(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import flask\napp = flask.Flask(__name__)\n")
    checked = run(tmp_path, "app", "--strict")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.startswith("app (WSGI application): nothing wrong, loaded in ")


def test_every_function_of_a_source_is_checked(sources: SourceTree) -> None:
    code = """
        import functions_framework
        @functions_framework.http
        def fine(request): ...
        @functions_framework.event
        def unfit(event): ...
    """
    assert findings(sources, dedent(code)) == [("error", "signature", 5)]


def test_a_missing_function_is_a_fault_of_the_arguments(sources: SourceTree) -> None:
    sources.put("main.py", "def one(request):\n    pass\n")
    for settings in (Settings(source=str(sources.root), target="two"), Settings(source="/none.py")):
        with pytest.raises(BadInput):
            check(settings)


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "functions_framework", "check", *arguments],
        cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(("raised", "said"), [("", ""), ("('why')", ": why")])
def test_what_a_load_raises_is_told(sources: SourceTree, raised: str, said: str) -> None:
    sources.put("main.py", f"raise SystemExit{raised}")
    (found,) = check(Settings(source=str(sources.root)), slow_seconds=60).findings
    assert found.message == f"Loading raised SystemExit{said}"


def test_the_real_command(tmp_path: Path) -> None:
    code = """
        import time
        print("loading")
        async def hello(request):
            time.sleep(1)
        def wrong():
            pass
    """
    (tmp_path / "main.py").write_text(dedent(code))
    warned = run(tmp_path, "hello")
    assert warned.returncode == 0, warned.stderr
    assert warned.stdout.startswith(
        "main.py:5: warning: time.sleep() in the async function 'hello'"
    )
    assert "hello (http, async): 1 warning, loaded in " in warned.stdout
    assert run(tmp_path, "hello", "--strict").returncode == 1
    failed = run(tmp_path, "wrong", "--json", "--slow", "60")
    document = json.loads(failed.stdout)
    assert failed.returncode == 1
    assert document["functions"] == [
        {
            "name": "wrong",
            "signature": "http",
            "is_async": False,
            "protocol": None,
            "event_types": [],
        }
    ]
    assert {one["code"] for one in document["findings"]} == {"blocking-call", "signature"}
    missing = run(tmp_path, "nope")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.splitlines()[-1].startswith("Error: File")


NOTED = """
import functions_framework
from cloudevents.http import CloudEvent
from dataclasses import dataclass

@dataclass
class Order:
    id: int = 0

@functions_framework.cloud_event
def wrong(order: Order): pass

@functions_framework.cloud_event
def right(event: CloudEvent, order: Order): pass

@functions_framework.cloud_event
def untyped(event): pass
"""


def test_a_type_of_data_that_names_the_event_is_told(sources: SourceTree) -> None:
    assert findings(sources, NOTED) == [("warning", "event-data", 10)]


DECODED = """
import functions_framework
from functions_framework import FirestoreChange, PubSubMessage

@functions_framework.cloud_event
def on_change(change: FirestoreChange): pass

@functions_framework.cloud_event(type={type!r})
def on_message(message: PubSubMessage): pass
"""


def test_decoded_events_are_checked(sources: SourceTree, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = DECODED.format(type="com.example.order")
    assert findings(sources, wrong) == [("error", "function", None)]
    right = DECODED.format(type="google.cloud.pubsub.topic.v1.messagePublished")
    sources.put("main.py", right)
    monkeypatch.setitem(sys.modules, "google.events", None)
    report = check(Settings(source=str(sources.root)), slow_seconds=60)
    assert [(one.level, one.code, one.line) for one in report.findings] == [
        ("warning", "protobuf", 5)
    ]
    assert "functions-framework[google-events]" in report.findings[0].message
    from functions_framework.commands.check import _lines

    assert (
        "on_change (cloudevent, sync, google.cloud.firestore.document.v1.*), on_message "
        "(cloudevent, sync, google.cloud.pubsub.topic.v1.messagePublished): 1 warning"
    ) in _lines(report)


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
def test_a_source_that_hangs_is_ended_and_the_place_told(tmp_path: Path, flags: list[str]) -> None:
    text = "import time\ndef wait():\n    time.sleep(60)\nwait()\n"
    (tmp_path / "main.py").write_text(text)
    command = [sys.executable, "-m", "functions_framework", "check", "--limit", "0.5", *flags]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    message = "Loading did not end within 0.5 s: it is in wait() in main.py:3."
    if flags:
        (finding,) = json.loads(answer.stdout)["findings"]
        assert finding == {"level": "error", "code": "hanging", "message": message, "line": 3}
    else:
        assert answer.stdout == f"main.py:3: error: {message}\nmain.py: 1 error\n"


def test_a_package_that_is_imported_in_several_lines_is_named_once(sources: SourceTree) -> None:
    sources.put("slow/__init__.py", "import time\ntime.sleep(0.12)\n")
    sources.put("slow/a.py", "import time\ntime.sleep(0.12)\n")
    sources.put("main.py", "import slow\nimport slow.a\ndef function(request):\n    pass\n")
    report = check(Settings(source=str(sources.root)), slow_seconds=0.1)
    (finding,) = report.findings
    assert finding.message.count("slow ") == 1


def test_a_wrapper_that_adds_an_argument_is_left_alone(sources: SourceTree) -> None:
    code = """
        import functools
        def inject(function):
            @functools.wraps(function)
            def wrapper(request):
                return function(request, "db")
            return wrapper
        @inject
        def function(request, db):
            pass
    """
    assert findings(sources, dedent(code)) == []
