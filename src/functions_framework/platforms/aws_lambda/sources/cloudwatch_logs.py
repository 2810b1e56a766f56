"""CloudWatch Logs: what a subscription filter sends is one event whose data is the decoded lines.

Source: the CloudWatch Logs user guide, "Subscription filters with AWS Lambda".
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from functions_framework.events.content import event
from functions_framework.exceptions import InvalidPayload, MalformedRequest
from functions_framework.model.json_text import decode_json

from .source import Record, Source, at, decoded, optional_text, text, time_of

if TYPE_CHECKING:
    from functions_framework.model.message import Message

_MOST_BYTES = 64 * 1024 * 1024
"""Far beyond what CloudWatch sends; whoever else made the payload cannot fill the memory."""


def _read(record: Record) -> Message:
    lines = _lines(decoded(record, "awslogs", "data"))
    events = at(lines, "logEvents")
    first = events[0] if isinstance(events, list) and events else None
    stream = text(lines, "logStream")
    attributes = {
        "id": f"{stream}/{optional_text(first, 'id') or at(first, 'timestamp') or 0}",
        "source": f"aws:logs.{text(lines, 'owner')}.{text(lines, 'logGroup')}",
        "type": f"com.amazonaws.logs.{text(lines, 'messageType')}",
        "time": time_of(at(first, "timestamp"), 1000),
        "subject": stream,
    }
    return event(attributes, lines)


def _lines(packed: bytes) -> Any:
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacking.decompress(packed, _MOST_BYTES)
        if not unpacking.eof:
            raise InvalidPayload("The data in awslogs is cut off, or too long.")
        return decode_json(unpacked)
    except (zlib.error, MalformedRequest) as error:
        if isinstance(error, InvalidPayload):
            raise
        raise InvalidPayload("The data in awslogs isn't JSON packed by gzip.") from None


source = Source("aws:logs", _read, records=lambda payload: [payload])
