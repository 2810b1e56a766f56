"""Decorated functions behind a decorator of the user's own that hides what it wraps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework.testing import Client
from support.served_source import EVENT, Given

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import SourceTree
    from support.served_source import Served

HIDING = """
import sys

def say(*words):
    print(*words, file=sys.stderr, flush=True)
def hidden(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)
    return wrapper

def hidden_with(note):
    def decorator(function):
        def wrapper(*args):
            return note and function(*args)
        return wrapper
    return decorator

def hidden_later(function):
    async def wrapper(event):
        return await function(event)
    return wrapper
"""

FUNCTIONS = """
from dataclasses import dataclass
import functions_framework as ff
from functions_framework import aio

@dataclass
class Order:
    count: int

@hidden
@ff.http
def request(request):
    say("request", request.method)
    return "done"

@hidden
@ff.cloud_event
def event(event):
    say("event", event["id"])

@hidden
@hidden_with("a note")
@hidden
@ff.cloud_event
def deep(event):
    say("deep", event["id"])

@hidden_later
@aio.cloud_event
async def later(event):
    say("later", event["id"])

@hidden
@ff.typed
def typed(order: Order) -> Order:
    say("typed", order.count)
    return order

@hidden
@ff.cloud_event
def message(message: ff.PubSubMessage):
    say("message", message.text)
"""

SERVERS = {
    "all": Given(HIDING + FUNCTIONS),
    "event": Given(HIDING + FUNCTIONS, target="event"),
    "later": Given(HIDING + FUNCTIONS, target="later"),
}

JSON = {"Content-Type": "application/json"}
PUSHED = b'{"subscription": "s", "message": {"messageId": "1", "data": "SGVsbG8="}}'
SENT = {
    **dict.fromkeys(("event", "deep", "later"), (b"{}", EVENT, "1")),
    "request": (b"", {}, "POST"),
    "typed": (b'{"count": 3}', JSON, "3"),
    "message": (PUSHED, JSON, "Hello"),
}


def _called(served: Served, path: str, name: str) -> None:
    content, headers, got = SENT[name]
    answer = served.client.post(path, content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    served.server.wait_for(f"{name} {got}")


@pytest.mark.parametrize("name", SENT)
def test_each_is_called_as_its_decorator_says(servers: dict[str, Served], name: str) -> None:
    _called(servers["all"], f"/{name}", name)


@pytest.mark.parametrize("name", ["event", "later"])
def test_so_is_the_target(servers: dict[str, Served], name: str) -> None:
    _called(servers[name], "/", name)


def test_a_wrapper_from_elsewhere_is_of_the_source_still(sources: SourceTree) -> None:
    bare = "\n@ff.http\ndef bare(request): ..."
    sources.write(hiding=HIDING, main=f"from hiding import *\n{FUNCTIONS}{bare}")
    assert {function.name for function in sources.load_all(None)} == {*SENT, "bare"}


def hiding(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


seen: list[str] = []


@hiding
@functions_framework.cloud_event
def on_event(event: Any) -> None:
    seen.append(event["id"])


def test_a_client_of_a_test_calls_it_so() -> None:
    with Client(on_event) as client:
        assert client.post(data=b"{}", headers=EVENT).status == 200
    assert seen == ["1"]


OTHERS = {
    "uses one": """
@ff.cloud_event
def other(event): ...
def make(used):
    def inner(request): return used
    return inner
hello = make(other)
""",
    "comes after one": """
@ff.cloud_event
def hello(event): ...
def hello(request): ...
""",
    "holds itself": """
def make():
    def inner(request): return inner
    return inner
hello = make()
""",
    "holds nothing yet": """
def make():
    def inner(request): return late
    return inner
    late = 1
hello = make()
""",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_other_functions_stay_what_they_are(sources: SourceTree, text: str) -> None:
    sources.write(main=f"import functions_framework as ff\n{text}")
    assert str(sources.load().signature) == "http"
