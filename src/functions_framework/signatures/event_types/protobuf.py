"""Event data of the type `application/protobuf`, as the JSON that proto3 maps it to.

Eventarc sends Firestore's events so. The descriptions of the messages are those of the package
`google-events`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.json_text import media_type

from .refusals import InvalidEventData, article

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE = "application/protobuf"


def json_of(data: bytes, attributes: Mapping[str, Any], cls: type[Any], described: str) -> Any:
    """The JSON object of an event's bytes.

    Args:
        data: the bytes.
        attributes: of the event.
        cls: what is made of it, for messages.
        described: where the message is described, `module:class`.

    Raises:
        InvalidConfigurationException: `google-events` is not installed.
        InvalidEventData: the bytes aren't such a message, or the event declares another type.
    """
    if media_type(str(attributes.get("datacontenttype") or "")) != MEDIA_TYPE:
        raise InvalidEventData(
            f"The event is not {article(cls)}: its data is neither JSON nor {MEDIA_TYPE}."
        )
    message = _part_of(cls, described)
    to_dict = _part_of(cls, "google.protobuf.json_format:MessageToDict")
    undecodable = _part_of(cls, "google.protobuf.message:DecodeError")
    try:
        return to_dict(message.pb(message.deserialize(data)))
    except undecodable:
        raise InvalidEventData(
            f"The event is not {article(cls)}: its data is not the message that {MEDIA_TYPE} says."
        ) from None


def _part_of(cls: type[Any], place: str) -> Any:
    module, _, name = place.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise InvalidConfigurationException(
            f"The event is {article(cls)} in {MEDIA_TYPE}, which the package google-events reads "
            f"({error}). Install functions-framework[google-events]."
        ) from error
