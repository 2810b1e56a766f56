"""Compares a response with a recorded one: what changed, leaving out what was redacted."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from functions_framework.model.json_text import is_json

from .json_secrets import REDACTED
from .redaction import Redactor
from .secret_names import normal_name
from .value import message_body

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from functions_framework.calls.result import Result

    from .value import Body, RecordedResponse, Recording

# What a connection, a proxy or the hour decides (RFC 9110, section 7.6.1, and traces).
_PASSING = frozenset({
    "age", "alt-svc", "connection", "content-length", "date", "function-execution-id",
    "keep-alive", "server", "server-timing", "trailer", "traceparent", "tracestate",
    "transfer-encoding", "upgrade", "via", "x-cloud-trace-context", "x-request-id",
})  # fmt: skip
# What an event that is made without them is given: they differ from one response to the next.
_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_LONGEST = 300
_MOST_LINES = 40
_MISSING: Any = object()


class Change(NamedTuple):
    """Something that is not as it was recorded.

    Attributes:
        what: `status`, a header's name, `body` or a place in it.
        before: what was recorded, None if there was none.
        after: what is there now, None if there is none.
        lines: the difference of two texts, line by line, in place of both.
    """

    what: str
    before: str | None = None
    after: str | None = None
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.lines:
            return "\n".join([f"{self.what}:", *(f"  {line}" for line in self.lines)])
        if self.before is None:
            return f"{self.what}: added {self.after}"
        if self.after is None:
            return f"{self.what}: was {self.before}, is gone"
        return f"{self.what}: {self.before} -> {self.after}"


def redacted_names(recording: Recording) -> list[str]:
    """The names under which a recording had secrets."""
    return [place.split(".", 2)[-1] for place in recording.redacted]


def changes(recording: Recording, result: Result, ignored: Iterable[str] = ()) -> list[Change]:
    """What is not as it was recorded.

    Args:
        recording: the recording, with a response.
        result: the response to the same request.
        ignored: names of headers and JSON keys that do not matter.

    Raises:
        ValueError: the recording has no response.
    """
    before = recording.response
    if before is None:
        raise ValueError("The recording has no response.")
    comparison = _Comparison(redacted_names(recording), ignored)
    return list(comparison.run(before, result))


def is_filled_in(attribute: str, value: object) -> bool:
    """Whether an attribute of an event is one that nobody chose: a random id, the time."""
    is_random = attribute == "id" and isinstance(value, str) and _RANDOM.fullmatch(value)
    return attribute == "time" or bool(is_random)


def headers_that_matter(
    pairs: Iterable[tuple[str, str]], ignored: Iterable[str] = ()
) -> dict[str, list[str]]:
    """The values of headers by lower-case name, without what differs from answer to answer."""
    skipped = set(map(normal_name, ignored))
    found: dict[str, list[str]] = {}
    for given, value in pairs:
        name = given.lower()
        is_passing = name in _PASSING or (name[:3] == "ce-" and is_filled_in(name[3:], value))
        if not is_passing and normal_name(name) not in skipped:
            found.setdefault(name, []).append(value)
    return {name: values for name, values in found.items() if REDACTED not in values}


class _Comparison:
    """Compares one pair of responses.

    Args:
        secrets: names whose values are redacted.
        ignored: names whose values do not matter.
    """

    def __init__(self, secrets: Iterable[str], ignored: Iterable[str]) -> None:
        self._ignored = frozenset(map(normal_name, ignored))
        self._redactor = Redactor([*secrets, *self._ignored])

    def run(self, before: RecordedResponse, result: Result) -> Iterator[Change]:
        """The differences, in the order of a response."""
        if before.status != result.status:
            yield Change("status", str(before.status), str(result.status))
        if before.is_whole != result.is_whole:
            ends = {True: "came to its end", False: "broke off"}
            yield Change("stream", ends[before.is_whole], ends[result.is_whole])
        pairs = tuple((name.lower(), value) for name, value in result.headers.pairs())
        yield from self._headers(before.headers, pairs)
        if before.body.omitted is None:
            now = message_body(
                "response.body", result.body, len(result.body), pairs, self._redactor
            )
            kinds = [dict(headers).get("content-type", "") for headers in (before.headers, pairs)]
            yield from self._bodies(before.body, now, kinds)

    def _headers(
        self, before: tuple[tuple[str, str], ...], after: tuple[tuple[str, str], ...]
    ) -> Iterator[Change]:
        secret = {name for name, value in before if value == REDACTED}
        old = headers_that_matter(self._redactor.headers("", before), self._ignored)
        new = headers_that_matter(self._redactor.headers("", after), self._ignored | secret)
        for name in sorted(old.keys() | new.keys()):
            was, now = old.get(name), new.get(name)
            if was != now:
                yield Change(name, _joined(was), _joined(now))

    def _bodies(self, before: Body, after: Body, kinds: list[str]) -> Iterator[Change]:
        if all(map(is_json, kinds)) and not before.is_truncated and not after.is_truncated:
            try:
                values = json.loads(before.content), json.loads(after.content)
            except (ValueError, RecursionError):
                pass  # what isn't JSON is compared as text
            else:
                yield from self._values("body", *values)
                return
        was = self._redactor.body("", before.content, kinds[0])
        if was != after.content:
            yield _text_change(was, after.content)
        elif before.is_truncated and before.size != after.size and not self._redactor.places:
            yield Change("body size", str(before.size), str(after.size))

    def _values(self, where: str, before: object, after: object) -> Iterator[Change]:
        if before == REDACTED:
            return
        if isinstance(before, dict) and isinstance(after, dict):
            is_event = "specversion" in before
            for name in [*before, *(name for name in after if name not in before)]:
                is_passing = is_event and is_filled_in(name, before.get(name))
                if not is_passing and normal_name(name) not in self._ignored:
                    below = before.get(name, _MISSING), after.get(name, _MISSING)
                    yield from self._values(f"{where}.{name}", *below)
        elif isinstance(before, list) and isinstance(after, list):
            for index in range(max(len(before), len(after))):
                below = _item(before, index), _item(after, index)
                yield from self._values(f"{where}[{index}]", *below)
        elif type(before) is not type(after) or before != after:  # True is no 1, 1 no 1.0
            yield Change(where, _shown(before), _shown(after))


def _joined(values: list[str] | None) -> str | None:
    return None if values is None else ", ".join(values)


def _item(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else _MISSING


def _shown(value: object) -> str | None:
    if value is _MISSING:
        return None
    return _short(json.dumps(value, ensure_ascii=False))


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _text_change(before: bytes, after: bytes) -> Change:
    try:
        old, new = before.decode(), after.decode()
    except UnicodeDecodeError:
        return Change("body", f"{len(before)} bytes", f"{len(after)} other bytes")
    if "\n" not in old.strip() and "\n" not in new.strip():
        return Change("body", _shown(old), _shown(new))
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=1)
    lines = [_short(line) for line in diff][2:]
    if len(lines) > _MOST_LINES:
        lines = [*lines[:_MOST_LINES], f"… {len(lines) - _MOST_LINES} more lines"]
    return Change("body", lines=tuple(lines or ["only line ends differ"]))
