"""The scope whose parts are made late is a complete ASGI scope to everybody who looks at it."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from functions_framework.hosts.asgi.bridge import environ_of
from functions_framework.hosts.asgi.scope import begin, header_fields
from functions_framework.model.execution import Execution, execution
from functions_framework.server.on_loop.scope import RequestScope, scope_of
from functions_framework.server.wire.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable


class Watcher(NamedTuple):
    """What the engine hands over."""

    scope: Any
    proto: Any = None
    done: Any = None


GIVEN = {
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/a",
    "raw_path": b"/%61",
    "query_string": b"q=1",
    "headers": [(b"host", b"h"), (b"x-a", b"1"), (b"x-a", b"\xe9")],
    "client": ("127.0.0.1", "5555"),
    "server": ("::1", "8080"),
    "extensions": {"http.response.pathsend": {}},
}
"""A scope of the engine's."""

WHOLE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.3"},
    "http_version": "1.1",
    "method": "GET",
    "scheme": "http",
    "path": "/a",
    "raw_path": b"/%61",
    "query_string": b"q=1",
    "root_path": "",
    "headers": [(b"host", b"h"), (b"x-a", b"1"), (b"x-a", b"\xe9")],
    "client": ("127.0.0.1", 5555),
    "server": ("::1", 8080),
}


def _scope(**parts: Any) -> RequestScope:
    return scope_of(Exchange(Watcher(GIVEN | parts)), {})


def _by_get(scope: RequestScope) -> dict[str, Any]:
    return {key: scope.get(key) for key in WHOLE}


COPIES: dict[str, Callable[[RequestScope], Any]] = {
    "dict()": dict,
    "unpacking": lambda scope: {**scope},
    "copy": lambda scope: scope.copy(),
    "update": lambda scope: {} | scope,
    "items": lambda scope: dict(scope.items()),
    "keys and []": lambda scope: {key: scope[key] for key in scope},
    "zip": lambda scope: dict(zip(scope.keys(), scope.values(), strict=True)),
    "get": _by_get,
    "itself": lambda scope: scope,
}


@pytest.mark.parametrize("name", COPIES)
def test_every_way_of_reading_sees_all_parts(name: str) -> None:
    assert COPIES[name](_scope()) == WHOLE


@pytest.mark.parametrize("key", WHOLE)
def test_a_part_is_in_it_before_it_was_made(key: str) -> None:
    assert key in _scope()
    assert len(_scope()) == len(WHOLE)


def test_other_keys_behave_as_in_a_dict() -> None:
    scope = _scope()
    assert "nothing" not in scope
    assert scope.get("nothing", 3) == 3
    with pytest.raises(KeyError, match="nothing"):
        scope["nothing"]
    scope["own"] = 1
    assert dict(scope)["own"] == scope.get("own") == 1


def test_what_is_set_is_not_made_again() -> None:
    scope = _scope()
    scope["client"] = ("proxy", 1)
    assert dict(scope)["client"] == ("proxy", 1)


@pytest.mark.parametrize("is_read", [False, True])
@pytest.mark.parametrize("given", [[], [(b"function-execution-id", b"")]])
def test_the_headers_hold_the_id_of_a_call_without_one(
    given: list[tuple[bytes, bytes]], is_read: bool
) -> None:
    scope = _scope(headers=given)
    if is_read:
        assert len(scope["headers"]) == len(given)
    running = Execution()
    scope.running = running
    assert scope["headers"] == [(b"function-execution-id", running.execution_id.encode())]


CE_TWICE = [(b"ce-id", b"1"), (b"ce-id", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2")]


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"client": ("", "0"), "server": ("", "0")},
        {"path": "/é", "raw_path": b"/%C3%A9", "query_string": b""},
        {"path": "/%41", "raw_path": b"/%2541"},
        {"path": "/b", "raw_path": b"/a/b"},
        {"path": "/\xff", "raw_path": "/\xff".encode()},
        {"headers": [*CE_TWICE, (b"content-type", b"text/plain"), (b"x-own-b", b"\xe9")]},
        {"headers": [(b"function-execution-id", b""), (b"traceparent", b"x")]},
        {"headers": [(b"function-execution-id", b"mine")]},
    ],
)
@pytest.mark.parametrize("is_proxied", [False, True])
def test_a_sync_function_gets_the_environ_of_its_parts(
    parts: dict[str, Any], *, is_proxied: bool
) -> None:
    scope = _scope(**parts)
    scope.by_name = header_fields(dict(scope))
    if is_proxied:
        scope["client"], scope["scheme"] = ("10.0.0.1", 1), "https"
    whole = {**scope, "headers": list(scope["headers"])}
    made = []
    for one in (scope, whole):
        token = execution.set(None)
        begin(one, None)
        environ = environ_of(one, BytesIO()) | {"wsgi.input": None}
        # The server's own scope has it made later (`Bridge`).
        environ.pop("HTTP_FUNCTION_EXECUTION_ID", None)
        made.append(environ)
        execution.reset(token)
    assert made[0] == made[1]
