"""What a call through a client gave: the response, what was logged, and the crash if it was one."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.model.json_text import is_json

if TYPE_CHECKING:
    import logging

    from cloudevents.abstract import CloudEvent


class ResponseHeaders(Mapping[str, str]):
    """The headers of a response; names in any case, the first value of a repeated one.

    Args:
        pairs: names and values in the order they were sent.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._pairs = tuple(pairs)

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self._pairs))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._pairs})

    def __repr__(self) -> str:
        return f"ResponseHeaders({list(self._pairs)})"

    def get_all(self, name: str) -> list[str]:
        """Every value of a header, such as `set-cookie`."""
        return [value for known, value in self._pairs if known.lower() == name.lower()]

    def pairs(self) -> list[tuple[str, str]]:
        """Names and values in the order they were sent."""
        return list(self._pairs)


class Decision(NamedTuple):
    """What the function decided about an event by `Retry` or `Drop`, as its record says it.

    Attributes:
        verdict: `retry` or `dropped`.
        reason: the one that was given.
        after: seconds until it is wanted again, None where none were given.
    """

    verdict: str
    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one call.

    Attributes:
        status: the HTTP status code.
        headers: the response's headers.
        body: the whole body; what was sent before a stream broke off.
        logs: the records the call logged at INFO and above, each with its `message`.
        exception: what the function raised and nobody handled, None if it answered.
        duration: how long the call took, in seconds.
        is_whole: False when the response was a stream that broke off.
    """

    status: int
    headers: ResponseHeaders
    body: bytes
    logs: tuple[logging.LogRecord, ...] = ()
    exception: BaseException | None = None
    duration: float = 0.0
    is_whole: bool = True

    @property
    def text(self) -> str:
        """The body as text, in the charset its Content-Type names, else UTF-8."""
        return self.body.decode(charset_of(self.headers.get("content-type", "")), "replace")

    @property
    def json(self) -> Any:
        """The body as a JSON value.

        Raises:
            ValueError: it is not JSON.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            kind = self.headers.get("content-type", "no content type")
            raise ValueError(
                f"The response ({self.status}, {kind}) is not JSON: {error}. "
                f"It starts with {self.body[:80]!r}."
            ) from None

    @property
    def events(self) -> list[CloudEvent]:
        """The events that the function answered with; of a batch, those of all its events."""
        from functions_framework.events.replies import received_in

        answered = self._partial.get("replies", ())
        found = [json.dumps(event).encode() for event in answered]
        return received_in(self.status, self.headers.pairs(), self.body, found)

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The events of a batch that are not done, each with `itemIdentifier` and `reason`."""
        found: list[dict[str, Any]] = self._partial.get("batchItemFailures", [])
        return found

    @property
    def verdicts(self) -> list[Decision]:
        """What the function decided about its events, from `logs`: empty over a network."""
        said = [getattr(record, "json_fields", None) for record in self.logs]
        return [
            Decision(fields["verdict"], fields.get("reason", ""), fields.get("after_seconds"))
            for fields in said
            if isinstance(fields, dict) and "verdict" in fields
        ]

    @property
    def _partial(self) -> dict[str, Any]:
        """The response to a batch that is not done in full, empty for any other."""
        if not is_json(self.headers.get("content-type")) or b"batchItemFailures" not in self.body:
            return {}
        found = self.json
        return found if isinstance(found, dict) else {}


def charset_of(content_type: str) -> str:
    """The charset a Content-Type names if Python knows it, else UTF-8."""
    parsed = Message()
    parsed["content-type"] = content_type
    found = parsed.get_content_charset("utf-8")
    try:
        return codecs.lookup(found).name
    except LookupError:
        return "utf-8"
