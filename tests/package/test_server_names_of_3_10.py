"""The private server classes of 3.10 that SDKs import serve on today's server."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from functions_framework import _http
from functions_framework._http.asgi import StarletteApplication
from functions_framework._http.flask import FlaskApplication
from functions_framework._http.gunicorn import GunicornApplication, UvicornApplication

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import flask
from functions_framework._http.gunicorn import GunicornApplication
app = flask.Flask("emulated")
@app.route("/<path:path>")
def run(path): return f"emulated {path}"
if __name__ == "__main__":
    GunicornApplication(app, "127.0.0.1", 0, False, threads=4).run()
"""


@pytest.mark.parametrize(
    "kind", [GunicornApplication, UvicornApplication, FlaskApplication, StarletteApplication]
)
def test_each_class_holds_what_it_was_given(kind: type[_http.Application]) -> None:
    served = kind("app", "127.0.0.1", "8080", False, workers=2)
    assert served.load() == "app"
    assert served.options == {"bind": "127.0.0.1:8080", "workers": 2}


def test_create_server_chooses_a_class() -> None:
    server = _http.create_server("app", False, threads=3)
    assert (server.app, server.debug, server.options) == ("app", False, {"threads": 3})
    assert server.server_class is _http.Application


def test_an_sdks_program_is_served(tmp_path: Path) -> None:
    source = tmp_path / "emulator.py"
    source.write_text(PROGRAM, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(source)], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "http://" in line)
        url = line[line.index("http://") :].split(",")[0].split()[0]
        try:
            with urllib.request.urlopen(f"{url}/a/b", timeout=5) as answer:
                assert answer.read() == b"emulated a/b"
        finally:
            process.terminate()
        assert process.wait(10) == 0
