"""Background events to CloudEvents and back, by the tables; no bytes and no headers here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn

from functions_framework.exceptions import EventConversionException

from . import tables
from .background import PUBSUB_MESSAGE, BackgroundEvent
from .binding import Parts, now

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCE = re.compile(r"//([^/]+)/(.*)", re.DOTALL)
_LOCATION = re.compile(r"/locations/[^/]+")


def _refuse(reason: str) -> NoReturn:
    raise EventConversionException(f"EventConversionException: {reason}")


def to_cloud_event(event: BackgroundEvent) -> Parts:
    """Convert a background event by tables A, B and C.

    Raises:
        EventConversionException: its type is in no table, or its parts do not fit their row.
    """
    kind = tables.CLOUD_EVENT_TYPES.get(_text(event.event_type, "event type"))
    if kind is None:
        _refuse(
            "the background event's type has no CloudEvent type; docs/event.md lists which have."
        )
    service, name = _service_and_name(event)
    tail, subject = _split(service, name)
    data = event.data
    if service == tables.PUBSUB:
        data = _wrap_message(event)
    elif service == tables.DATABASE:
        tail = _with_location(tail, event.domain)
    elif service == tables.AUTH:
        data = _rename_metadata(data, tables.AUTH_METADATA)
        subject = _user(data)
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": _text(event.event_id, "event id"),
        "type": kind,
        "source": f"//{service}/{tail}",
        "time": event.timestamp or now(),
        "datacontenttype": "application/json",
    }
    if subject:
        attributes["subject"] = subject
    return Parts(attributes, data)


def _text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value:
        _refuse(f"the background event's {what} must be text that is not empty.")
    return value


def _service_and_name(event: BackgroundEvent) -> tuple[str, str]:
    resource = event.resource
    service = None
    if isinstance(resource, dict):
        service, resource = resource.get("service"), resource.get("name")
    if not isinstance(resource, str):
        _refuse("the background event's resource must be a name, or an object that has one.")
    if not service:
        prefixes = tables.SERVICES.items()
        service = next(found for start, found in prefixes if event.event_type.startswith(start))
    if not isinstance(service, str):
        _refuse("the service of the background event's resource must be text.")
    return service, resource


def _split(service: str, name: str) -> tuple[str, str]:
    split = tables.SPLITS.get(service)
    if split is None:
        return name, ""
    found = split.pattern.fullmatch(name)
    if found is None:
        _refuse(f"the resource of a {service} event must look like {split.shape}.")
    return found["source"], found["subject"]


def _wrap_message(event: BackgroundEvent) -> dict[str, Any]:
    if not isinstance(event.data, dict):
        _refuse("the data of a Pub/Sub event must be a JSON object.")
    message = dict(event.data)
    message.setdefault("messageId", event.event_id)
    message.setdefault("publishTime", event.timestamp)
    if event.ordering_key is not None:
        message.setdefault("orderingKey", event.ordering_key)
    if event.delivery_attempt is None:
        return {"message": message}
    return {"message": message, "deliveryAttempt": event.delivery_attempt}


def _with_location(tail: str, domain: object) -> str:
    if not isinstance(domain, str) or not domain.partition(".")[0]:
        _refuse("a Realtime Database event needs 'domain', text beside 'context'.")
    location = domain.partition(".")[0]
    if domain == tables.DATABASE_DEFAULT_DOMAIN:
        location = tables.DATABASE_DEFAULT_LOCATION
    project, _, instance = tail.partition("/instances/")
    return f"{project}/locations/{location}/instances/{instance}"


def _rename_metadata(data: Any, names: Mapping[str, str]) -> Any:
    metadata = data.get("metadata") if isinstance(data, dict) else None
    if not isinstance(metadata, dict):
        return data
    renamed = {names.get(name, name): value for name, value in metadata.items()}
    return {**data, "metadata": renamed}


def _user(data: object) -> str:
    uid = data.get("uid") if isinstance(data, dict) else None
    return f"users/{uid}" if isinstance(uid, str) and uid else ""


def has_background_form(attributes: Mapping[str, Any]) -> bool:
    """Whether a CloudEvent's type is one that `to_background_event` converts."""
    kind = attributes.get("type")
    return isinstance(kind, str) and kind in tables.BACKGROUND_TYPES


def to_background_event(parts: Parts) -> BackgroundEvent:
    """Convert a checked CloudEvent whose type `has_background_form`.

    Raises:
        EventConversionException: its source, subject or data do not fit their row.
    """
    attributes, data = parts
    found = _SOURCE.fullmatch(attributes["source"])
    if found is None:
        _refuse("the CloudEvent's source must look like //SERVICE/NAME.")
    service, name = found.groups()
    resource: Any
    if service == tables.PUBSUB:
        resource = {"service": service, "name": name, "type": PUBSUB_MESSAGE}
        data = _unwrap_message(data)
    elif service == tables.AUTH:
        resource = name
        data = _rename_metadata(data, tables.AUTH_METADATA_BACK)
    elif service == tables.STORAGE:
        resource = {
            "name": f"{name}/{_subject(attributes, service)}",
            "service": service,
            "type": _kind(attributes, data),
        }
    elif attributes["type"] == tables.REMOTE_CONFIG_TYPE:
        resource = name
    else:
        if service == tables.DATABASE:
            name = _LOCATION.sub("", name)
        resource = f"{name}/{_subject(attributes, service)}"
    return BackgroundEvent(
        data,
        attributes["id"],
        attributes["time"],
        tables.BACKGROUND_TYPES[attributes["type"]],
        resource,
    )


def without_mapping(parts: Parts) -> BackgroundEvent:
    """Give a CloudEvent of any other type as it is, its attributes as context.

    The attributes `eventid`, `timestamp`, `eventtype` and `resource`, which some senders add for
    background functions, come first.
    """
    attributes, data = parts
    return BackgroundEvent(
        data,
        attributes.get("eventid", attributes["id"]),
        attributes.get("timestamp", attributes["time"]),
        attributes.get("eventtype", attributes["type"]),
        attributes.get("resource", attributes["source"]),
    )


def _subject(attributes: Mapping[str, Any], service: str) -> str:
    subject = attributes.get("subject")
    if not isinstance(subject, str) or not subject:
        _refuse(f"a CloudEvent of {service} needs a subject.")
    return subject


def _kind(attributes: Mapping[str, Any], data: object) -> Any:
    if not isinstance(data, dict):
        _refuse("the data of a storage CloudEvent must be a JSON object.")
    # Other senders than the service itself leave the kind out.
    return data.get("kind", attributes["type"])


def _unwrap_message(data: object) -> Any:
    if isinstance(data, list):
        return data
    message = data.get("message", data) if isinstance(data, dict) else None
    if not isinstance(message, dict):
        _refuse("the data of a Pub/Sub CloudEvent must be a JSON object with 'message'.")
    unwrapped = dict(message)
    for name in ("messageId", "publishTime"):
        unwrapped.pop(name, None)
    return unwrapped
