"""The oldest Flask and Werkzeug that may be installed serve what the newest ones do.

What the lean way of a request reads of them has moved: a session was a field of its context before
3.1.3, a limit of a request's own and trusted hosts came with 3.1.
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from functions_framework.testing.server import RunningServer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

LEAN = """
import flask

def function(request):
    kind = request.path[1:]
    if kind == "versions":
        from importlib.metadata import version
        return version("flask") + " " + version("werkzeug")
    if kind == "json":
        return request.get_json()
    if kind == "form":
        return request.form["name"]
    if kind == "stream":
        return request.stream.read()
    if kind == "session":
        return {"names": list(flask.session)}
    if kind == "crash":
        raise ValueError(kind)
    return "Hello", 201, {"X-Kind": kind}
"""
FULL = f"""{LEAN}
app = flask.current_app
app.secret_key = "secret"

@app.before_request
def before():
    flask.session["seen"] = True
"""


@pytest.fixture(scope="module", params=["3.0.0", "3.1.2"])
def older(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a version of Flask, and the Werkzeug of its day."""
    place = tmp_path_factory.mktemp("older")
    werkzeug = request.param.rpartition(".")[0] + ".0"
    wanted = [f"flask=={request.param}", f"werkzeug=={werkzeug}"]
    argv = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(place)]
    done = subprocess.run([*argv, *wanted], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"not to be had here: {done.stderr[-300:]}")
    return place


@pytest.mark.parametrize("source", [LEAN, FULL], ids=["lean", "full"])
def test_requests_are_answered_as_with_the_newest(older: Path, source: str, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(source)
    (_, ours), *newest = _answers(tmp_path)
    (_, theirs), *oldest = _answers(tmp_path, PYTHONPATH=str(older))
    assert ours != theirs
    assert oldest == newest


def _answers(place: Path, **environ: str) -> list[tuple[int, str]]:
    form = {"content-type": "application/x-www-form-urlencoded"}
    with RunningServer(place, "function", environ=environ) as server:
        answers = [
            server.get("/versions"),
            server.get("/greeting"),
            server.post("/json", json={"a": [1]}),
            server.post("/json", data=b"{", headers={"content-type": "application/json"}),
            server.post("/form", data=b"name=Ada", headers=form),
            server.post("/stream", data=b"some bytes"),
            server.get("/session"),
            server.get("/crash"),
        ]
        return [(answer.status, answer.text) for answer in answers]
