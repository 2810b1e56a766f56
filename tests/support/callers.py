"""One good request and one plain function for each signature, to run a case over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from functions_framework.api.registrations import Registrations
from functions_framework.model.function import Signature
from support.in_memory import EVENT_HOSTS, HOSTS, Answer, serve

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable


CRASH_TEXT = (
    b"500 Internal Server Error: The server encountered an internal error and was unable to"
    b" complete your request. Either the server is overloaded or there is an error in the"
    b" application."
)


class Named:
    """An input type that reads and writes itself."""

    def __init__(self, name: str) -> None:
        self.name = name

    @classmethod
    def from_dict(cls, given: Any) -> Named:
        return cls(given["name"])

    def to_dict(self) -> dict[str, str]:
        return {"name": self.name}


class Route(NamedTuple):
    """A signature on a host."""

    signature: Signature
    host: str

    def __str__(self) -> str:
        return f"{self.signature} over {self.host}"


ROUTES = [Route(Signature.HTTP, host) for host in HOSTS] + [
    Route(signature, host)
    for signature in (Signature.EVENT, Signature.CLOUDEVENT, Signature.TYPED)
    for host in EVENT_HOSTS
]
EVENT_ROUTES = [route for route in ROUTES if route.signature is not Signature.HTTP]

every_route = pytest.mark.parametrize("route", ROUTES, ids=str)
every_event_route = pytest.mark.parametrize("route", EVENT_ROUTES, ids=str)

_REQUESTS: dict[Signature, tuple[dict[str, str], bytes]] = {
    Signature.HTTP: ({"Content-Type": "text/plain"}, b"body"),
    Signature.EVENT: ({"Content-Type": "application/json"}, b'{"eventId":"1","data":{}}'),
    Signature.CLOUDEVENT: (
        {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t"},
        b"",
    ),
    Signature.TYPED: ({"Content-Type": "application/json"}, b'{"name":"x"}'),
}


def _one_parameter(call: Callable[..., Any]) -> Callable[..., Any]:
    # A typed function's input is its first parameter by name, which `*_` is not.
    def function(value: Named) -> Any:
        return call(value)

    return function


def asker(
    route: Route, call: Callable[..., Any], *handlers: tuple[Any, Callable[..., Any]]
) -> Callable[..., Answer]:
    """A function that sends requests to `call` over a route."""
    is_typed = route.signature is Signature.TYPED
    return serve(
        route.host,
        _one_parameter(call) if is_typed else call,
        route.signature,
        Registrations(list(handlers)),
        input_type=Named if is_typed else None,
    )


def ask(
    route: Route, call: Callable[..., Any], *handlers: tuple[Any, Callable[..., Any]]
) -> Answer:
    """Send one good request to `call` over a route."""
    headers, body = _REQUESTS[route.signature]
    return asker(route, call, *handlers)("POST", "/p", headers, body)


def raiser(error: BaseException | type[BaseException]) -> Callable[..., Any]:
    """A function that raises."""

    def function(*_: Any) -> Any:
        raise error

    return function


def crash_records(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """The records of crashes."""
    return [record for record in caplog.records if record.name == "functions_framework"]
