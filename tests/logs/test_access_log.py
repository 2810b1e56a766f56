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


def test_goes_to_a_handler_of_the_users_own() -> None:
    shown = run(f"""
        logging.basicConfig(format="MINE %(name)s %(message)s", stream=sys.stdout)
        running = None
        {ACCESS}
    """)
    assert (shown.out, shown.err) == ("MINE functions_framework.access GET /p 200 12B 12.3ms\n", "")
