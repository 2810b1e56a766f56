"""Batches, replies and verdicts in tests: what is sent, and what a result says of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework import Drop, Retry
from functions_framework.testing import (
    AsyncClient,
    Client,
    Result,
    RunningServer,
    cloud_event,
    pubsub_message,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudevents.http import CloudEvent


def act(event: CloudEvent) -> Any:
    if event.data == "drop":
        raise Drop("bad schema")
    if event.data == "again":
        raise Retry(after=60, reason="busy")
    if event.data == "bytes":
        return {"type": "made", "id": "b", "data": b"\xff"}
    if event.data == "list":
        return [{"type": "made", "id": n, "data": n} for n in ("x", "y")]
    return {"type": "made", "id": f"of-{event['id']}", "data": [1]}


async def act_async(event: CloudEvent) -> Any:
    return act(event)


def _sent(call: Callable[..., Any], events: Any, client: str, **options: Any) -> Result:
    function = functions_framework.cloud_event(**options)(call)
    if client == "AsyncClient":
        return asyncio.run(AsyncClient(function).send(events))
    return Client(function).send(events)


every_call = pytest.mark.parametrize("call", [act, act_async], ids=["def", "async def"])
every_client = pytest.mark.parametrize("client", ["Client", "AsyncClient"])


@every_call
@every_client
@pytest.mark.parametrize("options", [{}, {"reply_format": "structured"}], ids=["binary", "json"])
def test_the_event_that_was_the_reply(call: Any, client: str, options: dict[str, Any]) -> None:
    (event,) = _sent(call, cloud_event(), client, **options).events
    assert (event["type"], event["id"], event.get_data()) == ("made", "of-1", [1])
    (raw,) = _sent(call, cloud_event(data="bytes"), client, **options).events
    assert raw.get_data() == b"\xff"
    assert [item["id"] for item in _sent(call, cloud_event(data="list"), client).events] == [
        "x",
        "y",
    ]


@every_call
@every_client
def test_a_list_is_a_batch(call: Any, client: str) -> None:
    sent = [
        cloud_event(id="a"),
        cloud_event(id="b", data="drop"),
        cloud_event(id="c", data="again"),
        {"specversion": "1.0", "id": "d", "source": "/s", "type": "t"},
        {"id": "malformed"},
    ]
    result = _sent(call, sent, client)
    assert [event["id"] for event in result.events] == ["of-a", "of-d"]
    assert [(item["itemIdentifier"], item["reason"]) for item in result.failures] == [
        ("c", "retry"),
        ("malformed", "refused"),
    ]
    assert sorted(result.verdicts) == [
        ("dropped", "bad schema", None),
        ("retry", "busy", 60),
    ]
    assert _sent(call, [], client).status == 200


@every_call
def test_what_the_variables_say_of_events_holds(call: Any) -> None:
    function = functions_framework.cloud_event(call)
    client = Client(
        function, environ={"EVENT_FORMAT": "structured", "WEBHOOK_ORIGINS": "a.example"}
    )
    assert client.send(cloud_event()).headers["content-type"] == "application/cloudevents+json"
    asked = {"WebHook-Request-Origin": "b.example"}
    assert "webhook-allowed-origin" not in client.request("OPTIONS", "/", headers=asked).headers


def test_what_has_no_events_and_no_verdicts_says_so() -> None:
    @functions_framework.http
    def hello(request: Any) -> dict[str, Any]:
        return {"batch": 1}

    result = Client(hello).get("/")
    assert (result.events, result.failures, result.verdicts) == ([], [], [])


@pytest.mark.parametrize("wrong", [3, "text", [3], [None]])
def test_what_is_not_an_event_is_told(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"found (int|str|NoneType)"):
        _sent(act, wrong, "Client")


def test_over_a_real_server(tmp_path: Path) -> None:
    source = tmp_path / "main.py"
    source.write_text(
        "import functions_framework\n@functions_framework.cloud_event\nasync def f(event):\n"
        "    return {'type': 'made', 'data': event.data}\n"
    )
    with RunningServer(source) as server:
        result = server.send([pubsub_message("Hi"), cloud_event(data={"n": 1})])
    assert [event["type"] for event in result.events] == ["made", "made"]
    assert result.verdicts == []
