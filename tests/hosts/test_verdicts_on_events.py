"""What an event function decides about its event, in terms of each sender, on every host."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework import Drop, Retry
from functions_framework.api.registrations import Registrations
from functions_framework.hosts.registered import with_registered
from functions_framework.model.function import Function, Signature
from support.callers import raiser
from support.in_memory import EVENT_HOSTS, Answer, serve
from support.served_source import EVENT, served

if TYPE_CHECKING:
    from pathlib import Path

BACKGROUND = b'{"context": {"eventId": "1"}, "data": {}}'
JSON = {"content-type": "application/json"}
KNATIVE = {"Prefer": "reply"}
EVENT_GRID = {"aeg-event-type": "Notification"}
SNS = {"x-amz-sns-message-type": "Notification"}


def ask(
    host: str,
    error: BaseException,
    sender: dict[str, str] | None = None,
    signature: Signature = Signature.CLOUDEVENT,
) -> Answer:
    """Raise in a function that gets an event of a sender."""
    send = serve(host, raiser(error), signature)
    if signature is Signature.EVENT:
        return send("POST", "/", {**JSON, **(sender or {})}, BACKGROUND)
    return send("POST", "/", {**EVENT, **(sender or {})})


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize("sender", [{}, KNATIVE, EVENT_GRID, SNS], ids=str)
@pytest.mark.parametrize("signature", [Signature.CLOUDEVENT, Signature.EVENT], ids=str)
def test_an_event_is_asked_for_again(
    host: str, sender: dict[str, str], signature: Signature, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = ask(host, Retry(after=2.2, reason="busy"), sender, signature)
    assert (answer.status, answer.headers["retry-after"]) == (503, "3")
    assert "busy" not in answer.body.decode()
    (record,) = caplog.records
    assert record.getMessage() == "The function wants the event again: busy"
    fields: Any = record.__dict__["json_fields"]
    assert fields == {"verdict": "retry", "reason": "busy", "after_seconds": 2.2}


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_without_a_time_none_is_named(host: str) -> None:
    answer = ask(host, Retry())
    assert (answer.status, answer.is_crash) == (503, False)
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize(
    ("sender", "status"), [({}, 200), (KNATIVE, 422), (EVENT_GRID, 400), (SNS, 400)], ids=str
)
def test_a_dropped_event_goes_where_the_sender_puts_such_events(
    host: str, sender: dict[str, str], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = ask(host, Drop("bad schema"), sender)
    assert (answer.status, answer.body) == (status, b"The event was dropped.\n")
    assert [item.getMessage() for item in caplog.records] == [
        "The function dropped the event: bad schema"
    ]


@pytest.mark.parametrize("after", [-1, float("inf"), float("nan"), "60"])
def test_what_is_not_a_time_is_refused(after: Any) -> None:
    with pytest.raises(ValueError, match="expected seconds, 0 or more"):
        Retry(after=after)


def test_functions_are_told_of_their_modules_hooks_only_where_there_are_some() -> None:
    functions = [Function(print, "f", Signature.CLOUDEVENT)]
    assert with_registered(functions, Registrations()) is functions
    (told,) = with_registered(functions, Registrations(dropped_hooks=[print]))
    assert told.options["on_dropped"] == (print,)


def test_a_hook_that_cannot_be_called_is_refused_where_it_stands() -> None:
    def gone(event: Any) -> None: ...

    with pytest.raises(TypeError, match=r"'gone' takes .*, and is called with two arguments"):
        functions_framework.on_dropped(gone)  # type: ignore[type-var]


SOURCE = """
import functions_framework
from functions_framework import Drop, Retry

@functions_framework.on_dropped
{word}def keep(event, reason):
    if reason == "fail":
        raise RuntimeError("the hook failed")
    number = event["id"] if hasattr(event, "data") else event[1].event_id
    print("KEPT", number, reason, file=__import__("sys").stderr, flush=True)

@functions_framework.cloud_event(path="/drop")
{word}def on_event(event):
    raise Drop(event["type"])

@functions_framework.event(path="/background")
{word}def on_background(data, context):
    raise Drop("bad")

@functions_framework.cloud_event(path="/again")
{word}def again(event):
    raise Retry(after=60)
"""


@pytest.mark.parametrize("word", ["", "async "], ids=["def", "async def"])
@pytest.mark.parametrize("flask", ["", "import flask\n"], ids=["alone", "with flask"])
def test_dropped_events_reach_the_hook_over_a_real_server(
    tmp_path: Path, word: str, flask: str
) -> None:
    with served(tmp_path, flask + SOURCE.format(word=word)) as (server, client):
        headers = {**EVENT, "Prefer": "reply"}
        assert client.post("/drop", headers=headers).status_code == 422
        server.wait_for("KEPT 1 t")
        assert client.post("/background", headers=JSON, content=BACKGROUND).status_code == 200
        server.wait_for("KEPT 1 bad")
        assert client.post("/again", headers=EVENT).headers["retry-after"] == "60"
        answer = client.post("/drop", headers={**headers, "ce-type": "fail"})
        assert (answer.status_code, answer.headers["x-google-status"]) == (500, "crash")
        server.wait_for("the hook failed")


BESIDE = """
import asyncio, sys
import functions_framework
from functions_framework import Drop, cloud_event, idempotent

loops = []

@functions_framework.on_dropped
async def keep(event, reason):
    same = loops == [asyncio.get_running_loop()]
    print("HOOK", same, file=sys.stderr, flush=True)

@functions_framework.http(path="/async")
async def beside(request):
    loops.append(asyncio.get_running_loop())
    return "ok"

{above}
@cloud_event(path="/drop")
def on_event(event):
    raise Drop("bad")
"""


@pytest.mark.parametrize("above", ["", "@idempotent"], ids=["plain", "idempotent"])
def test_a_hook_runs_on_the_loop_of_the_functions(tmp_path: Path, above: str) -> None:
    with served(tmp_path, BESIDE.format(above=above)) as (server, client):
        assert client.get("/async").text == "ok"
        client.post("/drop", headers=EVENT)
        server.wait_for("HOOK True")
