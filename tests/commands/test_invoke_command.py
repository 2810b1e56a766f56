"""`functions-framework invoke` as a process: what it prints where, and its exit codes."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_framework.testing import RunningServer
from support.served_source import written
from support.server_process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

TLS = Path(__file__).parents[1] / "data" / "tls"

SOURCE = """
import logging, functions_framework
print("loading")

@functions_framework.http
def hello(request):
    logging.info("a record")
    print("printed")
    return {"a": request.args.get("a"), "x": request.headers.get("X-A"), "path": request.path,
            "method": request.method, "body": request.get_data(as_text=True),
            "type": request.content_type, "github": request.headers.get("X-GitHub-Event")}

@functions_framework.cloud_event
async def on_event(event):
    print(event["type"], event.data)

@functions_framework.event
def on_background(data, context):
    print(context.event_type)

@functions_framework.typed
async def double(n: int) -> int:
    return n * 2

@functions_framework.http
def crash(request):
    raise ZeroDivisionError("on purpose")

@functions_framework.http
def broken(request):
    def parts():
        yield "first"
        raise ValueError("in the stream")
    return parts()

@functions_framework.http
def teapot(request):
    return "short and stout", 418
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("invoked")
    (directory / "main.py").write_text(SOURCE)
    (directory / "body.json").write_text('{"from": "file"}')
    (directory / "broken.py").write_text("def hello(request):\n    return 1 +\n")
    return directory


def invoke(project: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "functions_framework", "invoke", *arguments],
        cwd=project, input=stdin, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_an_http_function(project: Path) -> None:
    parts = ("--query", "a=1", "--header", "X-A: b", "--path", "/p", "--data", '{"b": 2}')
    run = invoke(project, "hello", *parts)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == {
        "a": "1", "x": "b", "path": "/p", "method": "POST", "body": '{"b": 2}',
        "type": "application/json", "github": None,
    }  # fmt: skip
    for text in ("loading", "a record", "printed", "200 OK, application/json", " ms"):
        assert text in run.stderr


def test_a_body_from_a_file_and_from_standard_input(project: Path) -> None:
    run = invoke(project, "--target", "hello", "--file", "body.json", "--method", "put")
    answer = json.loads(run.stdout)
    assert (answer["body"], answer["method"]) == ('{"from": "file"}', "PUT")
    assert json.loads(invoke(project, "hello", "-", stdin="[1]").stdout)["body"] == "[1]"


def test_events_for_each_signature(project: Path) -> None:
    run = invoke(project, "on_event", "--event", "pubsub", "--message", "hi")
    assert (run.returncode, run.stdout) == (0, "OK")
    assert "google.cloud.pubsub.topic.v1.messagePublished" in run.stderr
    assert "'data': 'aGk='" in run.stderr
    run = invoke(project, "on_background", "--event", "storage", "--bucket=b")
    assert "google.storage.object.finalize" in run.stderr
    run = invoke(project, "hello", "--event", "github", "--owner", "me")
    assert json.loads(run.stdout)["github"] == "push"


@pytest.mark.parametrize(
    ("arguments", "code", "stdout", "stderr"),
    [
        (("double", "--data", "21"), 0, "42", "200 OK"),
        (("double", "--data", '"x"'), 0, None, "422 Unprocessable Content"),
        (("teapot",), 0, "short and stout", "418"),
        (("crash",), 1, None, "ZeroDivisionError: on purpose"),
        (("broken",), 1, "first", "broken off"),
        (("hello", "--source", "broken.py"), 1, "", "SyntaxError"),
    ],
)
def test_exit_codes(
    project: Path, arguments: tuple[str, ...], code: int, stdout: str | None, stderr: str
) -> None:
    run = invoke(project, *arguments)
    assert run.returncode == code, run.stderr
    assert stderr in run.stderr
    if stdout is not None:
        assert run.stdout == stdout


@pytest.fixture(scope="module")
def server(project: Path) -> Iterator[RunningServer]:
    with RunningServer(project, "hello") as running:
        yield running


