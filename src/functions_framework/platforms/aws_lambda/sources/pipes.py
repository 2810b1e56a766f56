"""EventBridge Pipes: a list of the records that Lambda itself would have put into `Records`.

Sources: the EventBridge user guide, "Amazon EventBridge Pipes sources" with the page of each
source, and "Amazon EventBridge Pipes batching and concurrency".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .source import at, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from .source import Source

_IDENTIFIERS = {"aws:sqs": "messageId", "aws:kinesis": "eventID", "aws:dynamodb": "eventID"}
"""What a partial batch response calls a record; a pipe reads none for other sources."""


def piped(source: Source) -> Source:
    """A source whose records come through a pipe.

    A response names all records that are not done: a pipe tries again those that it finds there,
    where an event source mapping goes on from the first.
    """
    name = _IDENTIFIERS.get(source.name)
    return source._replace(
        records=lambda payload: [_as_mapped(record) for record in payload],
        identifier=None if name is None else _text_in(name),
        is_ordered=lambda payload: source.is_ordered({"Records": payload}),
        lane=None,
    )


def _text_in(name: str) -> Callable[[Any], str]:
    return lambda record: text(record, name)


def _as_mapped(record: Any) -> Any:
    """A record as an event source mapping has it, where a pipe writes it in another way."""
    kind = at(record, "eventSource")
    if kind == "aws:kinesis":
        return {**record, "kinesis": record}
    if kind not in ("aws:kafka", "SelfManagedKafka"):  # whatever type it is of
        return record
    partition = record.get("partition")
    is_text = isinstance(partition, str) and partition.isdecimal() and len(partition) < 19
    cluster = record.get("eventSourceArn") or f"kafka:{record.get('bootstrapServers') or ''}"
    return {**record, "cluster": cluster, "partition": int(partition) if is_text else partition}
