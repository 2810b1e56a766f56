"""Times of records: the text of a second is kept, and never shown for another one."""

from __future__ import annotations

import logging
import time
from datetime import datetime, timezone

import pytest

from functions_framework.logs.json_formatter import JsonFormatter
from functions_framework.logs.text_formatter import TextFormatter

# Within a second, on from one to the next, and back as a clock that is set does.
TIMES = [
    1_700_000_000.0, 1_700_000_000.25, 1_700_000_000.999999, 1_700_000_001.0, 1_700_000_000.5,
    1_699_999_999.75, 1_800_000_000.000001, 0.5, 0.0,
]  # fmt: skip


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the time is: its last item."""
    now = [0.0]
    monkeypatch.setattr(time, "time", lambda: now[-1])
    return now


@pytest.mark.parametrize("created", [0.0, 0.5])
def test_the_first_second_of_all_has_a_time(clock: list[float], created: float) -> None:
    clock.append(created)
    assert JsonFormatter().time_of(created).startswith("1970-01-01T00:00:00.")
    expected = f"{datetime.fromtimestamp(created):%Y-%m-%d %H:%M:%S}"
    assert TextFormatter().format_request("n", "m", None, dict, ()) == f"{expected} INFO    n: m"


def test_json_times_are_those_of_the_records() -> None:
    formatter = JsonFormatter()
    for created in TIMES:
        expected = datetime.fromtimestamp(int(created), timezone.utc)
        micros = int((created - int(created)) * 1e6)
        shown = f"{expected:%Y-%m-%dT%H:%M:%S}.{micros:06}Z"
        assert formatter.time_of(created) == shown


def test_lines_begin_with_the_time_of_their_record(clock: list[float]) -> None:
    formatter = TextFormatter()
    for created in TIMES:
        expected = f"{datetime.fromtimestamp(created):%Y-%m-%d %H:%M:%S}"
        for level in ("INFO", "WARNING"):
            record = logging.makeLogRecord({"created": created, "name": "n", "msg": "m"})
            record.levelname = level
            assert formatter.format(record) == f"{expected} {level:<7} n: m"
        clock.append(created)
        line = formatter.format_request("n", "m", None, dict, ())
        assert line == f"{expected} INFO    n: m"
