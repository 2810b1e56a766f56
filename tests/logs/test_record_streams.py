"""What a call prints with LOG_EXECUTION_ID on."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.logs.streams import RecordStream, flush_call
from functions_framework.model.execution import Execution, execution
from support.log_process import LABELS, SAMPLED, SPAN, TRACE, run

ID = {LABELS: {"execution_id": "EID1"}}


def printed(writes: list[str], **received: Any) -> list[dict[str, Any]]:
    target = io.StringIO()
    stream = RecordStream(target)
    running = Execution("EID1", **received)
    token = execution.set(running)
    try:
        for text in writes:
            assert stream.write(text) == len(text)
    finally:
        execution.reset(token)
    flush_call(running)
    return [json.loads(line) for line in target.getvalue().split("\n")[:-1]]


@pytest.mark.parametrize(
    ("writes", "messages"),
    [
        pytest.param(["a", " ", "b", "\n"], ["a b"], id="one-print-is-one-record"),
        pytest.param(["x"], ["x"], id="text-without-a-line-end"),
        pytest.param(["\n"], [], id="line-end-alone"),
        (["\n", "\n", "  \n", ""], []),
        (["a\n", "b\n"], ["a", "b"]),
        (["a\nb", "\n"], ["a\nb"]),
        (["a\nb\n"], ["a\nb"]),
        (["a\n\n"], ["a\n"]),
        (["a\nb"], ["a\nb"]),
        (["é\u2028\x00", "\n"], ["é\u2028\x00"]),
        (["\ud800\n"], ["\ud800"]),
        (["[1]\n", "1\n", "null\n", "{a}\n", "{\n"], ["[1]", "1", "null", "{a}", "{"]),
    ],
)  # fmt: skip
def test_messages(writes: list[str], messages: list[str]) -> None:
    assert printed(writes) == [{"message": message} | ID for message in messages]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"message": "m", "severity": "ERROR"}', {"message": "m", "severity": "ERROR"} | ID),
        (' {"a": [1.5, null]}', {"a": [1.5, None]} | ID),
        ('{\n  "a": 1\n}', {"a": 1} | ID),
        ("{}", {"message": "{}"} | ID),
        (
            json.dumps({LABELS: {"team": "x"}}),
            {LABELS: {"team": "x", "execution_id": "EID1"}},
        ),
        (
            json.dumps({LABELS: {"execution_id": "theirs"}}),
            {LABELS: {"execution_id": "EID1"}},
        ),
        pytest.param(
            json.dumps({LABELS: [1]}),
            {LABELS: {"labels": "[1]", "execution_id": "EID1"}},
            id="labels-that-are-no-object",
        ),
        (json.dumps({LABELS: None}), ID),
    ],
)
def test_json_object_is_the_record_itself(text: str, expected: dict[str, Any]) -> None:
    assert printed([text, "\n"]) == [expected]


def test_deeply_nested_text_never_raises() -> None:
    text = '{"a":' * 100_000
    assert printed([text, "\n"]) == [{"message": text} | ID]


def test_trace_and_span_are_added() -> None:
    (record,) = printed(["a\n"], cloud_trace="abc/123;o=1")
    assert record == {"message": "a", SPAN: "123", TRACE: "abc", SAMPLED: True} | ID
    (record,) = printed([json.dumps({SPAN: "1", TRACE: "mine"}) + "\n"], cloud_trace="abc/123")
    assert record == {SPAN: "123", TRACE: "mine"} | ID
    unknown = {SPAN: "", TRACE: "", SAMPLED: False}  # as google-cloud-logging says it
    (record,) = printed([json.dumps(unknown) + "\n"], cloud_trace="abc/123;o=1")
    assert record == {SPAN: "123", TRACE: "abc", SAMPLED: True} | ID


@given(st.lists(st.text()))
def test_no_text_is_lost_and_nothing_raises(writes: list[str]) -> None:
    records = printed([f"|{text}" for text in writes])
    whole = "".join(f"|{text}" for text in writes)
    assert "".join(item["message"] for item in records).replace("\n", "") == whole.replace("\n", "")


def test_text_without_end_is_written_in_parts() -> None:
    records = printed(["x" * 40_000] * 4)
    assert [len(item["message"]) for item in records] == [80_000, 80_000]


def test_outside_a_call_text_passes_unchanged() -> None:
    target = io.StringIO()
    stream = RecordStream(target)
    stream.writelines(["a", "\n", '{"b": 1}\n', "\n"])
    stream.flush()
    assert target.getvalue() == 'a\n{"b": 1}\n\n'


def test_flush_ends_a_record() -> None:
    target = io.StringIO()
    stream = RecordStream(target)
    token = execution.set(Execution("EID1"))
    print("progress", end="", file=stream, flush=True)
    execution.reset(token)
    assert json.loads(target.getvalue()) == {"message": "progress"} | ID


def test_the_stream_below_shows_through(tmp_path: Any) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as target:
        stream = RecordStream(target)
        assert stream.fileno() == target.fileno()
        assert (stream.encoding, stream.isatty(), stream.buffer) == ("utf-8", False, target.buffer)
        assert isinstance(stream, io.TextIOBase)
        stream.reconfigure(line_buffering=True)
        assert target.line_buffering
        with pytest.raises(AttributeError):
            stream.no_such_thing  # noqa: B018
    with pytest.raises(ValueError, match="closed"):
        stream.write("x")


def test_narrow_encodings_get_escapes() -> None:
    raw = io.BytesIO()
    stream = RecordStream(io.TextIOWrapper(raw, encoding="ascii"))
    token = execution.set(Execution("EID1"))
    print("é", file=stream)
    execution.reset(token)
    assert json.loads(raw.getvalue().decode("ascii")) == {"message": "é"} | ID


@pytest.mark.parametrize("word", ["true", "True", "YES", "on", "1", "t", "y"])
def test_words_that_turn_it_on(word: str) -> None:
    shown = run("with call('EID1'): print('a')", LOG_EXECUTION_ID=word)
    assert shown.out_records == [{"message": "a"} | ID]


@pytest.mark.parametrize("word", ["false", "0", "", "maybe"])
def test_words_that_leave_it_off(word: str) -> None:
    assert run("with call('EID1'): print('a', 1)", LOG_EXECUTION_ID=word).out == "a 1\n"


def test_both_real_streams_and_a_subprocess() -> None:
    shown = run(
        """
        import subprocess
        print("outside")
        with call("EID1", cloud_trace="abc/123;o=1"):
            print("out", 1)
            print("err", 2, file=sys.stderr)
            subprocess.run([sys.executable, "-c", "print('child')"], stdout=sys.stdout, check=True)
            subprocess.run([sys.executable, "-c", "print('default')"], check=True)
            sys.stdout.buffer.write(b"bytes\\n")
            sys.stdout.buffer.flush()
            print("no end", end="")
        assert sys.stdout is sys.stdout and sys.stdout.fileno() == 1 and not sys.stdout.isatty()
        logs.configure(Settings(log_execution_id=True))
        assert not isinstance(sys.stdout.original, type(sys.stdout))
        """,
        LOG_EXECUTION_ID="true",
    )
    lines = shown.out.splitlines()
    assert (lines[0], lines[2:5]) == ("outside", ["child", "default", "bytes"])
    both = {SPAN: "123", TRACE: "abc", SAMPLED: True} | ID
    assert json.loads(lines[1]) == {"message": "out 1"} | both
    assert json.loads(lines[5]) == {"message": "no end"} | both
    assert shown.err_records == [{"message": "err 2"} | both]


def test_log_records_carry_severity_and_are_not_wrapped_again() -> None:
    shown = run(
        """
        with call("EID1"):
            logging.warning("careful")
            print("plain", file=sys.stderr)
        """,
        LOG_EXECUTION_ID="true",
    )
    logged, plain = shown.err_records
    assert (logged["severity"], logged["message"]) == ("WARNING", "careful")
    assert logged[LABELS] == {"execution_id": "EID1"}
    assert plain == {"message": "plain"} | ID


def test_two_calls_in_turns_keep_their_own_lines() -> None:
    shown = run(
        """
        import asyncio
        async def one(name):
            with call(name):
                for part in range(3):
                    print(name, end=" ")
                    await asyncio.sleep(0)
                print("end")
        async def main():
            await asyncio.gather(*(one(f"E{n}") for n in range(8)))
        asyncio.run(main())
        """,
        LOG_EXECUTION_ID="true",
    )
    assert len(shown.out_records) == 8
    for record in shown.out_records:
        name = record[LABELS]["execution_id"]
        assert record["message"] == f"{name} {name} {name} end"
