"""`functions-framework events ... | functions-framework invoke -`, in process and on a server."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from functions_framework.testing import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once

SOURCE = """
import functions_framework
from functions_framework import Drop, Retry

@functions_framework.cloud_event
{word}def on_event(event):
    said = (event.data or {{}}).get("message")
    if said == "drop":
        raise Drop("bad schema")
    if said == "again":
        raise Retry(after=60, reason="busy")
    return {{"type": "made", "id": "of-" + event["id"], "data": event.data}}
"""
KINDS = ["def", "async def"]
SAMPLE = ["--event", "cloudevent", "--batch", "2", "--message", "x"]


@pytest.fixture(scope="module", params=KINDS)
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("project")
    word = request.param.removesuffix("def")
    (path / "main.py").write_text(SOURCE.format(word=word), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[RunningServer]:
    with RunningServer(project) as running:
        yield running


@pytest.fixture(params=["in process", "on a server"])
def where(request: pytest.FixtureRequest) -> list[str]:
    if request.param == "in process":
        return []
    return ["--url", request.getfixturevalue("server").url]


def piped(project: Path, show: list[str], where: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "functions_framework"]
    made = subprocess.run([*command, "events", "show", *show], check=True, capture_output=True)
    return subprocess.run(
        [*command, "invoke", *where, "-"],
        cwd=project,
        input=made.stdout.decode(),
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("form", ["binary", "structured"])
def test_an_event_and_its_reply(project: Path, where: list[str], form: str) -> None:
    done = piped(project, ["cloudevent", "--message", "Hi", "--id", "7", "--format", form], where)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"message": "Hi"})
    assert "200 OK, application/json" in done.stderr
    assert "reply: made from /on_event, id of-7" in done.stderr


def test_a_batch_and_its_replies(project: Path, where: list[str]) -> None:
    done = piped(project, ["cloudevent", "--id", "7", "--batch", "3"], where)
    assert done.returncode == 0, done.stderr
    assert [event["id"] for event in json.loads(done.stdout)] == ["of-7-1", "of-7-2", "of-7-3"]
    assert done.stderr.count("reply: made from /on_event, id of-7-") == 3


def test_a_pipe_that_is_not_read_is_told(project: Path, server: RunningServer) -> None:
    command = [sys.executable, "-m", "functions_framework", "invoke", "--url", server.url]
    done = subprocess.run(
        command, cwd=project, input="{}", check=False, capture_output=True, text=True
    )
    assert "Nothing was read from the pipe: add '-' to send what is in it." in done.stderr


def test_a_batch_that_is_not_done(project: Path, where: list[str]) -> None:
    done = piped(project, ["cloudevent", "--id", "7", "--message", "again", "--batch", "2"], where)
    assert done.returncode == 1
    assert "not done: event 1 (7-2), retry" in done.stderr
    assert len(json.loads(done.stdout)["batchItemFailures"]) == 2


@pytest.mark.parametrize(
    ("said", "status", "record"),
    [
        ("drop", "200 OK", "The function dropped the event: bad schema"),
        ("again", "503 Service Unavailable", "The function wants the event again: busy"),
    ],
)
def test_verdicts(project: Path, where: list[str], said: str, status: str, record: str) -> None:
    done = piped(project, ["cloudevent", "--message", said], where)
    assert (done.returncode, status in done.stderr) == (int(said == "again"), True)
    assert (record in done.stderr) is (not where)


def test_the_sample_itself_may_be_a_batch(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "functions_framework", "invoke", *SAMPLE],
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, len(json.loads(done.stdout))) == (0, 2)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["invoke", "--batch", "2"], "--batch says how often a sample event is sent"),
        (["invoke", "--event", "pubsub", "--batch", "2", "--format", "push"], "A batch is JSON"),
        (["events", "show", "pubsub", "--batch", "2", "--format", "binary"], "A batch is JSON"),
        (["events", "show", "stripe", "--batch", "2"], "has no CloudEvent form"),
        (["events", "show", "pubsub", "--batch", "0"], "0 is not in the range"),
    ],
)
def test_bad_input_is_told(project: Path, arguments: list[str], text: str) -> None:
    command = [sys.executable, "-m", "functions_framework", *arguments]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert text in done.stderr
