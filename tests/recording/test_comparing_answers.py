"""What counts as a change of a response, and how it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions_framework.calls.result import ResponseHeaders, Result
from functions_framework.recording.compare import changes
from functions_framework.recording.redaction import Redactor
from functions_framework.recording.value import (
    LARGEST_BODY,
    Body,
    RecordedRequest,
    RecordedResponse,
    Recording,
    message_body,
)

pytestmark = pytest.mark.once

JSON = (("content-type", "application/json"),)
TEXT = (("content-type", "text/plain"),)
REQUEST = RecordedRequest("GET", "/", "", (), Body(0, text=""))
Pairs = tuple[tuple[str, str], ...]


def recording(body: bytes, headers: Pairs, *names: str, is_whole: bool = True) -> Recording:
    redactor = Redactor(names)
    pairs = redactor.headers("response.headers", headers)
    kept = message_body("response.body", body, len(body), headers, redactor)
    response = RecordedResponse(200, pairs, kept, is_whole)
    return Recording(1, "t", 1.0, "f", "http", "f", REQUEST, response, tuple(redactor.places))


def told(
    before: bytes, after: bytes, headers: Pairs = TEXT, *ignored: str, now: Pairs | None = None
) -> list[str]:
    pairs = ResponseHeaders(headers if now is None else now)
    return [
        str(one) for one in changes(recording(before, headers), Result(200, pairs, after), ignored)
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": 1}, {"a": 2}, ["body.a: 1 -> 2"]),
        ({"a": 1}, {"a": True}, ["body.a: 1 -> true"]),
        ({"a": 1}, {"a": 1.0}, ["body.a: 1 -> 1.0"]),
        ({"a": 1}, {}, ["body.a: was 1, is gone"]),
        ({}, {"a": "é"}, ['body.a: added "é"']),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, ["body.a[1]: 2 -> 3", "body.a[2]: added 4"]),
        ([1], {"a": 1}, ['body: [1] -> {"a": 1}']),
        ({"token": "x", "a": 1}, {"token": "y", "a": 1}, []),
        ({"token": "x"}, {}, []),
        ({}, {"token": "y"}, ['body.token: added "[REDACTED]"']),
        ({"token": {"a": 1}}, {"token": 7}, []),
    ],
)  # fmt: skip
def test_json_is_compared_as_values(before: Any, after: Any, expected: list[str]) -> None:
    assert told(json.dumps(before).encode(), json.dumps(after, indent=1).encode(), JSON) == expected


def test_what_is_ignored_is_not_compared() -> None:
    before, after = b'{"now": 1, "a": {"Now": 2}}', b'{"a": {}}'
    assert told(before, after, JSON, "now") == []
    now = (*JSON, ("x-now", "2"))
    assert told(b"1", b"1", (*JSON, ("X-Now", "1")), "x-now", now=now) == []
    assert told(b"1", b"1", (*JSON, ("X-Now", "1")), now=now) != []


def test_text_line_by_line() -> None:
    assert told(b"a\nb\nc\n", b"a\nB\nc\n") == ["body:\n  @@ -1,3 +1,3 @@\n   a\n  -b\n  +B\n   c"]
    assert told(b"one", b"two") == ['body: "one" -> "two"']
    assert told(b"a\nb", b"a\r\nb") == ["body:\n  only line ends differ"]
    assert told(b"\xff\x00", b"\xff\x01") == ["body: 2 bytes -> 2 other bytes"]
    long = "\n".join(map(str, range(100))).encode()
    assert "more lines" in told(long, b"")[0]
    assert told(b"https://a/?token=x", b"https://a/?token=y") == []


def test_json_that_is_none_is_compared_as_text() -> None:
    assert told(b"{", b"{", JSON) == []
    assert told(b"{", b"[", JSON) == ['body: "{" -> "["']
    changed = told(b'{"a":1}', b"no", JSON, now=TEXT)
    assert changed == [
        "content-type: application/json -> text/plain",
        'body: "{\\"a\\":1}" -> "no"',
    ]


def test_headers_that_matter() -> None:
    before = (
        ("Content-Type", "a"),
        ("date", "1"),
        ("set-cookie", "a=1"),
        ("vary", "x"),
        ("vary", "y"),
    )
    now = (("content-type", "a"), ("date", "2"), ("set-cookie", "b"), ("vary", "x"), ("etag", "1"))
    assert told(b"", b"", before, now=now) == ["etag: added 1", "vary: x, y -> x"]
    assert told(b"", b"", before, now=before[:2]) == ["vary: was x, y, is gone"]


ONE, TWO = "3f9d7b68-f1b4-4e95-a153-4a31c14d0f34", "a2dd4d07-aaf2-4688-b431-ee22cb79a71c"


def test_what_an_event_is_given_where_it_has_none_is_not_compared() -> None:
    def sent(identity: str, time: str, kind: str = "t") -> tuple[Pairs, bytes]:
        pairs = (("ce-id", identity), ("ce-time", time), ("Ce-Type", kind), *JSON)
        event = {"specversion": "1.0", "id": identity, "time": time, "type": kind}
        return pairs, json.dumps([{**event, "data": {"id": 1}}]).encode()

    first, body = sent(ONE, "2026-01-01T00:00:00Z")
    now, after = sent(TWO, "2026-01-02T00:00:00Z")
    assert told(body, after, first, now=now) == []
    now, after = sent(TWO, "2026-01-02T00:00:00Z", kind="u")
    assert told(body, after, first, now=now) == ["ce-type: t -> u", 'body[0].type: "t" -> "u"']
    first, body = sent("order-7", "2026-01-01T00:00:00Z")
    now, after = sent("order-8", "2026-01-01T00:00:00Z")
    assert [one.partition(":")[0] for one in told(body, after, first, now=now)] == [
        "ce-id",
        "body[0].id",
    ]
    plain, other = (json.dumps({"id": identity}).encode() for identity in (ONE, TWO))
    assert told(plain, other, JSON) != []  # no event's


def test_names_redacted_when_recorded_stay_redacted() -> None:
    kept = recording(b'{"pin": 1, "a": 1}', (*JSON, ("x-pin", "1")), "pin", "x-pin")
    now = ResponseHeaders((*JSON, ("x-pin", "2")))
    assert changes(kept, Result(200, now, b'{"pin": 2, "a": 1}')) == []
    assert [one.what for one in changes(kept, Result(200, now, b'{"pin": 2, "a": 2}'))] == [
        "body.a"
    ]


def test_what_was_cut_off_is_compared_as_far_as_it_goes() -> None:
    body = b"x" * (LARGEST_BODY + 5)
    assert told(body, body) == []
    assert told(body, body + b"y") == [f"body size: {len(body)} -> {len(body) + 1}"]
    assert told(body, b"y" + body[1:])[0].startswith('body: "xxx')
    gzip = (*TEXT, ("content-encoding", "gzip"))
    assert told(b"1", b"2", gzip) == []


def test_status_and_streams() -> None:
    kept = recording(b"", TEXT, is_whole=False)
    found = changes(kept, Result(500, ResponseHeaders(TEXT), b""))
    assert [str(one) for one in found] == [
        "status: 200 -> 500", "stream: broke off -> came to its end",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no response"):
        changes(kept.__class__(1, "t", 1.0, "f", "http", None, REQUEST, None), found[0])  # type: ignore[arg-type]
