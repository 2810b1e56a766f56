"""What kind of payload an invoke brings, told by its keys; reading it is left to others.

===========  ==============================================================  =======================
shape        told by                                                         read in
===========  ==============================================================  =======================
`HTTP_1`     `httpMethod` and `path`: REST APIs, HTTP APIs with format 1.0   `incoming`
`HTTP_2`     `requestContext.http` and `version` 2.0: HTTP APIs, function    `incoming`
             URLs
`ALB`        `requestContext.elb`: an Application Load Balancer              `incoming`
`EVENTS`     records, EventBridge's envelope, a batch of Kafka's,            `batch`
             CloudWatch Logs; a list of records, from a pipe
`DIRECT`     anything else: somebody's own payload                           `direct`
===========  ==============================================================  =======================

Sources: Lambda developer guide and API Gateway developer guide, the page of each service.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

_ARN = ("methodArn", "routeArn")
"""What requests to a Lambda authorizer have, which look like HTTP requests else."""


class Shape(Enum):
    """See the module."""

    HTTP_1 = "request of an API (format 1.0)"
    HTTP_2 = "request of an API or a function URL (format 2.0)"
    ALB = "request of a load balancer"
    EVENTS = "events of an AWS service"
    DIRECT = "payload of a direct invoke"


def shape_of(payload: Any) -> Shape:
    """The shape of what Lambda handed over, whatever that is."""
    if type(payload) is not dict:
        is_piped = type(payload) is list and _are_records(payload)
        return Shape.EVENTS if is_piped else Shape.DIRECT
    context = payload.get("requestContext")
    if type(context) is dict:
        if "http" in context and payload.get("version") == "2.0":
            return _unless_authorizer(payload, Shape.HTTP_2)
        if "elb" in context:
            return Shape.ALB
    if "httpMethod" in payload and "path" in payload:
        return _unless_authorizer(payload, Shape.HTTP_1)
    return Shape.EVENTS if _holds_events(payload) else Shape.DIRECT


def _unless_authorizer(payload: dict[str, Any], shape: Shape) -> Shape:
    return Shape.DIRECT if any(name in payload for name in _ARN) else shape


def _holds_events(payload: dict[str, Any]) -> bool:
    records = payload.get("Records")
    if type(records) is list and records:
        return _are_records(records)
    if "detail-type" in payload:
        return "source" in payload and "detail" in payload
    if type(payload.get("awslogs")) is dict:
        return "data" in payload["awslogs"]
    return "eventSource" in payload and type(payload.get("records")) is dict


def _are_records(found: list[Any]) -> bool:
    return any(
        type(one) is dict and ("eventSource" in one or "EventSource" in one) for one in found
    )


def keys_of(payload: Any) -> str:
    """What a message may say of a payload: its keys, or what it is where it has none."""
    if not isinstance(payload, dict):
        return f"a {type(payload).__name__}"
    names = [ascii(name[:_LONGEST_NAME]) for name in payload]
    shown = ", ".join(names[:_MOST_NAMED])
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"an object with the keys {shown}{more}" if names else "an empty object"


_MOST_NAMED, _LONGEST_NAME = 12, 40
