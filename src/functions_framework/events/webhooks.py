"""Requests of services that send no CloudEvents, as CloudEvents.

=================  =====================================  =======================================
sender             told by                                type of the event
=================  =====================================  =======================================
GitHub             the header `X-GitHub-Event`            `com.github.NAME[.ACTION]`
Cloud Scheduler    the header `X-CloudScheduler: true`    `google.cloud.scheduler.job.v1.executed`
Azure Event Grid   a list of events of its own schema     as its `eventType` says
Amazon SNS         the header `x-amz-sns-message-type`    `com.amazonaws.sns.KIND`, see `sns`
EventBridge        `detail-type`, `source`, `detail`      as its `detail-type` says
=================  =====================================  =======================================

Sources: GitHub, "Webhook events and payloads"; the CloudEvents adapter for GitHub; Cloud Scheduler,
"HTTP target"; Event Grid, "Event schema" and "CloudEvents schema" (how one is made of the other).
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from functions_framework.exceptions import BatchOfEvents, MalformedRequest
from functions_framework.model.json_text import decode_json, is_json, media_type

from .binding import Parts, now

if TYPE_CHECKING:
    from functions_framework.model.message import Message

SCHEDULER_TYPE = "google.cloud.scheduler.job.v1.executed"
GITHUB_TYPES = ("com.github.*", "dev.knative.source.github.*")
GITHUB_SIGNATURE = "x-hub-signature-256"

_GITHUB = "https://api.github.com"
# Event Grid's name of a member, and the CloudEvent's attribute.
_GRID = {
    "id": "id",
    "topic": "source",
    "eventType": "type",
    "subject": "subject",
    "eventTime": "time",
    "dataVersion": "dataversion",
}


def is_validation(kind: str | None) -> bool:
    """Whether a request is Event Grid's question for its code, by its `aeg-event-type`."""
    return kind is not None and kind.lower() == "subscriptionvalidation"


def told_by_header(message: Message) -> Parts | None:
    """The event of a request of GitHub or Cloud Scheduler, None for any other.

    Raises:
        MalformedRequest: it says what it is and is not.
    """
    name = message.header("x-github-event")
    if name:
        return _from_github(message, name)
    if (message.header("x-cloudscheduler") or "").lower() == "true":
        return _from_scheduler(message)
    return None


def told_otherwise(message: Message) -> Parts | None:
    """The event of a request of the other services; asked of what is not a push of Pub/Sub.

    Raises:
        MalformedRequest: it says what it is and is not.
        BatchOfEvents: it holds events of Event Grid's schema.
    """
    if message.header("x-amz-sns-message-type"):
        from .sns import from_sns

        return from_sns(message)
    if is_json(message.content_type):
        if message.body[:1] == b"[":
            _raise_grid_events(decode_json(message.body))
        elif b'"detail-type"' in message.body:
            return _from_eventbridge(decode_json(message.body))
    return None


def _from_github(message: Message, name: str) -> Parts:
    body = message.body
    if media_type(message.content_type or "") == "application/x-www-form-urlencoded":
        body = parse_qs(body.decode("utf-8", "replace")).get("payload", [""])[0].encode()
    delivery = message.header("x-github-delivery")
    if not delivery:
        raise MalformedRequest("The GitHub webhook has no X-GitHub-Delivery, which names it.")
    payload = decode_json(body)
    if not isinstance(payload, dict):
        raise MalformedRequest("The payload of a GitHub webhook is a JSON object; this is none.")
    action, repository = payload.get("action"), payload.get("repository")
    full_name = repository.get("full_name") if isinstance(repository, dict) else None
    kind = f"com.github.{name}"
    attributes = {
        "specversion": "1.0",
        "id": delivery,
        "source": f"{_GITHUB}/repos/{full_name}" if isinstance(full_name, str) else _GITHUB,
        "type": f"{kind}.{action}" if isinstance(action, str) and action else kind,
        "time": now(),
        "datacontenttype": "application/json",
    }
    return Parts(attributes, payload)


def _from_scheduler(message: Message) -> Parts:
    job = message.header("x-cloudscheduler-jobname") or "-"
    time = message.header("x-cloudscheduler-scheduletime") or now()
    attributes = {
        "specversion": "1.0",
        "id": f"{job}/{time}",  # of every attempt of this run
        "source": f"//cloudscheduler.googleapis.com/jobs/{job}",
        "type": SCHEDULER_TYPE,
        "time": time,
        "datacontenttype": "application/json",
    }
    return Parts(attributes, {"customData": base64.b64encode(message.body).decode()})


def _from_eventbridge(payload: Any) -> Parts | None:
    from .eventbridge import event_of, is_envelope
    from .structured import decode_structured

    return decode_structured(decode_json(event_of(payload).body)) if is_envelope(payload) else None


def _raise_grid_events(payload: Any) -> None:
    if payload and all(isinstance(item, dict) and "eventType" in item for item in payload):
        raise BatchOfEvents([json.dumps(from_event_grid(item)).encode() for item in payload])


def from_event_grid(event: dict[str, Any]) -> dict[str, Any]:
    """An event of Event Grid's own schema as a CloudEvent in the JSON format."""
    members = {new: event[old] for old, new in _GRID.items() if event.get(old) is not None}
    return {
        "specversion": "1.0",
        **members,
        "source": members.get("source", "/eventgrid"),
        "datacontenttype": "application/json",
        "data": event.get("data"),
    }
