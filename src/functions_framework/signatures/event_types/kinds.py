"""The types of decoded events there are: by name, and by what a function's annotation says."""

from __future__ import annotations

import sys
import types
import typing
from typing import Any, Final

from functions_framework.runtime.values import NamedTuple

if typing.TYPE_CHECKING:
    from .event_value import EventValue

HOMES: Final = {
    "AuditLog": "audit_log",
    "AuthUser": "firebase",
    "DatabaseChange": "firebase",
    "DynamoDBChange": "dynamodb",
    "EventGridEvent": "event_grid",
    "FirestoreChange": "firestore",
    "GitHubWebhook": "github",
    "KafkaRecord": "kafka",
    "KinesisRecord": "kinesis",
    "PubSubMessage": "pubsub",
    "S3Object": "s3",
    "SchedulerJob": "scheduler",
    "SnsMessage": "sns",
    "SqsMessage": "sqs",
    "StorageObject": "storage",
}
"""Each type by name, with the module of this folder that it is in."""

_BASE = f"{__package__}.event_value"


class Wanted(NamedTuple):
    """A type of decoded events that an annotation names.

    Attributes:
        cls: the type.
        content: what stands in its brackets, None without any.
    """

    cls: type[EventValue]
    content: Any


def wanted_by(annotation: object) -> list[Wanted]:
    """The types that a resolved annotation names, none where it is about something else.

    A union of them names each; a union with anything else is a note for readers.
    """
    base = sys.modules.get(_BASE)
    if base is None:  # nobody has imported any
        return []
    members = [annotation]
    if typing.get_origin(annotation) in {typing.Union, types.UnionType}:
        members = list(typing.get_args(annotation))
    found = []
    for member in members:
        cls: Any = typing.get_origin(member) or member
        if not (isinstance(cls, type) and issubclass(cls, base.EventValue)):
            return []
        found.append(Wanted(cls, next(iter(typing.get_args(member)), None)))
    return found


def names_one(annotation: str) -> bool:
    """Whether the text of an annotation holds the name of a type."""
    return any(name in annotation for name in HOMES)
