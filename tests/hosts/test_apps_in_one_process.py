"""Several apps in one process, apps built on first use, and the first runtime's mode."""

from __future__ import annotations

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from werkzeug.test import Client

import functions_framework
from functions_framework import create_app
from functions_framework.aio import create_asgi_app
from functions_framework.exceptions import InvalidConfigurationException, MissingSourceException

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import SourceTree

SIGNATURES = ["http", "event", "cloudevent", "typed"]
CLOUD_EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"}


@pytest.fixture
def main(sources: SourceTree) -> SourceTree:
    sources.write(
        main="def hello(request): return f'Hello {request.path}'\nasync def later(request): ..."
    )
    return sources


# -- two apps in one process -------------------------------------------------------

WITH_HANDLER = """
import functions_framework
@functions_framework.{decorator}
def hello(given): raise LookupError
@functions_framework.errorhandler(LookupError)
def handle(error): return "{text}", 418
"""


def test_two_apps_from_files_with_the_same_names(sources: SourceTree) -> None:
    sources.write(one__main=WITH_HANDLER.format(decorator="http", text="one"))
    sources.write(two__main=WITH_HANDLER.format(decorator="cloud_event", text="two"))
    sources.write(three__main="def hello(request): raise LookupError")
    one = create_app("hello", sources.root / "one" / "main.py")
    assert one.test_client().get("/").text == "one"
    two = create_app("hello", sources.root / "two" / "main.py")
    three = create_app("hello", sources.root / "three" / "main.py", "http")
    for _ in range(2):
        assert one.test_client().get("/").text == "one"
        assert two.test_client().get("/a").status_code == 405
        assert two.test_client().post("/", headers=CLOUD_EVENT).text == "two"
        assert three.test_client().get("/").headers["X-Google-Status"] == "crash"


@pytest.mark.parametrize("second", [None, "event"])
@pytest.mark.parametrize("first", SIGNATURES)
@pytest.mark.parametrize("is_async", [False, True])
def test_the_signature_of_an_app_is_not_a_setting_of_the_next(
    sources: SourceTree, first: str, second: str | None, is_async: bool
) -> None:
    define = "async def" if is_async else "def"
    sources.write(a__main=f"{define} f(given: dict, *_): return {{}}")
    sources.write(b__main="def f(*given): return 'of ' + str(len(given))")
    create_app("f", sources.root / "a" / "main.py", first)
    assert os.environ["FUNCTION_SIGNATURE_TYPE"] == first
    app = create_app("f", sources.root / "b" / "main.py", second)
    assert app.test_client().get("/x").status_code == (405 if second else 200)
    assert os.environ["FUNCTION_SIGNATURE_TYPE"] == (second or "http")


@pytest.mark.parametrize("chosen", SIGNATURES)
def test_what_the_user_sets_stays_a_setting(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch, chosen: str
) -> None:
    sources.write(
        a__main=WITH_HANDLER.format(decorator="cloud_event", text="a"),
        b__main="def hello(given: dict, *_): return {}",
    )
    monkeypatch.setenv("FUNCTION_SIGNATURE_TYPE", chosen)  # before there is any app
    for _ in range(2):
        create_app("hello", sources.root / "a" / "main.py")
        assert os.environ["FUNCTION_SIGNATURE_TYPE"] == "cloudevent"
        create_app("hello", sources.root / "b" / "main.py")
        assert os.environ["FUNCTION_SIGNATURE_TYPE"] == chosen
    monkeypatch.delenv("FUNCTION_SIGNATURE_TYPE")
    create_app("hello", sources.root / "a" / "main.py")
    monkeypatch.setenv("FUNCTION_SIGNATURE_TYPE", "cloudevent")  # what was there, on purpose
    create_app("hello", sources.root / "b" / "main.py")
    assert os.environ["FUNCTION_SIGNATURE_TYPE"] == "cloudevent"


def test_the_target_of_an_app_is_not_a_setting_of_the_next(sources: SourceTree) -> None:
    sources.write(
        a__main="def hello(request): return 'a'",
        b__main="def hello(request): return 'b'\ndef function(request): return 'default'",
        c__main="def hello(request): return 'c'\ndef other(request): return 'c'",
    )
    create_app("hello", sources.root / "a" / "main.py")
    app = create_app(source=sources.root / "b" / "main.py")
    assert app.test_client().get("/").text == "default"
    with pytest.raises(InvalidConfigurationException, match="Target is not specified"):
        create_app(source=sources.root / "c" / "main.py")
    os.environ["FUNCTION_TARGET"] = "hello"
    app = create_app(source=sources.root / "c" / "main.py")
    assert app.test_client().get("/").text == "c"


def test_a_source_that_fails_leaves_no_handler_to_the_next_app(sources: SourceTree) -> None:
    sources.write(
        main=WITH_HANDLER.format(decorator="http", text="one") + "raise ZeroDivisionError"
    )
    with pytest.raises(ZeroDivisionError):
        create_app("hello", sources.root / "main.py")
    sources.write(main="def hello(request): raise LookupError")
    assert create_app("hello", sources.root / "main.py").test_client().get("/").status_code == 500


