from __future__ import annotations

from functions_framework.logs import call_end
from functions_framework.settings import Settings
from support.log_process import LABELS, run

END = """
    end = logs.call_end(Settings(log_execution_id=True, access_log=True))
    with call("EID1"):
        print("unfinished", end="")
        end("GET", "/p", 200, 2, 0.5)
        assert execution.get() is None
    end("GET", "/unknown", 404, 9, 0.001)
"""


def test_nothing_to_do_when_everything_is_off() -> None:
    assert call_end(Settings()) is None


def test_unfinished_text_then_access_record() -> None:
    shown = run(END, LOG_EXECUTION_ID="true")
    assert shown.out_records == [{"message": "unfinished", LABELS: {"execution_id": "EID1"}}]
    first, second = shown.err_records
    assert (first["message"], first[LABELS]) == ("GET /p 200 2B 500.0ms", {"execution_id": "EID1"})
    assert second["message"] == "GET /unknown 404 9B 1.0ms"
    assert LABELS not in second


def test_without_access_log_only_text() -> None:
    shown = run(END.replace(", access_log=True", ""), LOG_EXECUTION_ID="true")
    assert [item["message"] for item in shown.out_records] == ["unfinished"]
    assert shown.err == ""
