"""A client leaves nothing behind, and sees nothing of another one's source."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework.api import registrations
from functions_framework.exceptions import MissingOptionException, MissingSourceException
from functions_framework.loading import source, standard_names
from functions_framework.testing import AsyncClient, Client

if TYPE_CHECKING:
    from conftest import SourceTree

SOURCE = """
import os
import functions_framework
import helper

os.environ.setdefault("SET_BY_SOURCE", helper.NAME)

@functions_framework.resource
def db():
    return f"db of {helper.NAME}"

@functions_framework.errorhandler(KeyError)
def on_key_error(error):
    return f"handled in {helper.NAME}", 409

@functions_framework.http
def hello(request):
    import late
    if "missing" in request.path:
        raise KeyError("x")
    return [helper.NAME, late.NAME, db(), os.environ.get("X"), os.environ["SET_BY_SOURCE"],
            os.environ["FUNCTION_TARGET"]]

@functions_framework.http
async def wait(request):
    import asyncio
    await asyncio.sleep(0)
    return helper.NAME
"""


def state() -> tuple[Any, ...]:
    """Everything a load or a call could leave behind."""
    ours = {
        name: module for name, module in sys.modules.items() if name in {"main", "helper", "late"}
    }
    pending = registrations.pending()
    return (
        ours,
        dict(os.environ),
        sys.path[:],
        sys.meta_path[:],
        set(source._run_directories),
        set(standard_names._FINDER.names),
        len(pending.error_handlers) + len(pending.resources),
        logging.root.level,
        logging.root.handlers[:],
    )


@pytest.fixture
def twins(sources: SourceTree) -> SourceTree:
    for name in ("a", "b"):
        sources.put(f"{name}/main.py", SOURCE)
        sources.put(f"{name}/helper.py", f"NAME = {name!r}\n")
        sources.put(f"{name}/late.py", f"NAME = 'late {name}'\n")
    return sources


def test_two_sources_of_one_name_side_by_side(twins: SourceTree) -> None:
    before = state()
    first = Client(twins.root / "a", target="hello", environ={"X": "1"})
    second = Client(str(twins.root / "b" / "main.py"), target="hello", environ={"X": None})
    for _ in range(2):
        assert first.get("/").json == ["a", "late a", "db of a", "1", "a", "hello"]
        assert second.get("/").json == ["b", "late b", "db of b", None, "b", "hello"]
    assert first.get("/missing").text == "handled in a"
    assert second.get("/missing").text == "handled in b"
    assert state() == before


def test_calls_of_both_at_the_same_time(twins: SourceTree) -> None:
    async def run() -> list[str]:
        clients = [AsyncClient(twins.root / name, target="wait") for name in ("a", "b")]
        results = await asyncio.gather(*(client.get("/") for client in clients * 3))
        return [result.text for result in results]

    before = state()
    assert asyncio.run(run()) == ["a", "b"] * 3
    assert state() == before


def test_modules_the_test_imported_are_not_taken(
    twins: SourceTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(twins.root / "b"))
    import helper  # type: ignore[import-not-found]

    assert Client(twins.root / "a", target="hello").get("/").json[0] == "a"
    assert sys.modules["helper"] is helper
    assert helper.NAME == "b"


def test_a_source_that_fails_leaves_nothing(twins: SourceTree) -> None:
    twins.put("a/main.py", "import os, helper\nos.environ['LEFT'] = '1'\n1 / 0\n")
    before = state()
    with pytest.raises(ZeroDivisionError):
        Client(twins.root / "a", target="hello")
    assert state() == before


def test_names_of_the_client_s_module_can_be_patched(
    twins: SourceTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(twins.root / "a", target="hello")
    assert client.module is not None
    monkeypatch.setattr(client.module.helper, "NAME", "patched")
    assert client.get("/").json[0] == "patched"


def test_relative_imports_in_a_package(sources: SourceTree) -> None:
    sources.put("shop/__init__.py", "")
    sources.put("shop/prices.py", "PRICE = 3\n")
    sources.put(
        "shop/main.py",
        "def hello(request):\n    from .prices import PRICE\n    return str(PRICE)\n",
    )
    before = state()
    assert Client(sources.root / "shop", target="hello").get("/").text == "3"
    assert state() == before
    assert "shop" not in sys.modules


def test_variables_a_call_sets_stay_in_its_world(sources: SourceTree) -> None:
    sources.put(
        "main.py",
        """
        import os
        def hello(request):
            os.environ["N"] = os.environ.get("N", "") + "x"
            return os.environ["N"]
        """,
    )
    client = Client(sources.root, target="hello")
    assert [client.get("/").text, client.get("/").text] == ["x", "xx"]
    assert "N" not in os.environ


def test_resources_overridden_by_name_and_by_object(twins: SourceTree) -> None:
    before = state()
    client = Client(twins.root / "a", target="hello", overrides={"db": "fake"})
    assert client.get("/").json[2] == "fake"
    assert Client(twins.root / "a", target="hello").get("/").json[2] == "db of a"
    assert state() == before
    with pytest.raises(ValueError, match=r"No resource is named 'dp'\. The source has: 'db'\."):
        Client(twins.root / "a", target="hello", overrides={"dp": 1})


@functions_framework.resource
def shared() -> str:
    return "real"


@functions_framework.http
def reads_shared(request: Any) -> str:
    value: str = shared()
    return value


def test_an_override_of_a_shared_resource_ends_with_the_call() -> None:
    for overrides in ({shared: "fake"}, {"shared": "fake"}):
        assert Client(reads_shared, overrides=overrides).get("/").text == "fake"
        assert shared() == "real"


def test_records_of_this_module_stay_for_other_clients() -> None:
    before = state()
    assert Client(reads_shared).get("/").text == Client(reads_shared).get("/").text == "real"
    assert state() == before


def test_no_target_is_taken_from_an_earlier_client(
    twins: SourceTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FUNCTION_TARGET", "elsewhere")
    twins.put("c/main.py", "def one(request):\n    return ''\n\ndef two(request): ...\n")
    with pytest.raises(MissingOptionException, match="'one'"):
        Client(twins.root / "c")
    assert Client(twins.root / "c", environ={"FUNCTION_TARGET": "one"}).get("/").status == 200


def test_a_missing_source(sources: SourceTree) -> None:
    with pytest.raises(MissingSourceException, match="doesn't exist"):
        Client(sources.root / "none.py")


HOOKS = """
import functions_framework
{kind} start():
    EVENTS.append("start")
{kind} stop():
    EVENTS.append("stop")
