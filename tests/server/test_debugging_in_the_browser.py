"""--debug over a real server: its settings, its pages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import httpx
import pytest

from support.served_source import served, written
from support.server_process import ServerProcess, free_port

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.once, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")]

HTML = {"Accept": "text/html"}
CRASHING = "def hello(request):\n    raise ValueError('on <purpose>')\n"


@pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])
def test_a_crash_is_shown_to_this_machine_and_logged_once(prefix: str, tmp_path: Path) -> None:
    with served(tmp_path, prefix + CRASHING, "--debug", target="hello") as (server, client):
        page = client.get("/", headers=HTML)
        assert page.status_code == 500
        assert "on &lt;purpose&gt;" in page.text
        assert client.get("/").text.startswith("Traceback")
        proxied = client.get("/", headers={**HTML, "X-Forwarded-For": "127.0.0.1"})
        assert proxied.headers["x-google-status"] == "crash"
        assert "purpose" not in proxied.text
        rebound = client.get("/", headers={**HTML, "Host": "evil.example:8080"})
        assert rebound.headers["x-google-status"] == "crash"
        assert "purpose" not in rebound.text
        assert "purpose" in client.get("/", headers={"Host": "localhost.:1"}).text
        server.wait_for("Exception on / [GET]", times=5)
        assert server.log.count("ValueError: on <purpose>") == 5


@pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])
def test_a_crash_is_shown_over_http_2_too(prefix: str, tmp_path: Path) -> None:
    with (
        served(tmp_path, prefix + CRASHING, "--debug", target="hello") as (_, client),
        httpx.Client(base_url=client.base_url, http1=False, http2=True) as over_2,
    ):
        assert "on &lt;purpose&gt;" in over_2.get("/", headers=HTML).text
        rebound = over_2.get("/", headers={**HTML, "Host": "evil.example"})
        assert (rebound.status_code, rebound.http_version) == (500, "HTTP/2")
        assert "purpose" not in rebound.text


def test_without_it_nothing_is_shown(tmp_path: Path) -> None:
    with served(tmp_path, CRASHING, "--reload", target="hello") as (_, client):
        page = client.get("/", headers=HTML)
        assert page.status_code == 500
        assert "purpose" not in page.text


@pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])
def test_only_the_users_frames_are_shown(prefix: str, tmp_path: Path) -> None:
    source = f"import flask\n{prefix}def hello(request):\n    return inner()\n"
    source += "def inner():\n    raise ValueError('x')\n"
    with served(tmp_path, source, "--debug", target="hello") as (_, client):
        page = client.get("/", headers=HTML).text
        assert "return inner()" in page
        assert "with_flask" not in page
        assert "hosts/" not in page


@pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])
def test_a_wrong_result_is_a_sentence_on_the_page(prefix: str, tmp_path: Path) -> None:
    source = f"{prefix}def hello(request):\n    return None\n"
    with served(tmp_path, source, "--debug", target="hello") as (_, client):
        page = client.get("/", headers=HTML)
        assert page.status_code == 500
        assert "main.py:1) returned None: expected a str" in page.text
        assert "Traceback" not in page.text


def test_where_processes_share_no_memory_the_page_is_shown(tmp_path: Path) -> None:
    """A read-only system, or one without /dev/shm, was told that its source was at fault."""
    source = "import sys\nsys.modules['_multiprocessing'] = None\n" + CRASHING
    with served(tmp_path, source, "--debug", target="hello") as (server, client):
        page = client.get("/", headers=HTML)
        assert (page.status_code, "on &lt;purpose&gt;" in page.text) == (500, True)
        assert "Shown to this machine only" in page.text
        server.wait_for("ValueError: on <purpose>")
        assert server.log.count("Traceback") == 1


def test_nothing_is_said_of_an_address_that_others_reach(tmp_path: Path) -> None:
    """What shows code answers this machine only."""
    source = written(tmp_path, CRASHING)
    with ServerProcess.start(source, "hello", "--host", "0.0.0.0", DEBUG="true") as server:
        server.ready()
        assert "Warning" not in server.log


def test_one_worker_serves_without_a_time_limit(tmp_path: Path) -> None:
    flags = ["--debug", "--workers", "3", "--timeout", "5"]
    with served(tmp_path, CRASHING, *flags, target="hello") as (server, _):
        assert "workers 1," in server.log
        assert "timeout none" in server.log


def test_a_source_that_cannot_be_loaded_is_shown_in_the_browser(tmp_path: Path) -> None:
    source = written(tmp_path, "def hello(request:\n    return '<b>'\n")
    port = str(free_port())
    with ServerProcess.start(source, "hello", "--debug", "--port", port) as server:
        server.wait_for("The function is served again once the source is changed.")
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=20
        ) as client:
            page = client.get("/any/path", headers=HTML)
            assert page.status_code == 500
            assert "SyntaxError" in page.text
            assert str(source.resolve()) in page.text
            assert page.headers["cache-control"] == "no-store"
            assert "functions_framework" not in page.text
            assert client.post("/").text.startswith("  File")
            proxied = client.get("/", headers={**HTML, "X-Forwarded-For": "127.0.0.1"})
            assert proxied.text == (
                "The function could not be loaded; what the server printed says why.\n"
            )


def test_debug_that_is_not_a_boolean_word_is_ignored(tmp_path: Path) -> None:
    """Other programs use the variable for patterns."""
    with served(tmp_path, CRASHING, target="hello", DEBUG="app:*") as (server, client):
        assert "Invalid value 'app:*' for DEBUG" in server.log
        assert "purpose" not in client.get("/", headers=HTML).text
