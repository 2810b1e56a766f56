"""The example of Azure Functions, run by what plays its host."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.functions_host import FunctionsHost

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

EXAMPLE = Path(__file__).parents[3] / "examples" / "azure_functions"
TIMER = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": True}


@pytest.fixture(scope="module", params=["sent on", "invoked"])
def host(request: pytest.FixtureRequest) -> Iterator[FunctionsHost]:
    with FunctionsHost(EXAMPLE, enableProxyingHttpRequest=request.param == "sent on") as started:
        yield started


def test_http(host: FunctionsHost) -> None:
    answer = host.http("GET", "/hello?name=Ada", {"X-Forwarded-For": "203.0.113.9:1"})
    assert (answer.status, json.loads(answer.body)) == (200, {"message": "Hello Ada!"})
    assert answer.headers["content-type"] == "application/json"


def test_a_message_becomes_another(host: FunctionsHost) -> None:
    (done,) = host.queue("price", '{"item": "tea", "count": 3}')
    invoice: Any = json.loads(done.returned)
    assert invoice["type"] == "com.example.invoice"
    assert invoice["data"] == {"item": "tea", "total": 7.5}
    assert done.logs == [f"Priced order {invoice['id'].removeprefix('invoice-')}"]


def test_a_message_that_is_dropped_is_done(host: FunctionsHost) -> None:
    (done,) = host.queue("price", '{"item": "sofa", "count": 1}')
    assert done.returned is None
    assert done.logs == ["WARNING: The function dropped the event: there is no such item"]


def test_a_message_that_fails_goes_to_the_poison_queue(host: FunctionsHost) -> None:
    host.poison.clear()
    done = host.queue("price", "no order")
    assert [one.status for one in done] == [500] * 5
    assert host.poison == {"price": ["no order"]}


def test_a_timer(host: FunctionsHost) -> None:
    done = host.trigger("nightly", TIMER, {"TimerTrigger": datetime.now(timezone.utc)})
    assert done.is_success
    assert done.logs == ["Cleaned up, late"]