@pytest.mark.parametrize(
    "command", [("invoke",), ("deploy-files", "heroku"), ("--openapi",), ("--port", "0")]
)
@pytest.mark.parametrize(
    ("source", "raised"),
    [
        ("def hello(request):\n    return 1 +\n", "SyntaxError: invalid syntax"),
        ("import broken\n", "SyntaxError: invalid syntax"),
        ("def fail():\n    raise ValueError('on purpose')\nfail()\n", "ValueError: on purpose"),
    ],
)
def test_a_source_that_fails_is_shown_without_what_loads_it(
    tmp_path: Path, command: tuple[str, ...], source: str, raised: str
) -> None:
    (tmp_path / "main.py").write_text(source)
    (tmp_path / "broken.py").write_text("def hello(request):\n    return 1 +\n")
    run = subprocess.run(
        [sys.executable, "-m", "functions_framework", *command],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (1, "")
    assert raised in run.stderr
    files = re.findall('File "(.+)", line', run.stderr)
    assert files
    assert all(Path(file).parent == tmp_path.resolve() for file in files), run.stderr


def test_a_running_server(project: Path, server: RunningServer) -> None:
    run = invoke(project, "--url", f"{server.url}/api", "--path", "/p", "--query", "a=1")
    assert (run.returncode, json.loads(run.stdout)["path"]) == (0, "/api/p")
    assert "loading" not in run.stderr


def test_a_stream_of_a_server_that_breaks_off(project: Path) -> None:
    with RunningServer(project, "broken") as running:
        result = running.get("/")
        run = invoke(project, "--url", running.url)
    assert (result.status, result.body, result.is_whole) == (200, b"first", False)
    assert (run.returncode, run.stdout) == (1, "first")
    assert run.stderr.splitlines()[0].endswith("broken off")


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 9\r\n\r\nfirst",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n9\r\n",
    ],
)
def test_a_response_that_another_server_breaks_off(project: Path, answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def once() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\n" + answer)

        thread = threading.Thread(target=once)
        thread.start()
        run = invoke(project, "--url", f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert (run.returncode, run.stdout) == (1, "first")


@pytest.mark.parametrize(
    ("path", "asked", "got"),
    [
        ("", [], "/"),
        ("/", [], "/"),
        ("/api", [], "/api"),
        ("/api/", [], "/api/"),
        ("/api", ["--path", "/p"], "/api/p"),
        ("/api?a=2", [], "/api"),
    ],
)
def test_the_path_of_a_url_is_asked_for_as_it_stands(
    project: Path, server: RunningServer, path: str, asked: list[str], got: str
) -> None:
    answer = json.loads(invoke(project, "--url", f"{server.url}{path}", *asked).stdout)
    assert (answer["path"], answer["a"]) == (got, "2" if "?" in path else None)


def test_a_path_chooses_among_several_functions(project: Path) -> None:
    assert json.loads(invoke(project, "--path", "/hello/x").stdout)["path"] == "/hello/x"
    assert invoke(project, "--path", "/double", "--data", "4").stdout == "8"


def test_a_server_of_several_functions_is_told_by_its_404(project: Path) -> None:
    with RunningServer(project, "hello,teapot") as running:
        run = invoke(project, "hello", "--url", running.url)
    assert run.returncode == 0
    hint = "A server of several functions has them at /<name>: --path /hello"
    assert run.stderr.splitlines()[-1] == hint


@pytest.mark.parametrize(
    ("is_secure", "scheme", "said"),
    [
        (
            True,
            "http",
            "what came is not HTTP. The server there speaks TLS: write https:// instead.",
        ),
        (True, "https", "Name a file of certificates to trust with the variable SSL_CERT_FILE."),
        (False, "https", "The server there does not speak TLS: write http:// instead."),
    ],
)
def test_a_url_with_the_wrong_scheme_is_told_the_right_one(
    tmp_path: Path, is_secure: bool, scheme: str, said: str
) -> None:
    source = written(tmp_path, "def hello(request): return 'hello'\n")
    flags = ["--certfile", str(TLS / "chain.pem"), "--keyfile", str(TLS / "key.pem")]
    with ServerProcess.start(source, "hello", *(flags if is_secure else [])) as server:
        run = invoke(tmp_path, "--url", f"{scheme}://127.0.0.1:{server.ready().port}")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.endswith(f"{said}\n")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("hello", "--data", '{"a" 1}'), "Expecting ':' delimiter at line 1, column 6."),
        (("on_event", "--event", "pubsub", "--mesage", "x"), "'pubsub'. Did you mean --message?"),
        (("on_event", "--event", "stripe"), "'stripe' is a webhook for http functions."),
        (("on_event",), "'on_event' takes CloudEvents. Give --event NAME"),
        (("nope",), "a function named 'nope'"),
        (("hello", "--url", "http://127.0.0.1:1"), "http://127.0.0.1:1: Connection refused"),
    ],
)  # fmt: skip
def test_bad_input_is_one_line_and_exit_code_2(
    project: Path, arguments: tuple[str, ...], text: str
) -> None:
    run = invoke(project, *arguments)
    assert (run.returncode, run.stdout) == (2, "")
    errors = [line for line in run.stderr.splitlines() if line != "loading"]
    assert len(errors) == 1
    assert text in errors[0]
