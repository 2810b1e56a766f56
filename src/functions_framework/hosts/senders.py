"""Who sent an event, and how that sender reads a response.

==================  ============================  ==========  =======================  =========
sender              told by                       `Retry`     `Drop`                   attempt
==================  ============================  ==========  =======================  =========
Knative             `Prefer: reply`               503         422: to the dead letters  not told
Azure Event Grid    `aeg-event-type`              503         400: to the dead letters  header
Amazon SNS          `x-amz-sns-message-type`      503         400: to the dead letters  not told
Cloud Tasks         `x-cloudtasks-taskretrycount` 503         200: done                 header
Amazon SQS          `x-amz-sqs-receive-count`     503: failed 200: deleted              header
Azure Functions     `x-azure-functions-retrycount` 503        200: done                 header
Pub/Sub, Eventarc   none of these                 503         200: acknowledged         body
any other           none of these                 503         200: acknowledged         not told
==================  ============================  ==========  =======================  =========

All of them send again after a 503, Knative after the seconds of `Retry-After`. Sources: Knative
eventing, data plane contract; Event Grid, "delivery and retry" and "message headers"; SNS, "message
delivery retries"; Cloud Tasks, "HTTP target tasks"; Pub/Sub, "push subscriptions"; SQS,
`ReceiveMessage`. SQS sends no requests: the adapter for Lambda makes them (`platforms.aws_lambda`),
and the attempt it counts is this one, not those before. That of Azure Functions is set by
`platforms.azure`, of what an invocation says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_framework.model.message import EVENT_TAKEN, Reply
from functions_framework.runtime.values import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


AZURE_RETRIES = "x-azure-functions-retrycount"
"""The field that tells how often the host of Azure Functions has delivered an event before."""


class _Sender(NamedTuple):
    """One row of the table.

    Attributes:
        header: the field that tells it.
        beginning: what its value begins with.
        drop: the status after which it never sends an event again.
        attempt: the field that counts attempts before this one.
        first: what that field has at the first attempt.
    """

    header: str
    beginning: str
    drop: int
    attempt: str | None = None
    first: int = 0


SQS_RECEIVED = "x-amz-sqs-receive-count"
"""Header field of a message of SQS: how often it was received, this time included."""

_SENDERS = (
    _Sender("prefer", "reply", 422),
    _Sender("aeg-event-type", "", 400, "aeg-delivery-count"),
    _Sender("x-amz-sns-message-type", "", 400),
    _Sender("x-cloudtasks-taskretrycount", "", 200, "x-cloudtasks-taskretrycount"),
    _Sender(SQS_RECEIVED, "", 200, SQS_RECEIVED, 1),
    _Sender(AZURE_RETRIES, "", 200, AZURE_RETRIES),
)
_OTHER = _Sender("", "", 200)
_NO_REPLY = EVENT_TAKEN._replace(body=b"")


def _sender(header: Callable[[str], str | None]) -> _Sender:
    for sender in _SENDERS:
        value = header(sender.header)
        if value is not None and value.lower().startswith(sender.beginning):
            return sender
    return _OTHER


def dropped_status(header: Callable[[str], str | None]) -> int:
    """The status after which the sender of a request never sends its event again.

    Args:
        header: a field of the request by its lower-case name, None where it is absent.
    """
    return _sender(header).drop


def taken(prefer: str) -> Reply:
    """The response to an event without a reply, for a request that has a `Prefer` field.

    Knative's brokers take a body that isn't an event for a malformed reply, and resend the event.
    """
    return _NO_REPLY if prefer.lower().startswith("reply") else EVENT_TAKEN


def attempt_of(header: Callable[[str], str | None], arguments: tuple[Any, ...]) -> int | None:
    """Which attempt to deliver its event a request is, from 1 on; None where nobody says.

    Args:
        header: as for `dropped_status`.
        arguments: what the function was called with; Pub/Sub counts in the event, where the
            subscription has a dead-letter topic.
    """
    sender = _sender(header)
    if sender.attempt is not None:
        counted = header(sender.attempt) or ""
        return int(counted) + 1 - sender.first if counted.isdecimal() else None
    for argument in arguments:
        found = getattr(argument, "delivery_attempt", None)
        data = getattr(argument, "data", None)
        if found is None and isinstance(data, dict):
            found = data.get("deliveryAttempt")
        if isinstance(found, int):
            return found
    return None
