"""`functions_framework.serve` in a program of the user's own: the same server as the command."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

import functions_framework
from functions_framework.exceptions import InvalidConfigurationException
from support.served_source import EVENT, refused, written
from support.server_process import ServerProcess

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
import os
import sys
import functions_framework

def say(*words):
    print(*words, file=sys.stderr, flush=True)

@functions_framework.on_startup
def up():
    say("up in the server", os.getpid() != PARENT)

@functions_framework.on_shutdown
async def down():
    say("down")

@functions_framework.middleware
def around(invocation, call_next):
    say("around", invocation.function.name)
    return call_next(invocation)

def hello(request):
    return os.environ["FUNCTION_TARGET"] + " " + os.environ["FUNCTION_SIGNATURE_TYPE"]

@functions_framework.http
async def waiting(request):
    return "waited"

@functions_framework.cloud_event
def on_event(event):
    say("got", event["id"])

PARENT = os.getpid()

if __name__ == "__main__":
    {call}
    say("served")
"""


def _program(directory: Path, call: str, **variables: str) -> ServerProcess:
    source = written(directory, SOURCE.replace("{call}", call))
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return ServerProcess(
        subprocess.Popen(
            [sys.executable, str(source)],
            env={**kept, **variables},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            cwd=directory,
        )
    )


def _client(server: ServerProcess) -> httpx.Client:
    server.ready()
    return httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False)


def test_one_function_owns_every_path_and_a_signal_ends_it_in_order(tmp_path: Path) -> None:
    call = "functions_framework.serve(hello, port=0, host='127.0.0.1', grace_period=3)"
    with _program(tmp_path, call) as server, _client(server) as client:
        assert client.get("/any").text == "hello http"
        assert "Serving hello (http, sync) on http://127.0.0.1:" in server.log
        assert "grace period 3 s" in server.log
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
        assert server.log.count("up in the server True") == 1
        assert server.log.index("around hello") < server.log.index("down")
        assert server.log.index("down") < server.log.index("served")


@pytest.mark.parametrize("given", ["hello, waiting, on_event", "[hello, waiting, on_event]"])
def test_several_functions_and_the_variables_of_the_command(given: str, tmp_path: Path) -> None:
    call = f"functions_framework.serve({given})"
    with _program(tmp_path, call, PORT="0", HOST="127.0.0.1", WORKERS="2") as server:
        with _client(server) as client:
            assert client.get("/hello").text == "hello,waiting,on_event http"
            assert client.get("/waiting").text == "waited"
            assert client.post("/on_event", headers=EVENT).status_code == 200
            assert client.get("/").status_code == 404
        server.wait_for("up in the server True", times=2)
        server.signal(signal.SIGINT)
        assert server.exit_code() == 0


def test_debug_shows_the_list_and_restarts_nothing(tmp_path: Path) -> None:
    call = "functions_framework.serve(hello, on_event, port=0, host='127.0.0.1', debug=True)"
    with _program(tmp_path, call) as server, _client(server) as client:
        assert "on_event (cloudevent)" in client.get("/", headers={"accept": "text/html"}).text
        workers = server.children()
        (tmp_path / "main.py").touch()
        assert client.get("/hello").status_code == 200
        assert server.children() == workers


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("functions_framework.serve(hello, prot=1)", "no setting 'prot'. Did you mean port?"),
        ("functions_framework.serve(hello, target='x')", "no setting 'target'"),
        ("functions_framework.serve(hello, workers=0)", "workers=0: expected a whole number"),
        ("functions_framework.serve(hello, debug='maybe')", "debug='maybe': expected one of"),
        (
            "functions_framework.serve(hello, cors={1: 2})",
            "cors={1: 2}: expected a text or a number",
        ),
        ("functions_framework.serve(hello, cors=['*', 'x'])", "found 'x'."),
        ("functions_framework.serve()", "expects functions, found none"),
        ("functions_framework.serve('hello')", "expects functions, found 'hello'"),
        ("functions_framework.serve(hello, hello)", "share the path '/hello'"),
    ],
)
def test_what_cannot_be_served_is_raised_with_a_clear_line(
    call: str, said: str, tmp_path: Path
) -> None:
    with _program(tmp_path, call, PORT="0") as server:
        assert server.exit_code(20) == 1
        assert said in server.log.splitlines()[-1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_stop_while_many_workers_are_started_starts_no_more(tmp_path: Path) -> None:
    noted = (
        "open('forks', 'a').write('x'), os.path.getsize('forks') == 3 and signal.raise_signal(15)"
    )
    call = (
        f"import os, signal; os.register_at_fork(after_in_parent=lambda: ({noted})); "
        "functions_framework.serve(hello, port=0, host='127.0.0.1', workers=24)"
    )
    with _program(tmp_path, call) as server:
        assert server.exit_code(60) == 0
    assert (tmp_path / "forks").read_text() == "xxx"


@pytest.mark.parametrize("given", ["'Colour,Taste'", "['Colour', 'Taste']", "('Colour', 'Taste')"])
def test_what_a_flag_takes_with_commas_may_be_a_list(given: str, tmp_path: Path) -> None:
    options = f"port=0, host='127.0.0.1', record=Path('kept'), record_redact={given}"
    call = f"from pathlib import Path; functions_framework.serve(hello, {options})"
    with _program(tmp_path, call) as server, _client(server) as client:
        assert client.get("/", headers={"Colour": "green", "Taste": "sweet"}).status_code == 200
    (kept,) = (tmp_path / "kept").glob("*.json")
    assert "[REDACTED]" in kept.read_text()
    assert "green" not in kept.read_text()
    assert "sweet" not in kept.read_text()


def test_a_program_that_serves_itself_when_loaded_is_told_the_remedy(tmp_path: Path) -> None:
    text = "import functions_framework\ndef hello(r): ...\nfunctions_framework.serve(hello)\n"
    code, said = refused(tmp_path, text, target="hello")
    assert (code, said.count("\n")) == (1, 1)
    assert "main.py calls functions_framework.serve" in said
    assert "if __name__ == '__main__'" in said


def test_the_python_api_keeps_the_exception() -> None:
    with pytest.raises(InvalidConfigurationException, match="signature_type='x'"):
        functions_framework.serve(lambda request: "x", signature_type="x")
