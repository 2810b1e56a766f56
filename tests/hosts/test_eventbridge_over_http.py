"""What a rule of EventBridge sends to an API destination: its envelope, as on Lambda."""

from __future__ import annotations

from typing import Any

import pytest

from functions_framework.events import cloudevents
from functions_framework.platforms.aws_lambda.batch import events_of
from support.aws_events import payload
from support.cloud_event_calls import JSON, every_host, send, taken

# As API destinations send it.
FIELDS = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Amazon/EventBridge/ApiDestinations",
}
OWN = {"specversion": "1.0", "id": "7", "source": "/shop", "type": "order", "data": {"order": 17}}


@every_host
@pytest.mark.parametrize("name", ["eventbridge", "scheduled", "scheduler"])
def test_an_event_is_the_one_that_lambda_has(host: str, name: str) -> None:
    event = taken(host, payload(name), FIELDS)
    wanted = cloudevents.decode(events_of(payload(name))[0].message)
    assert event.get_attributes() == wanted.get_attributes()
    assert event.data == wanted.data


@every_host
def test_a_detail_that_is_a_cloud_event_is_that_one(host: str) -> None:
    event = taken(host, {**payload("eventbridge"), "detail": OWN}, FIELDS)
    assert (event["id"], event["type"], event.data) == ("7", "order", {"order": 17})


@every_host
@pytest.mark.parametrize(
    "changes", [{"id": None}, {"id": 7}, {"source": ""}, {"detail-type": None}, {"detail-type": 1}]
)
def test_one_without_what_names_it_is_refused(host: str, changes: dict[str, Any]) -> None:
    answer, event = send(host, {**payload("eventbridge"), **changes}, FIELDS)
    assert (answer.status, answer.body.count(b"\n"), event) == (400, 1, None)


@every_host
@pytest.mark.parametrize("missing", ["detail-type", "source", "detail"])
def test_what_lacks_a_member_is_none(host: str, missing: str) -> None:
    whole = payload("eventbridge")
    del whole[missing]
    answer, event = send(host, whole, FIELDS)
    assert (answer.status, event) == (400, None)
    assert b"MissingRequiredFields" in answer.body


@every_host
def test_a_background_event_may_hold_one(host: str) -> None:
    sent = {
        "context": {
            "eventId": "E",
            "eventType": "google.pubsub.topic.publish",
            "timestamp": "2026-01-01T00:00:00Z",
            "resource": {"service": "pubsub.googleapis.com", "name": "projects/p/topics/t"},
        },
        "data": {"attributes": {}, "detail": payload("eventbridge")},
    }
    assert taken(host, sent, JSON)["type"] == "google.cloud.pubsub.topic.v1.messagePublished"
