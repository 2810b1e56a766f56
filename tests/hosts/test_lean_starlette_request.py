"""The request that async functions get is the one that Starlette's constructors make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from functions_framework.hosts.asgi.lean_request import lean_request, request_maker

if TYPE_CHECKING:
    import pytest


async def receive() -> Any:
    """What a server gives."""
    return {"type": "http.request", "body": b"", "more_body": False}


def test_it_has_the_fields_of_the_constructors() -> None:
    scope = {"type": "http", "headers": [], "path": "/"}
    ours, starlettes = lean_request(scope, receive), Request(scope, receive)
    assert type(ours) is Request
    assert vars(ours) == vars(starlettes)
    # When Starlette adds a field, requests are made by its constructor: right, and slower.
    assert request_maker() is lean_request


def test_a_constructor_that_somebody_replaced_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Request.__init__

    def seen(self: Any, *given: Any) -> None:
        made(self, *given)

    monkeypatch.setattr(Request, "__init__", seen)
    assert request_maker() is Request
