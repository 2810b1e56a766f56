"""What the harness reads: wrk's report, callgrind's profiles, py-spy's stacks, /proc, answers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from bench.cases import CASES, UnknownCase, chosen
from bench.exchange import Answer, Exchange, WrongAnswer, raw_chunked

from bench import callgrind, http2, load, processes, profiling

REPORT = """\
Running 1s test @ http://127.0.0.1:8080/
  Non-2xx or 3xx responses: 3
bench {"requests": 5000, "microseconds": 500000, "bytes": 1000000, "p50": 400, "p99": 2500, \
"refused": 3, "broken": 2, "late": 1}
"""


def test_wrk_report_is_read_in_seconds() -> None:
    found = load.parse(REPORT)
    assert found == load.Load(rate=10000.0, p50=0.0004, p99=0.0025, received=2e6, failures=6)


def test_wrk_that_reports_nothing_is_an_error_with_its_words() -> None:
    with pytest.raises(load.LoadError, match="unable to connect"):
        load.parse("unable to connect to 127.0.0.1")


@pytest.mark.parametrize(
    ("is_chunked", "line"),
    [(False, "wrk.body = bytes"), (True, "request = function() return bytes end")],
)
def test_script_sends_the_body_from_its_file(is_chunked: bool, line: str) -> None:
    exchange = Exchange("POST", headers={"ce-id": "1"}, body=b"x", is_chunked=is_chunked)
    lines = load.script(exchange, Path("body")).splitlines()
    assert 'wrk.method = "POST"' in lines
    assert 'wrk.headers["ce-id"] = "1"' in lines
    assert line in lines
    assert "function done(summary, latency, requests)" in lines


def test_chunked_request_is_framed() -> None:
    exchange = Exchange("POST", "/a", body=b"x" * 65537, is_chunked=True)
    head, _, body = raw_chunked(exchange).partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"POST /a HTTP/1.1"
    assert b"Content-Length" not in head
    assert body == b"10000\r\n" + b"x" * 65536 + b"\r\n1\r\nx\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(500, {}, b"OK"), "status 500"),
        (Answer(200, {}, b"KO"), "body b'KO'"),
        (Answer(200, {}, b"OK"), "header X-A: None"),
        (Answer(200, {"x-a": "1"}, b"OK"), None),
    ],
)
def test_a_response_is_held_to_status_body_and_headers(answer: Answer, fault: str | None) -> None:
    exchange = Exchange(answer=b"OK", answer_headers={"X-A": "1"})
    if fault is None:
        assert exchange.check(answer) is answer
        return
    with pytest.raises(WrongAnswer, match=fault):
        exchange.check(answer)


@pytest.mark.parametrize(
    ("body", "is_right"), [(b'{ "b": 2, "a": 1 }\n', True), (b'{"a": 1}', False), (b"{", False)]
)
def test_json_answers_are_compared_as_values(body: bytes, is_right: bool) -> None:
    exchange = Exchange(answer=b'{"a":1,"b":2}')
    if is_right:
        assert exchange.check(Answer(200, {}, body)).body == body
    else:
        with pytest.raises(WrongAnswer):
            exchange.check(Answer(200, {}, body))


PROFILE = """\
version: 1
events: Ir
ob=(1) /usr/lib/libpython3.so
fl=(1) ceval.c
fn=(1) eval
10 100
cob=(2) /usr/lib/libc.so.6
cfn=(2) malloc
calls=7 0
11 900
+1 50
ob=(2)
fn=(2)
0 900
fn=(3) free
* 30
ob=(1)
fn=(1)
-3 1
"""


def test_callgrind_profile_counts_each_function_itself_only() -> None:
    found = callgrind.read(PROFILE.splitlines())
    assert found == {
        ("libpython3.so", "eval"): 151,
        ("libc.so.6", "malloc"): 900,
        ("libc.so.6", "free"): 30,
    }


def test_what_does_not_grow_with_requests_cancels() -> None:
    start, work = callgrind.Place("a", "start"), callgrind.Place("b", "work")
    few = Counter({start: 1000, work: 20})
    many = Counter({start: 1000, work: 120})
    spent = callgrind.per_request(few, many, 10)
    assert spent == [(work, 10.0), (start, 0.0)]
    assert callgrind.by_library(spent) == [("b", 10.0), ("a", 0.0)]


def test_samples_go_to_the_innermost_python_frame() -> None:
    stacks = [
        "run (/p/functions_framework/lean.py:3);hello (/bench/functions/a.py:2) 5",
        "run (/p/functions_framework/lean.py:3);loads (/lib/python3/json.py:2) 2",
        "run (/p/flask/app.py:3);__init__ (/lib/python3/site-packages/y.py:1) 4",
        "process 25 3",
    ]
    layers, functions = profiling.attribute(stacks)
    assert layers == {"your function": 5, "standard library": 2, "other packages": 4, "server": 3}
    assert functions["hello (functions/a.py)"] == 5


def test_parent_is_found_behind_any_name() -> None:
    assert processes.parent_in("12 (a) b) (c) S 7 12 12 0") == 7


def test_processor_time_is_user_and_system() -> None:
    assert processes.ticks_in("12 (a) b) S 7 12 12 0 -1 0 1 2 3 4 50 7 0 0") == 57


def test_proportional_memory_is_in_bytes() -> None:
    assert processes.pss_in("00400000-7ff [rollup]\nRss: 900 kB\nPss:  12 kB\n") == 12288


def test_proportional_memory_needs_a_kernel_that_tells() -> None:
    with pytest.raises(ValueError, match="no Pss"):
        processes.pss_in("Rss: 900 kB\n")


def test_cases_are_chosen_by_name_in_the_tables_order() -> None:
    assert [case.name for case in chosen(["typed", "http"])] == ["http", "typed"]
    assert chosen([]) == CASES
    with pytest.raises(UnknownCase, match="nothing"):
        chosen(["nothing"])


H2LOAD = """\
finished in 1.00s, 48210.00 req/s, 2.50MB/s
requests: 48210 total, 48466 started, 48210 done, 48208 succeeded, 2 failed, 1 errored, 0 timeout
status codes: 48208 2xx, 0 3xx, 1 4xx, 1 5xx
"""


def test_h2load_report_and_log_are_read_in_seconds() -> None:
    log = "".join(f"1700000000000000\t200\t{taken}\n" for taken in range(1, 101))
    found = http2.parse(H2LOAD, log)
    assert found == load.Load(48210.0, 51e-6, 100e-6, 2.5 * 2**20, 5)


def test_h2load_that_reports_nothing_is_an_error_with_its_words() -> None:
    with pytest.raises(load.LoadError, match="could not connect"):
        http2.parse("could not connect", "")