EVENTS = []
functions_framework.on_startup(start)
functions_framework.on_shutdown(stop)

@functions_framework.resource
def db():
    EVENTS.append("open")
    yield 1
    EVENTS.append("close")

def plain(request):
    return str(db())

async def waits(request):
    return str(db())
"""


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("target", ["plain", "waits"])
def test_hooks_run_around_the_calls(sources: SourceTree, kind: str, target: str) -> None:
    sources.put("main.py", HOOKS.format(kind=kind))
    with Client(sources.root, target=target) as client:
        assert client.module is not None
        assert client.module.EVENTS == []
        assert client.get("/").text == client.get("/").text == "1"
    assert client.module.EVENTS == ["start", "open", "stop", "close"]


@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("target", ["plain", "waits"])
def test_hooks_run_around_awaited_calls(sources: SourceTree, kind: str, target: str) -> None:
    sources.put("main.py", HOOKS.format(kind=kind))

    async def run() -> Any:
        async with AsyncClient(sources.root, target=target) as client:
            await asyncio.gather(client.get("/"), client.get("/"))
            return client.module

    assert asyncio.run(run()).EVENTS == ["start", "open", "stop", "close"]


def test_the_rule_of_the_whole_server_for_browsers_is_one_of_its_variables(
    twins: SourceTree,
) -> None:
    twins.put("c/main.py", "def one(request): return 'x'\n")
    source = twins.root / "c"
    for environ, allowed in ({"FUNCTION_CORS": "*"}, "*"), ({"FUNCTION_CORS": None}, None):
        result = Client(source, environ=environ).get("/", headers={"Origin": "https://a.example"})
        assert result.headers.get("access-control-allow-origin") == allowed
