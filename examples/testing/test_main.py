"""Calls through the whole pipeline in memory; the last test starts a real server."""

from pathlib import Path

import pytest
from main import hello, on_upload, price

from functions_framework.testing import Client, RunningServer, storage_event


def test_an_http_function() -> None:
    assert Client(hello).get("/", query={"name": "Ada"}).json == {"hello": "Ada"}


def test_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert Client(on_upload).send(storage_event(bucket="photos", name="cat.jpg")).status == 200
    assert capsys.readouterr().out == "photos got cat.jpg\n"


def test_a_typed_function_names_what_is_wrong() -> None:
    result = Client(price).post("/", json={"item": "tea", "count": "three"})
    assert result.status == 422
    assert result.json["errors"][0]["pointer"] == "#/count"


def test_a_server() -> None:
    with RunningServer(Path(__file__).with_name("main.py"), "hello") as server:
        assert server.get("/").json == {"hello": "world"}
