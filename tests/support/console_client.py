"""Listens to the console of a real server, and asks it, as its page does."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

_SECONDS = 15
EVENTS = "/_ff/events"


class Listener:
    """A stream of the console's events, as far as it was read."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        self.state: dict[str, Any] = {}
        self.calls: dict[str, dict[str, Any]] = {}

    def until(self, is_there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read until a call is as wanted; that call."""
        until = time.monotonic() + _SECONDS
        while True:
            for call in self.calls.values():
                if is_there(call):
                    return call
            if not self.next() or time.monotonic() > until:
                raise AssertionError(f"No such call: {self.calls}")

    def next(self) -> str:
        """Read one event; its name, empty at the end of the stream."""
        name, data = "", ""
        for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                data = value
            elif not line:
                break
        if name == "state":
            self.state = json.loads(data)
        if name == "calls":
            self.calls |= {call["id"]: call for call in json.loads(data)}
        return name


@contextmanager
def listening(client: httpx.Client, **headers: str) -> Iterator[Listener]:
    """Listen until the end of the block; what is served is known by then."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    with client.stream("GET", EVENTS, headers=given) as response:
        assert response.status_code == 200
        listener = Listener(response)
        if not headers:
            assert listener.next() == "state"
        yield listener


def token_of(client: httpx.Client) -> str:
    """What the page must send to have anything done."""
    with listening(client) as listener:
        return str(listener.state["token"])


def told(client: httpx.Client, execution: str) -> dict[str, Any]:
    """All that the console knows of the call with an execution id, once its end is known."""
    with listening(client) as listener:
        call = listener.until(
            lambda call: (
                call["execution"] == execution
                and call["state"] != "running"
                and "send" in call["phases"]
            )
        )
    found = client.get(f"/_ff/calls/{call['id']}")
    assert found.status_code == 200
    return found.json()  # type: ignore[no-any-return]


def ask(client: httpx.Client, name: str, given: object) -> httpx.Response:
    """Have something done."""
    headers = {"x-console-token": token_of(client)}
    return client.post(f"/_ff/{name}", json=given, headers=headers)
