"""Bad input at every command: one clear line, exit code 2, nothing written. Real processes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

SOURCE = """
import functions_framework

@functions_framework.http
def hello(request):
    return "hello"

@functions_framework.cloud_event
def on_event(event): ...

@functions_framework.event
def on_background(data, context): ...

@functions_framework.typed
def double(number: int) -> int:
    return number * 2
"""
BAD_JSON = '{"a": 1,\n "b" 2}'
COLON = "Expecting ':' delimiter at line 2, column 6."
NOWHERE = "http://127.0.0.1:1"
REFUSED = f"No response from {NOWHERE}: Connection refused. Is the server running there?"
NO_SAMPLE = "There is no sample 'pubsup'. Did you mean 'pubsub'?"
SEVERAL = "several functions: 'hello', 'on_event', 'on_background', 'double'. Name the one"
CASES = [
    # Unknown samples, forms and fields.
    ("events show pubsup", NO_SAMPLE),
    ("invoke hello --event pubsup", NO_SAMPLE),
    ("events show stripe --format binary", "has no CloudEvent form. It has: push."),
    ("invoke on_event --event kafka --format background", "has no background form"),
    ("events show pubsub --bucket b", "No such option '--bucket'."),
    ("invoke on_event --event pubsub --bucket b", "nor has the sample 'pubsub'"),
    ("invoke on_event --message b", "is a field of sample events: give --event NAME"),
    ("events show pubsub --time yesterday", "takes a time like 2026-01-01T00:00:00Z, found"),
    ("invoke on_event --event pubsub --time 2026-13-01T00:00:00Z", "takes a time like"),
    ("events", "Missing command."),
    ("events show", "Missing command."),
    ("events lst", "No such command 'lst'. Did you mean 'list'?"),
    # JSON that is none.
    (("events", "show", "pubsub", "--data", BAD_JSON), f"--data is not JSON: {COLON}"),
    (("events", "show", "pubsub", "--attributes", BAD_JSON), f"--attributes is not JSON: {COLON}"),
    (("invoke", "hello", "--data", BAD_JSON), f"--data is not JSON: {COLON}"),
    (("invoke", "hello", "--url", NOWHERE, "--data", BAD_JSON), f"--data is not JSON: {COLON}"),
    ("invoke hello --data @bad.json", "'@bad.json'. A file is sent by --file bad.json."),
    ("invoke hello --file bad.json", f"bad.json is not JSON: {COLON}"),
    ("invoke hello -", f"standard input is not JSON: {COLON}"),
    ("invoke on_event --event pubsub --file bad.json", f"bad.json is not JSON: {COLON}"),
    ("replay bad.json", f"bad.json is not JSON: {COLON}"),
    # URLs without a server.
    (f"invoke --url {NOWHERE}", REFUSED),
    (f"replay one.recorded.json --url {NOWHERE}", REFUSED),
    ("invoke --url localhost:8080", "'localhost:8080' isn't a URL of a server."),
    (("invoke", "--url", ""), "'' isn't a URL of a server."),
    ("replay one.recorded.json --url nowhere", "'nowhere' isn't a URL of a server."),
    ("events show pubsub --format curl --url nowhere", "'nowhere' isn't a URL of a server."),
    # Functions that take something else.
    ("invoke on_event", "'on_event' takes CloudEvents. Give --event NAME"),
    ("invoke on_event", "To read one from a pipe, add '-'."),
    ("invoke on_event --data 1", "takes CloudEvents, and --data holds none."),
    ("invoke on_background --event stripe", "'stripe' is a webhook for http functions."),
    ("invoke double --event pubsub", "which takes a value and no event."),
    ("invoke double", "takes a value: give --data JSON."),
    ("invoke", SEVERAL),
    ("invoke --event storage", SEVERAL),
    # Functions, files and variables that are not there.
    ("invoke helo", "a function named 'helo'"),
    ("check helo", "a function named 'helo'"),
    ("replay one.recorded.json --target helo", "a function named 'helo'"),
    ("invoke --source none.py", "none.py that is expected to define function doesn't exist"),
    ("check --source none.py", "none.py that is expected to define function doesn't exist"),
    ("replay nowhere", "nowhere cannot be read: No such file or directory."),
    ("invoke hello --file nowhere", "nowhere cannot be read: No such file or directory."),
    ("invoke hello --env-file bad.json", "bad.json:1: expected NAME=value"),
    ("check --env-file bad.json", "bad.json:1: expected NAME=value"),
    ("replay one.recorded.json --env-file bad.json", "bad.json:1: expected NAME=value"),
    ("--env-file bad.json", "bad.json:1: expected NAME=value"),
    # What no request holds.
    ("invoke hello --query a", "--query takes NAME=VALUE"),
    (("invoke", "hello", "--header", "A B: c"), "found 'A B'."),
    (("invoke", "hello", "--header", "A: b\nC: d"), "a value is one line of Latin-1"),
    (("replay", "one.recorded.json", "--header", "A: \u4e16"), "a value is one line of Latin-1"),
    # Names and options.
    ("new", "Missing argument 'NAME'."),
    ("new ../up", "'../up' isn't a valid project name"),
    ("new kept --kind https", "'https' is not one of 'http', 'cloudevent', 'typed', 'async'."),
    ("new main.py", "main.py exists and isn't a directory."),
    ("check --slow soon", "'soon' is not a valid number of seconds."),
    ("invoke --event pubsub --batch two", "'two' is not a valid whole number."),
    ("invoke hello -d 1", "invoke has no option -d. Did you mean --data?"),
    ("replay one.recorded.json --to-pytest tests.py", "takes a file like test_recorded.py"),
    ("chek", "Did you mean 'check'?"),
    ("--tarket hello", "No such option '--tarket'."),
]
RECORDING = """{"recording": 1, "time": "2026-01-01T00:00:00Z", "duration_ms": 1.0,
"target": "hello", "signature": "http", "function": "hello",
"request": {"method": "GET", "path": "/", "query": "", "headers": [], "body": {"size": 0}},
"response": {"status": 200, "headers": [["content-type", "text/html; charset=utf-8"]],
"body": {"size": 5, "text": "hello"}}}"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("project")
    (directory / "main.py").write_text(SOURCE)
    (directory / "bad.json").write_text(BAD_JSON)
    (directory / "one.recorded.json").write_text(RECORDING)
    return directory


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", "-m", "functions_framework", *arguments],
        cwd=project, input=BAD_JSON, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip


def files(project: Path) -> dict[str, bytes]:
    found = (path for path in project.parent.rglob("*") if path.is_file())
    return {str(path.relative_to(project.parent)): path.read_bytes() for path in found}


@pytest.mark.parametrize(("given", "text"), CASES, ids=lambda case: str(case)[:60])
def test_one_clear_line_and_exit_code_2(
    project: Path, given: str | tuple[str, ...], text: str
) -> None:
    before = files(project)
    result = run(project, *(given.split() if isinstance(given, str) else given))
    assert (result.returncode, result.stdout) == (2, ""), result.stderr
    error, *hints = result.stderr.splitlines()
    assert error.startswith("Error: ")
    assert text in error
    # A fault in the options themselves says where these are described.
    assert hints in ([], [hint for hint in hints if hint.startswith("Try 'python -m ")][:1])
    assert files(project) == before


def test_the_recording_of_these_cases_can_be_replayed(project: Path) -> None:
    assert run(project, "replay", "one.recorded.json").stdout.endswith("1 as recorded\n")
