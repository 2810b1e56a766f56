from __future__ import annotations

import pytest

from support.log_process import LABELS, SPAN, run

ACCESS = 'logs.log_access("GET", "/p", 200, 12, 0.01234, running)'


def test_text_line() -> None:
    shown = run(f'with call("EID1") as running:\n    {ACCESS}')
    assert shown.err.endswith("INFO    EID1 functions_framework.access: GET /p 200 12B 12.3ms\n")


def test_json_record() -> None:
    shown = run(
        f'with call("EID1", cloud_trace="abc/7") as running:\n    pass\n{ACCESS}', LOG_FORMAT="json"
    )
    (record,) = shown.err_records
    del record["time"]
    assert record == {
        "severity": "INFO",
        "message": "GET /p 200 12B 12.3ms",
        "logger": "functions_framework.access",
        "httpRequest": {
            "requestMethod": "GET",
            "requestUrl": "/p",
            "status": 200,
            "responseSize": "12",
            "latency": "0.012340s",
        },
        LABELS: {"execution_id": "EID1"},
        "logging.googleapis.com/trace": "abc",
        SPAN: "7",
    }


def test_record_belongs_to_the_call_it_is_about() -> None:
    shown = run(
        f"""
        running = Execution("EID1")
        with call("EID2"):
            {ACCESS}
            running = None
            {ACCESS}
        """,
        LOG_FORMAT="json",
    )
    first, second = shown.err_records
    assert first[LABELS] == {"execution_id": "EID1"}
    assert LABELS not in second


@pytest.mark.parametrize("level", ["warning", "critical"])
def test_log_level_does_not_hide_what_was_asked_for(level: str) -> None:
    assert "GET /p 200" in run(f"running = None\n{ACCESS}", LOG_LEVEL=level).err


def test_path_cannot_forge_lines() -> None:
    shown = run('logs.log_access("GET", "/a\\nb", 200, 0, 0, None)')
    assert shown.err.count("\n") == 1
    assert "GET /a\\nb 200 0B 0.0ms" in shown.err


def test_a_request_whose_target_has_no_path_has_a_word_in_its_place() -> None:
    assert "CONNECT - 400 0B 0.0ms" in run('logs.log_access("CONNECT", "", 400, 0, 0, None)').err


def test_goes_to_a_handler_of_the_users_own() -> None:
    shown = run(f"""
        logging.basicConfig(format="MINE %(name)s %(message)s", stream=sys.stdout)
        running = None
        {ACCESS}
    """)
    assert (shown.out, shown.err) == ("MINE functions_framework.access GET /p 200 12B 12.3ms\n", "")


# Where somebody else's code is on the way of a record, and what it is told.
CHANGES = {
    "a filter of the handler": "fallback.addFilter(saw)",
    "a filter of the logger": "access.addFilter(saw)",
    "a handler that does nothing": "own.addHandler(logging.NullHandler())",
    "another formatter": "fallback.setFormatter(type(fallback.formatter)())",
    "a factory": "logging.setLogRecordFactory(lambda *a, **b: saw(logging.LogRecord(*a, **b)))",
    "a method": "logging.Logger.callHandlers = lambda *a: (saw(a[1]), call_handlers(*a))",
    "the handler's method": "type(fallback).emit = lambda *a: (saw(a[1]), emit(*a))",
}
SETTING = """
    import itertools, time

    def saw(record):
        sys.stdout.write(f"saw {record.getMessage()}\\n")
        return record

    access, own = map(logging.getLogger, ("functions_framework.access", "functions_framework"))
    (fallback,) = list(logging.root.handlers)
    call_handlers, emit = logging.Logger.callHandlers, type(fallback).emit
"""
LINES = """
    requests = [
        ("GET", "/p", 200, 12, 0.01234), ("POST", "/\u00fc/x y", 503, 0, 0.0),
        ("GE\\nT", "/a\\x1b[1m", 404, 3, 1.5), ("GET", "/" + "a" * 3000, 200, 1, 2.0),
        ("WEBSOCKET", "/w", 1000, 7, 61.0), ("WEBSOCKET", "/w", 403, 0, 0.2),
    ]
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    calls = [
        None, Execution("EID1"), Execution("a\\nb", cloud_trace="abc/7"),
        Execution("EID2", traceparent=trace),
    ]
    def all_of_them():
        clock = itertools.count(1_700_000_000.5, 0.5).__next__
        time.time = clock
        time.time_ns = lambda: int(clock() * 2) * 500_000_000  # records ask for it since 3.13
        for request, running in itertools.product(requests, calls):
            logs.log_access(*request, running)
    all_of_them()
    sys.stderr.write("---\\n")
"""


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_line_is_the_same_whoever_sees_its_record(change: str, log_format: str) -> None:
    shown = run(f"{SETTING}{LINES}    {change}\n    all_of_them()\n", LOG_FORMAT=log_format)
    short, _, long = shown.err.partition("---\n")
    assert short == long
    assert short.count("\n") == 24
    assert shown.out.count("saw GET /p 200 12B 12.3ms\n") == (4 if "saw" in change else 0)


def test_a_handler_of_the_users_own_gets_the_record() -> None:
    shown = run(f"""{SETTING}
    mine = logging.Handler()
    mine.emit = saw
    own.addHandler(mine)
    {ACCESS.replace("running", "None")}
    """)
    assert (shown.out, shown.err) == ("saw GET /p 200 12B 12.3ms\n", "")


def test_a_stream_that_fails_is_reported_as_by_logging() -> None:
    shown = run(f"""{SETTING}
    sys.stderr = None
    logging.Handler.handleError = lambda handler, record: saw(record)
    {ACCESS.replace("running", "None")}
    """)
    assert shown.out == "saw GET /p 200 12B 12.3ms\n"
