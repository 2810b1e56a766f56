"""`max_attempts`: an event that failed often enough is dropped, where its sender counts."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework import Drop, Retry, aio
from functions_framework.hosts.senders import attempt_of
from functions_framework.hosts.verdicts import NotCalled
from functions_framework.model.function import Signature
from support.callers import raiser
from support.in_memory import EVENT_HOSTS, Answer, serve
from support.served_source import EVENT, served

if TYPE_CHECKING:
    from pathlib import Path

JSON = {"Content-Type": "application/json"}
PATH = "/projects/p/topics/t"
every_host = pytest.mark.parametrize("host", EVENT_HOSTS)


def push(attempt: Any = None) -> bytes:
    """What a push subscription sends; it counts where it has a dead-letter topic."""
    counted = {} if attempt is None else {"deliveryAttempt": attempt}
    message = {"messageId": "1", "data": "aGk=", "publishTime": "2026-01-01T00:00:00Z"}
    return json.dumps({"message": message, "subscription": "s", **counted}).encode()


def ask(
    host: str,
    error: BaseException,
    headers: dict[str, str],
    body: bytes = b"",
    told: list[Any] | None = None,
) -> Answer:
    """Fail at an event of a function that may be tried three times."""
    hooks = () if told is None else (lambda event, reason: told.append(reason),)
    options = {"max_attempts": 3, "on_dropped": hooks}
    send = serve(host, raiser(error), Signature.CLOUDEVENT, options=options)
    return send("POST", PATH, headers, body)


GRID = {**EVENT, "aeg-event-type": "Notification"}
TASKS = dict(EVENT)
SENDERS: dict[str, Any] = {
    "Pub/Sub push": (lambda number: (JSON, push(number)), 200),
    "Event Grid": (lambda number: ({**GRID, "aeg-delivery-count": str(number - 1)}, b""), 400),
    "Cloud Tasks": (
        lambda number: ({**TASKS, "X-CloudTasks-TaskRetryCount": str(number - 1)}, b""),
        200,
    ),
    "SQS": (lambda number: ({**TASKS, "X-Amz-Sqs-Receive-Count": str(number)}, b""), 200),
}


@every_host
@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize(
    ("error", "earlier", "reason"),
    [
        (ValueError("secret"), 500, "attempt 3 of 3 failed: ValueError"),
        (Retry(after=5, reason="busy"), 503, "attempt 3 of 3 failed: busy"),
        (Retry(), 503, "attempt 3 of 3 failed"),
    ],
)
def test_the_last_attempt_that_fails_drops_the_event(  # noqa: PLR0917
    host: str,
    sender: str,
    error: Exception,
    earlier: int,
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    request, dropped = SENDERS[sender]
    told: list[Any] = []
    headers, body = request(2)
    assert ask(host, error, headers, body, told).status == earlier
    assert told == []
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        headers, body = request(3)
        answer = ask(host, error, headers, body, told)
    assert (answer.status, told, answer.is_crash) == (dropped, [reason], False)
    decided = [
        item.__dict__["json_fields"] for item in caplog.records if "json_fields" in item.__dict__
    ]
    assert {"verdict": "dropped", "reason": reason} in decided
    assert ("secret" in caplog.text) is isinstance(error, ValueError)
    assert ask(host, error, *request(4)).status == dropped


@every_host
def test_who_does_not_count_is_asked_to_send_again_for_ever(host: str) -> None:
    assert ask(host, ValueError(), EVENT).status == 500
    assert ask(host, Retry(), JSON, push()).status == 503
    assert ask(host, Retry(), {**GRID, "aeg-delivery-count": "many"}).status == 503
    assert ask(host, Retry(), JSON, push("3")).status == 503


@every_host
def test_an_exit_is_a_crash_and_a_drop_keeps_its_reason(host: str) -> None:
    told: list[Any] = []
    assert ask(host, SystemExit(3), JSON, push(3), told).is_crash
    assert ask(host, Drop("bad"), JSON, push(3), told).status == 200
    assert told == ["bad"]


@every_host
def test_a_hook_that_fails_keeps_the_event(host: str) -> None:
    options = {"max_attempts": 1, "on_dropped": (raiser(OSError("hook")),)}
    send = serve(host, raiser(ValueError()), Signature.CLOUDEVENT, options=options)
    assert send("POST", PATH, JSON, push(1)).is_crash


@every_host
def test_an_event_whose_twin_is_in_progress_is_not_dropped(host: str) -> None:
    told: list[Any] = []
    assert ask(host, NotCalled(after=1), JSON, push(9), told).status == 503
    assert told == []


def test_a_number_that_is_none_is_refused() -> None:
    for decorate in (functions_framework.cloud_event, aio.cloud_event):
        for number in (0, -1, 2.0, "3", True):
            wrong: Any = number
            with pytest.raises(ValueError, match="expected a number, 1 or more"):
                decorate(max_attempts=wrong)
        with pytest.raises(ValueError, match="leave it out with batch=True"):
            decorate(max_attempts=3, batch=True)


def test_a_type_that_knows_its_attempt_is_asked() -> None:
    class Message:
        delivery_attempt = 7

    assert attempt_of(lambda _: None, (Message(),)) == 7
    assert attempt_of(lambda _: None, (object(),)) is None


SOURCE = """
import sys
import functions_framework

@functions_framework.on_dropped
{word}def keep(event, reason):
    print("KEPT", event.data["message"]["messageId"], reason, file=sys.stderr, flush=True)

@functions_framework.cloud_event(max_attempts=5)
{word}def hello(event):
    raise ValueError("on purpose")
"""


@pytest.mark.parametrize("word", ["", "async "], ids=["def", "async def"])
def test_over_a_real_server(tmp_path: Path, word: str) -> None:
    flags = ("--metrics-port", "0")
    with served(tmp_path, SOURCE.format(word=word), *flags) as (server, client):
        assert client.post(PATH, headers=JSON, content=push(4)).status_code == 500
        assert client.post(PATH, headers=JSON, content=push(5)).status_code == 200
        server.wait_for("KEPT 1 attempt 5 of 5 failed: ValueError")