def test_a_handler_registered_before_the_app_counts(sources: SourceTree) -> None:
    functions_framework.errorhandler(LookupError)(lambda _: ("outside", 418))
    sources.write(main="def hello(request): raise LookupError")
    assert create_app("hello", sources.root / "main.py").test_client().get("/").text == "outside"


# -- functions_framework:app ---------------------------------------------------------------------


def test_the_lazy_app_is_built_once_from_the_environment(main: SourceTree) -> None:
    os.environ["FUNCTION_TARGET"] = "hello"
    os.environ["FUNCTION_SOURCE"] = str(main.root / "main.py")
    app = functions_framework.LazyWSGIApp()
    client = Client(app)
    assert client.get("/a").text == "Hello /a"
    built = app.app
    assert client.get("/b").text == "Hello /b"
    assert app.app is built


def test_a_build_that_fails_is_tried_again(main: SourceTree) -> None:
    app = functions_framework.LazyWSGIApp("hello", main.root / "later.py")
    for _ in range(2):
        with pytest.raises(MissingSourceException):
            Client(app).get("/")
    main.write(later="def hello(request): return 'there'")
    assert Client(app).get("/").text == "there"


def test_an_async_function_is_a_clear_error(main: SourceTree) -> None:
    app = functions_framework.LazyWSGIApp("later", main.root / "main.py")
    with pytest.raises(InvalidConfigurationException, match=r"is async.*aio:app"):
        Client(app).get("/")


# -- 9 -------------------------------------------------------------------------------------------

LEGACY = {
    "None": ("None", 200, "OK"),
    "(None, 201)": ("(None, 201)", 500, None),
    "text": ("'text'", 200, "text"),
    "empty": ("''", 200, ""),
}


@pytest.mark.parametrize("name", LEGACY)
@pytest.mark.parametrize(
    "hooks", ["", "import flask\nflask.current_app.before_request(lambda: None)"]
)
def test_in_legacy_mode_none_is_ok(sources: SourceTree, name: str, hooks: str) -> None:
    returned, status, text = LEGACY[name]
    os.environ["ENTRY_POINT"] = "hello"
    sources.write(main=f"{hooks}\ndef hello(request): return {returned}")
    response = create_app("hello", sources.root / "main.py").test_client().get("/")
    assert response.status_code == status
    assert text is None or response.text == text
    assert os.environ["FUNCTION_NAME"] == "hello"
    assert os.environ["FUNCTION_TRIGGER_TYPE"] == "http"


@pytest.mark.parametrize("value", [None, ""])
def test_outside_of_legacy_mode_none_is_a_crash(sources: SourceTree, value: str | None) -> None:
    if value is not None:
        os.environ["ENTRY_POINT"] = value
    sources.write(main="def hello(request): return None")
    assert (
        create_app("hello", sources.root / "main.py")
        .test_client()
        .get("/")
        .headers["X-Google-Status"]
        == "crash"
    )


def test_in_legacy_mode_a_handler_and_a_route_are_not_touched(sources: SourceTree) -> None:
    os.environ["ENTRY_POINT"] = "hello"
    sources.write(main="import flask\n@flask.current_app.get('/own')\ndef own(): ...\nhello = own")
    assert (
        create_app("hello", sources.root / "main.py").test_client().get("/own").status_code == 500
    )


def test_the_directory_is_on_the_path_once(main: SourceTree, tmp_path: Path) -> None:
    for _ in range(3):
        create_app("hello", main.root / "main.py")
    assert sys.path.count(str(tmp_path.resolve())) == 1


# -- threads and loops that run already ------------------------------------------------------------

APART = """
import time
import functions_framework
import flask
from helper import NAME
time.sleep(0.02)
def hello(request): raise LookupError
@functions_framework.errorhandler(LookupError)
def handle(error): return NAME
async def later(request): return NAME
"""


def test_apps_built_in_several_threads_have_their_own_modules(sources: SourceTree) -> None:
    for number in range(6):
        sources.put(f"app{number}/main.py", APART)
        sources.put(f"app{number}/helper.py", f"NAME = 'app{number}'\n")

    def build(number: int) -> Any:
        return create_app("hello", sources.root / f"app{number}")

    with ThreadPoolExecutor(6) as pool:
        apps = list(pool.map(build, range(6)))
    texts = [app.test_client().get("/").text for app in apps]
    assert texts == [f"app{number}" for number in range(6)]


def test_an_app_of_the_environment_is_built_once_by_several_threads(sources: SourceTree) -> None:
    sources.write(
        main="import time\ntime.sleep(0.05)\nRUNS = []\n"
        "def hello(request): RUNS.append(1); return str(len(RUNS))"
    )
    app = functions_framework.LazyWSGIApp("hello", sources.root / "main.py")

    def ask(_: int) -> str:
        return Client(app).get("/").text

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(ask, range(4))) == ["1", "2", "3", "4"]


def test_apps_are_built_where_a_loop_runs_already(sources: SourceTree) -> None:
    sources.put("main.py", APART)
    sources.put("helper.py", "NAME = 'here'\n")

    async def in_a_notebook() -> tuple[str, str]:
        app = create_app("hello", sources.root / "main.py")
        later = create_asgi_app("later", sources.root / "main.py")
        transport = httpx.ASGITransport(later)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return app.test_client().get("/").text, (await client.get("/")).text

    assert asyncio.run(in_a_notebook()) == ("here", "here")
