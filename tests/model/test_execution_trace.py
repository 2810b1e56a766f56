from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.model.execution import Execution, new_execution_id, reseed
from functions_framework.model.trace import (
    NO_TRACE,
    Trace,
    read_cloud_trace,
    read_traceparent,
    read_tracestate,
)

TRACE_ID = "105445aa7843bc8bf206b12000100000"
SPAN_ID = "00f067aa0ba902b7"
PARENT = f"00-{TRACE_ID}-{SPAN_ID}-01"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"{TRACE_ID}/123;o=1", Trace(TRACE_ID, "123", True)),
        (f"{TRACE_ID}/123;o=0", Trace(TRACE_ID, "123", False)),
        pytest.param("abc/1", Trace("abc", "1", None), id="without-options"),
        ("abc", Trace("abc", None, None)),
        ("abc;o=1", Trace("abc", None, True)),
        (" abc/1;o=1 ", Trace("abc", "1", True)),
        ("a-b/1;o=1", NO_TRACE),
        ("abc/x;o=1", NO_TRACE),
        ("abc/1;o=", NO_TRACE),
        ("abc/1;o=1;x", NO_TRACE),
        ("abc/" + "9" * 5000, NO_TRACE),
        ("", NO_TRACE),
    ],
)
def test_cloud_trace_header(header: str, expected: Trace) -> None:
    assert read_cloud_trace(header) == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (PARENT, Trace(TRACE_ID, SPAN_ID, True)),
        (PARENT[:-1] + "0", Trace(TRACE_ID, SPAN_ID, False)),
        (PARENT[:-2] + "03", Trace(TRACE_ID, SPAN_ID, True)),
        ("01" + PARENT[2:] + "-more", Trace(TRACE_ID, SPAN_ID, True)),
        (PARENT + "-more", NO_TRACE),
        ("ff" + PARENT[2:], NO_TRACE),
        (PARENT.upper(), NO_TRACE),
        (f"00-{'0' * 32}-{SPAN_ID}-01", NO_TRACE),
        (f"00-{TRACE_ID}-{'0' * 16}-01", NO_TRACE),
        (f"00-{TRACE_ID}-{SPAN_ID}", NO_TRACE),
        ("", NO_TRACE),
    ],
)
def test_traceparent_header(header: str, expected: Trace) -> None:
    assert read_traceparent(header) == expected


LONGEST_KEY, LONGEST_VALUE = "k" * 256, "v" * 256
MEMBERS = ",".join(f"k{number}=v" for number in range(32))


@pytest.mark.parametrize(
    "header",
    ["a=1", "a=1,b=2", " a=1 ,\tb=2 ", "a=1,,b=2", "0t@v/*-_=x y:;!~", "a= 1", MEMBERS, "a=1,a=2",
     f"{LONGEST_KEY}={LONGEST_VALUE}"],
)  # fmt: skip
def test_a_tracestate_is_handed_on(header: str) -> None:
    assert read_tracestate(header) == header.strip()


@pytest.mark.parametrize(
    "header",
    ["", " ", ",", "a", "a=", "=1", "A=1", "a=1=2", "a =1", "@a=1", "a=1,b", "a=\x1f",
     "a=\x7f", "a=\xe9", "a=1\n", f"{MEMBERS},x=1", f"{LONGEST_KEY}k=1", f"a={LONGEST_VALUE}v",
     "a=1;b=2", "nonsense"],
)  # fmt: skip
def test_a_malformed_tracestate_is_dropped(header: str) -> None:
    assert read_tracestate(header) is None
    headers = Execution("id", traceparent=PARENT, tracestate=header).outgoing_headers()
    assert headers == {"Function-Execution-Id": "id", "traceparent": PARENT}


@given(st.text())
def test_no_header_raises(header: str) -> None:
    running = Execution("id", traceparent=header, cloud_trace=header, tracestate=header)
    assert running.outgoing_headers()["Function-Execution-Id"] == "id"
    assert isinstance(running.trace, Trace)


def test_traceparent_is_the_second_source() -> None:
    both = Execution("id", traceparent=PARENT, cloud_trace="abc/7;o=0")
    assert (both.trace_id, both.span_id, both.is_sampled) == ("abc", "7", False)
    broken = Execution("id", traceparent=PARENT, cloud_trace="-")
    assert (broken.trace_id, broken.span_id, broken.is_sampled) == (TRACE_ID, SPAN_ID, True)
    neither = Execution("id")
    assert (neither.trace_id, neither.span_id, neither.is_sampled) == (None, None, None)


def test_a_span_of_ones_own_replaces_the_callers() -> None:
    running = Execution("id", cloud_trace="abc/7")
    running.trace = Trace("abc", "8", True)
    assert running.span_id == "8"


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ({}, {}),
        (
            {"traceparent": PARENT, "tracestate": "a=1"},
            {"traceparent": PARENT, "tracestate": "a=1"},
        ),
        ({"traceparent": "nonsense", "tracestate": "a=1"}, {}),
        ({"tracestate": "a=1"}, {}),
        (
            {"cloud_trace": f"{TRACE_ID}/74;o=1"},
            {
                "X-Cloud-Trace-Context": f"{TRACE_ID}/74;o=1",
                "traceparent": f"00-{TRACE_ID}-000000000000004a-01",
            },
        ),
        ({"cloud_trace": "abc/74"}, {"X-Cloud-Trace-Context": "abc/74"}),
        ({"cloud_trace": f"{TRACE_ID}/0"}, {"X-Cloud-Trace-Context": f"{TRACE_ID}/0"}),
        (
            {"cloud_trace": f"{TRACE_ID}/74;o=1", "traceparent": PARENT},
            {"X-Cloud-Trace-Context": f"{TRACE_ID}/74;o=1", "traceparent": PARENT},
        ),
    ],
)
def test_outgoing_headers(received: dict[str, Any], expected: dict[str, str]) -> None:
    headers = Execution("ID1", **received).outgoing_headers()
    assert headers == {"Function-Execution-Id": "ID1"} | expected


def test_new_ids_have_12_characters_and_differ() -> None:
    reseed()
    ids = {new_execution_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(item) == 12 and item.isalnum() for item in ids)


def test_remaining_seconds() -> None:
    running = Execution("id")
    assert running.remaining() is None
    running.deadline = time.monotonic() + 100
    left = running.remaining()
    assert left is not None
    assert 90 < left <= 100
    running.deadline = time.monotonic() - 1
    assert running.remaining() == 0


def test_only_the_first_call_of_a_process_is_a_cold_start() -> None:
    reseed()
    assert [Execution("id").cold_start for _ in range(3)] == [True, False, False]
    reseed()
    assert Execution("id").cold_start is True


def test_the_threads_of_a_call_without_an_id_agree_on_one() -> None:
    running = Execution()
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: running.execution_id, range(64)))
    assert found == {running.execution_id}
    assert re.fullmatch("[0-9a-f]{12}", running.execution_id)
