"""`functions-framework replay` as a process, of what a real server recorded."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from functions_framework.testing import RunningServer
from support.nested_pytest import PYTEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once

SOURCE = """
import time, functions_framework
print("loading")
calls = []

@functions_framework.http
def hello(request):
    if request.path.endswith("/text"):
        return "one\\ntwo\\n", 201
    if request.path.endswith("/empty"):
        return "", 204
    if request.path.endswith("/crash"):
        raise ValueError("on purpose")
    if request.path.endswith("/binary"):
        return request.get_data()
    return {"message": f"Hello {request.args.get('name', 'world')}!", "now": time.time_ns(),
            "token": str(time.time_ns()), "sent": request.get_json(silent=True)}

@functions_framework.cloud_event
async def on_event(event):
    if event.data["n"] > 1:
        raise ValueError(event.data)

@functions_framework.typed
def double(n: int) -> int:
    return n * 2
"""
EVENT = {"ce-id": "1", "ce-source": "/s", "ce-type": "t", "ce-specversion": "1.0"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with recordings of three functions."""
    directory = tmp_path_factory.mktemp("replayed")
    (directory / "main.py").write_text(SOURCE)
    flags = ("--record", str(directory / "kept"))
    with RunningServer(directory, "hello,on_event,double", arguments=flags) as server:
        server.post("/hello", json={"é": [1, {"password": "x"}]}, query={"name": "Ada"})
        for path in ("/hello/text", "/hello/empty", "/hello/crash"):
            server.get(path)
        server.post("/on_event", json={"n": 1}, headers=EVENT)
        server.post("/on_event", json={"n": 2}, headers=EVENT)
        server.post("/double", json=21)
        server.post("/double", json="x")
    return directory


def replay(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "functions_framework", "replay", *arguments],
        cwd=project, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_nothing_changed(project: Path) -> None:
    run = replay(project, "kept", "--ignore", "now")
    assert run.returncode == 0, run.stdout + run.stderr
    lines = run.stdout.splitlines()
    assert lines[0].startswith("same    POST /hello?name=Ada  (2")
    assert lines[-2] == "8 as recorded"
    assert "not compared: request.body.password, response.body.password, " in lines[-1]
    assert "loading" in run.stderr


def test_what_changed_is_shown(project: Path, tmp_path: Path) -> None:
    changed = SOURCE.replace("Hello", "Hi").replace("two", "2").replace("* 2", "* 3")
    (tmp_path / "main.py").write_text(changed)
    run = replay(project, "kept", "--source", str(tmp_path), "--ignore", "now")
    assert run.returncode == 1, run.stderr
    assert '  body.message: "Hello Ada!" -> "Hi Ada!"\n' in run.stdout
    assert "  body:\n    @@ -1,2 +1,2 @@\n     one\n    -two\n    +2\n" in run.stdout
    assert "  body: 42 -> 63\n" in run.stdout
    assert "5 as recorded, 3 changed\n" in run.stdout


def test_terminal_obeys_nothing_of_a_recording(project: Path, tmp_path: Path) -> None:
    (kept,) = (file for file in (project / "kept").iterdir() if b"/hello/text" in file.read_bytes())
    recording = json.loads(kept.read_bytes())
    recording["request"]["query"] = "\x1b[2J\r\n1 as recorded"
    recording["response"]["body"]["text"] = "two\n\x1b]0;title\x07\x85\n"
    recording["response"]["headers"].append(["x-a", "\x1b[31m"])
    (tmp_path / kept.name).write_text(json.dumps(recording))
    run = replay(project, str(tmp_path))
    out = run.stdout
    assert run.returncode == 1, run.stderr
    assert "\\x1b[2J\\r\\n1 as recorded" in out
    assert not set("\x1b\r\x07\x85") & set(out)


def test_one_file_and_a_header(project: Path) -> None:
    first = min((project / "kept").iterdir())
    run = replay(project, str(first), "--header", "Content-Type: text/plain")
    assert run.returncode == 1
    assert [line.split(":")[0] for line in run.stdout.splitlines()[1:3]] == [
        "  body.now",
        "  body.sent",
    ]


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[RunningServer]:
    with RunningServer(project, "hello,on_event,double") as running:
        yield running


def test_against_a_server(project: Path, server: RunningServer) -> None:
    run = replay(project, "kept", "--url", server.url, "--ignore", "now")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "loading" not in run.stderr
    other = replay(project, "kept", "--url", f"{server.url}/double")
    assert (other.returncode, "status: 204 -> " in other.stdout) == (1, True)


def test_written_tests_pass(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "test_recorded.py"
    run = replay(project, "kept", "--ignore", "now", "--to-pytest", str(file))
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == f"Wrote {file}: 8 tests."
    assert "def test_get_hello_text_201(client)" in file.read_text()
    tests = pytest_run(tmp_path)
    assert tests.returncode == 0, tests.stdout
    assert "8 passed" in tests.stdout
    main = project / "main.py"
    (tmp_path / "main.py").write_text(main.read_text().replace("* 2", "* 3"))
    file.write_text(file.read_text().replace(_source_in(file), "'main.py'"))
    tests = pytest_run(tmp_path)
    assert "1 failed, 7 passed" in tests.stdout


def _source_in(file: Path) -> str:
    (line,) = (line for line in file.read_text().splitlines() if line.startswith("SOURCE"))
    return line.rpartition(" / ")[2]


def pytest_run(directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PYTEST, "-q", "-W", "error", "."],
        cwd=directory, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_cannot_be_replayed_is_skipped(project: Path, tmp_path: Path) -> None:
    files = sorted((project / "kept").iterdir())
    for number, file in enumerate(files[1:3]):
        found = json.loads(file.read_bytes())
        if number:
            found["request"]["body"]["is_truncated"] = True
        (tmp_path / file.name).write_text(json.dumps(found))
    run = replay(project, str(tmp_path))
    assert run.returncode == 0
    assert "skipped, the request's body of 0 bytes was not recorded to its end: GET" in run.stdout
    assert "1 as recorded, 1 skipped\n" in run.stdout
    alone = replay(project, str(tmp_path / files[2].name))
    assert (alone.returncode, alone.stdout) == (2, "")
    assert "can be replayed: the request's body of" in alone.stderr


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("nowhere",), "nowhere cannot be read: No such file or directory."),
        (("empty",), "There are no recordings in empty: no file ends with .recorded.json."),
        (("main.py",), "main.py is not JSON: Expecting value at line 2, column 1."),
        (("other.json",), "isn't a recording of --record: Object missing required field `rec"),
        (("kept", "--target", "nope"), "a function named 'nope'"),
        (("kept", "--url", "http://127.0.0.1:1"), "http://127.0.0.1:1: Connection refused"),
        (("kept", "--header", "x"), "--header takes NAME:VALUE"),
        (("kept", "--to-pytest", "main.py"), "--to-pytest takes a file like test_recorded.py"),
        (("kept", "--to-pytest", "no/test_a.py"), "no/test_a.py cannot be written: its directory"),
        (("kept", "--to-pytest", "test_old.py"), "test_old.py exists. Delete it"),
        (("kept", "--to-pytest", "test_a.py", "--url", "http://a"), "leave out --url."),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(
    project: Path, arguments: tuple[str, ...], text: str
) -> None:
    (project / "empty").mkdir(exist_ok=True)
    (project / "other.json").write_text("{}")
    (project / "test_old.py").write_text("")
    run = replay(project, *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    (error,) = (line for line in run.stderr.splitlines() if line != "loading")
    assert error.startswith("Error: ")
    assert text in error
    assert not (project / "test_a.py").exists()
