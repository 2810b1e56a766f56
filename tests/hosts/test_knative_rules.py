"""Functions behind a broker that follows Knative's data plane contract, over real servers."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.knative_broker import KnativeBroker, Trigger
from support.served_source import Given

if TYPE_CHECKING:
    from support.served_source import Served

pytestmark = pytest.mark.once

SOURCE = """
import json, sys
import functions_framework
from functions_framework import Drop, Retry

seen = {{}}

@functions_framework.cloud_event
{word}def first(event):
    does = event.data["does"]
    seen[event["id"]] = seen.get(event["id"], 0) + 1
    if does == "drop":
        raise Drop("bad")
    if does == "crash":
        raise ValueError("secret")
    if does == "again" and seen[event["id"]] < 3:
        raise Retry(after=2)
    if does == "reply":
        return {{"type": "made", "id": "of-" + event["id"], "data": event.data}}
    if does == "text":
        return "no event"

@functions_framework.cloud_event(reply_type="second")
{word}def second(event) -> dict:
    return {{"got": event.data}}

@functions_framework.cloud_event
{word}def dead(event):
    told = {{name: event.get("knativeerror" + name) for name in ("code", "dest", "data")}}
    print("DEAD", event["id"], json.dumps(told), "OVER", event["id"], file=sys.stderr, flush=True)

@functions_framework.cloud_event(batch=True)
{word}def whole(events):
    return None
"""
WORDS = {"def": "", "async def": "async "}
FLASK = "import flask\n"
SERVERS = {
    **{name: Given(SOURCE.format(word=word)) for name, word in WORDS.items()},
    "with flask": Given(FLASK + SOURCE.format(word="")),
    "structured": Given(SOURCE.format(word="async "), ("--event-format", "structured")),
}
every_server = pytest.mark.parametrize("name", SERVERS)


def broker_before(served: Served) -> KnativeBroker:
    url = f"http://127.0.0.1:{served.server.port}"
    return KnativeBroker(
        Trigger("order", f"{url}/first", dead_letters=f"{url}/dead"),
        Trigger("made", f"{url}/second", dead_letters=f"{url}/dead"),
        Trigger("whole", f"{url}/whole"),
    )


@every_server
def test_a_reply_goes_on_to_the_next_function(servers: dict[str, Served], name: str) -> None:
    with broker_before(servers[name]) as broker:
        broker.send("order", {"does": "reply"}, "17")
        first, second = broker.replies
    assert (first.get("type"), first.get("source"), first.get("id")) == ("made", "/first", "of-17")
    assert (second.get("type"), second.get("source")) == ("second", "/second")
    assert json.loads(second.body) == {"got": {"does": "reply"}}
    assert [item.status for item in broker.deliveries] == [200, 200]


@every_server
@pytest.mark.parametrize("does", ["nothing", "text"])
def test_what_is_not_an_event_is_an_empty_answer_and_so_no_malformed_reply(
    servers: dict[str, Served], name: str, does: str
) -> None:
    with broker_before(servers[name]) as broker:
        broker.send("order", {"does": does})
        broker.send("whole", {"does": does})
    assert [item.status for item in broker.deliveries] == [200, 200]
    assert broker.replies == []


def _dead(served: Served, number: str) -> dict[str, Any]:
    """What the dead letter function was told of an event."""
    served.server.wait_for(f"OVER {number}")
    _, _, line = served.server.log.partition(f"DEAD {number} ")
    found: dict[str, Any] = json.loads(line.partition(" OVER")[0])
    return found


@every_server
def test_a_dropped_event_goes_to_the_dead_letters_at_once(
    servers: dict[str, Served], name: str
) -> None:
    with broker_before(servers[name]) as broker:
        broker.send("order", {"does": "drop"}, "dropped")
    assert [item.status for item in broker.deliveries] == [422]
    found = _dead(servers[name], "dropped")
    assert (found["code"], found["dest"]) == ("422", broker.deliveries[0].subscriber)
    assert base64.b64decode(found["data"]) == b"The event was dropped.\n"


@every_server
def test_an_event_that_is_wanted_again_comes_again_after_the_pause(
    servers: dict[str, Served], name: str
) -> None:
    with broker_before(servers[name]) as broker:
        broker.send("order", {"does": "again"}, f"again {name}")
    assert [(item.status, item.pause) for item in broker.deliveries] == [
        (503, 2.0),
        (503, 2.0),
        (200, 0.0),
    ]


@every_server
def test_an_event_that_crashes_is_tried_again_and_then_a_dead_letter(
    servers: dict[str, Served], name: str
) -> None:
    with broker_before(servers[name]) as broker:
        broker.send("order", {"does": "crash"}, "crashed")
    assert [item.status for item in broker.deliveries] == [500, 500, 500]
    found = _dead(servers[name], "crashed")
    assert found["code"] == "500"
    assert b"secret" not in base64.b64decode(found["data"])


@every_server
def test_a_malformed_event_is_a_dead_letter_at_once(servers: dict[str, Served], name: str) -> None:
    with broker_before(servers[name]) as broker:
        broker.send("order", {}, "malformed", **{"ce-specversion": "9"})
    assert [item.status for item in broker.deliveries] == [400]
