"""The JSON form of recordings, and the directory that keeps so many of them."""

from __future__ import annotations

import json
import logging
import stat
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.loading.files import is_watched
from functions_framework.recording.directory import Directory, require_writable
from functions_framework.recording.redaction import Redactor
from functions_framework.recording.value import (
    LARGEST_BODY,
    Body,
    NoRecording,
    RecordedRequest,
    RecordedResponse,
    Recording,
    body_of,
    decode,
    encode,
    message_body,
)
from functions_framework.settings.options import InvalidSettingException

if TYPE_CHECKING:
    from pathlib import Path

REQUEST = RecordedRequest("GET", "/", "a=1", (("host", "localhost"),), Body(0, text=""))
RESPONSE = RecordedResponse(200, (("content-type", "text/plain"),), Body(2, text="OK"))
ONE = Recording(1, "2026-01-01T00:00:00.000001Z", 1.5, "hello", "http", "hello", REQUEST, RESPONSE)


@given(st.binary(max_size=50), st.booleans())
def test_bodies_come_back(content: bytes, is_cut: bool) -> None:
    body = body_of("b", content, len(content) + is_cut, "", Redactor())
    assert body.is_truncated is is_cut
    if not is_cut:
        assert body.content == content or b"token" in content.lower()
    again = replace(ONE, response=RecordedResponse(500, (), body, is_whole=False))
    assert decode(encode(again).encode()) == again


def test_a_long_body_is_cut_off_between_characters() -> None:
    text = "é" * LARGEST_BODY
    body = body_of("b", text.encode(), len(text.encode()), "text/plain", Redactor())
    assert (body.size, body.is_truncated) == (2 * LARGEST_BODY, True)
    assert body.text == "é" * (LARGEST_BODY // 2)
    odd = body_of("b", b"x" + text.encode(), 2 * LARGEST_BODY + 1, "text/plain", Redactor())
    assert odd.text == "x" + "é" * (LARGEST_BODY // 2 - 1)


def test_a_compressed_body_is_left_out() -> None:
    headers = (("content-encoding", "gzip"),)
    body = message_body("b", b"\x1f\x8b", 2, headers, Redactor())
    assert (body.size, body.content) == (2, b"")
    assert "content-encoding gzip" in str(body.omitted)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{", "truncated"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "missing required field `recording`"),
        (encode(ONE).replace('"status": 200', '"status": "x"').encode(), "$.response.status"),
        (encode(ONE).replace('"text": "OK"', '"base64": "?"').encode(), "base64"),
        (encode(ONE).replace('"recording": 1', '"recording": 2').encode(), "the version 2"),
    ],
)
def test_what_is_not_a_recording_says_why(text: bytes, reason: str) -> None:
    with pytest.raises(NoRecording, match=r".") as caught:
        decode(text)
    assert reason in str(caught.value)


def test_the_newest_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("mine")
    directory = Directory(str(tmp_path), most=3)
    for second in range(5):
        made = replace(ONE, time=f"2026-01-01T00:00:0{second}.000000Z")
        directory.keep(partial(replace, made))
    kept = sorted(path for path in tmp_path.iterdir() if path.name != "notes.json")
    assert [path.name[:16] for path in kept] == [f"20260101T00000{n}." for n in (2, 3, 4)]
    assert [decode(path.read_bytes()).time[-11:-8] for path in kept] == [":02", ":03", ":04"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    assert not any(is_watched(path.relative_to(tmp_path)) for path in kept)


def test_a_failure_is_logged_once_in_a_row(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gone = tmp_path / "gone"
    directory = Directory(str(gone))

    def fail() -> Any:
        raise RuntimeError("on purpose")

    with caplog.at_level(logging.ERROR, "functions_framework.recording"):
        directory.keep(lambda: ONE)
        directory.keep(fail)
        assert len(caplog.records) == 1
        gone.mkdir()
        directory.keep(lambda: ONE)
        directory.keep(fail)
    assert len(list(gone.iterdir())) == 1
    assert len(caplog.records) == 2
    assert "on purpose" in caplog.text


def test_a_directory_is_made_or_refused(tmp_path: Path) -> None:
    require_writable(str(tmp_path / "a" / "b"))
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "file").write_text("")
    for path in ("file", "file/below"):
        with pytest.raises(InvalidSettingException) as caught:
            require_writable(str(tmp_path / path))
        assert path in str(caught.value)
        assert caught.value.exit_code == 2


def test_the_form_is_readable() -> None:
    found = json.loads(encode(replace(ONE, response=None, function=None)))
    assert found["request"]["body"] == {"size": 0, "text": "", "is_truncated": False}
    assert (found["response"], found["function"]) == (None, None)
