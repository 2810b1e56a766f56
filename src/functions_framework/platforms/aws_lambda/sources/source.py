"""What is known of a service, and how its records are read; no service is known here."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.exceptions import InvalidPayload

if TYPE_CHECKING:
    from functions_framework.model.message import Message

Record = Mapping[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Source(NamedTuple):
    """A service.

    Attributes:
        name: its `eventSource`, or what stands for it.
        read: the CloudEvent of a record; raises `InvalidPayload` for one that is malformed.
        records: the records of a payload.
        identifier: what a partial batch response calls a record; None where the service takes no
            such response. Raises `InvalidPayload` for one that has none.
        is_ordered: whether the records of a payload must be handled one after another.
        lane: what the order is kept in, such as a partition: a response names the first record of
            each that isn't done. None where it names all of them.
    """

    name: str
    read: Callable[[Any], Message]
    records: Callable[[Any], list[Any]] = lambda payload: list(payload["Records"])
    identifier: Callable[[Any], Any] | None = None
    is_ordered: Callable[[Any], bool] = lambda _: False
    lane: Callable[[Any], object] | None = None


def text(record: object, *path: str) -> str:
    """The text at a path of a record.

    Raises:
        InvalidPayload: there is none, or an empty one.
    """
    found = optional_text(record, *path)
    if not found:
        raise InvalidPayload(f"The record has no text in {'.'.join(path)}.")
    return found


def optional_text(record: object, *path: str) -> str | None:
    """As `text`; None where there is none."""
    found = at(record, *path)
    return found if isinstance(found, str) else None


def at(record: object, *path: str) -> Any:
    """What is at a path of a record, None where nothing is."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record


def required(record: object, *path: str) -> Record:
    """The object at a path of a record.

    Raises:
        InvalidPayload: there is none.
    """
    found = at(record, *path)
    if not isinstance(found, dict):
        raise InvalidPayload(f"The record has no object in {'.'.join(path)}.")
    return found


def time_of(value: Any, per_second: int = 1) -> str | None:
    """A time since 1970 as an event has it (RFC 3339), or None.

    Args:
        value: a number, or the text of one.
        per_second: 1 for seconds, 1000 for milliseconds.
    """
    try:
        moment = _EPOCH + timedelta(seconds=float(value) / per_second)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def decoded(record: object, *path: str) -> bytes:
    """The bytes whose base64 is at a path of a record.

    Raises:
        InvalidPayload: there is no such text.
    """
    found = at(record, *path)
    try:
        return base64.b64decode(found, validate=True)
    except (TypeError, ValueError):
        raise InvalidPayload(f"The record has no base64 in {'.'.join(path)}.") from None
