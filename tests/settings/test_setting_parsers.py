"""What each parser takes, and that it says what it expected of anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.model.function import Signature
from functions_framework.settings import options, parsers

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parsers.text, " hello ", " hello "),
        (parsers.path, "a b/ü.py", "a b/ü.py"),
        *[(parsers.boolean, word, True) for word in ("1", "true", "T", "Yes", "y", " ON ")],
        *[(parsers.boolean, word, False) for word in ("0", "false", "F", "No", "n", "\toff\n")],
        (parsers.integer, " 9 ", 9),
        (parsers.integer, "-1", -1),
        (parsers.count, "1", 1),
        (parsers.count, "1000000", 1_000_000),
        (parsers.workers, "1000", 1000),
        (parsers.whole, "0", 0),
        (parsers.port, "0", 0),
        (parsers.port, " 65535 ", 65535),
        (parsers.seconds, "0", 0.0),
        (parsers.seconds, " 1.5 ", 1.5),
        (parsers.seconds, "1e9", 1e9),
        (parsers.header_size, "1G", 2**30),
        (parsers.size, "0", 0),
        (parsers.size, "65536", 65536),
        (parsers.size, " 64k ", 65536),
        (parsers.size, "10MB", 10 * 2**20),
        (parsers.size, "1G", 2**30),
        *[(parsers.signature, kind.value, kind) for kind in Signature],
        (parsers.probe_path, "/healthz/", "/healthz"),
        (parsers.probe_path, "/_/ready, /_/health", "/_/ready,/_/health"),
        (parsers.log_level, "INFO", "info"),
        (parsers.log_level, " Warn ", "warning"),
        (parsers.log_level, "FATAL", "critical"),
    ],
)
def test_what_is_taken(parse: Callable[[str], Any], text: str, value: Any) -> None:
    assert parse(text) == value
    assert type(parse(text)) is type(value)


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parsers.boolean, "maybe", "1/true/t/yes/y/on or 0/false/f/no/n/off"),
        (parsers.boolean, "", "1/true"),
        *[
            (parsers.probe_path, text, "a path such as /healthz, or one of readiness and one")
            for text in ("/a,/b,/c", "/a,", ",/a", "/a,/a/", "/a,b")
        ],
        (parsers.integer, "x", "a whole number"),
        (parsers.integer, "1.5", "a whole number"),
        (parsers.count, "0", "at least 1"),
        (parsers.whole, "-1", "at least 0"),
        (parsers.count, "1000001", "at most 1000000"),
        (parsers.whole, "99999999999999999999", "at most 1000000"),
        (parsers.workers, "0", "at least 1"),
        *[(parsers.workers, many, "at most 1000") for many in ("1001", "100000", "9" * 30)],
        (parsers.port, "65536", "from 0 to 65535"),
        (parsers.port, "-1", "from 0 to 65535"),
        (parsers.seconds, "soon", "number of seconds"),
        (parsers.seconds, "-0.1", "at least 0"),
        (parsers.seconds, "inf", "at least 0"),
        (parsers.seconds, "nan", "at least 0"),
        (parsers.seconds, "1e10", "at most 1000000000 seconds"),
        (parsers.header_size, "2G", "at most 1G"),
        (parsers.header_size, "2X", "such as 65536"),
        (parsers.size, "64X", "such as 65536, 64K, 10M or 1G"),
        (parsers.size, "1.5K", "such as"),
        (parsers.size, "-1K", "at least 0"),
        (parsers.signature, "HTTP", "'http', 'event', 'cloudevent', 'typed', 'websocket'"),
        (parsers.signature, " http", "'http'"),
        (parsers.log_level, "loud", "debug, info, warning, error, critical"),
    ],
)
def test_what_is_refused(parse: Callable[[str], Any], text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=r"^expected ") as failure:
        parse(text)
    assert expected in str(failure.value)


def is_number(parse: Callable[[str], Any]) -> bool:
    try:
        return type(parse("1")) in {int, float}
    except ValueError:
        return False


NUMBERS = {name: option.parse for name, option in options().items() if is_number(option.parse)}


@pytest.mark.parametrize("name", sorted(NUMBERS.keys() - {"max_body_size", "max_worker_memory"}))
def test_a_mistyped_number_neither_takes_all_memory_nor_stops_a_clock(name: str) -> None:
    with pytest.raises(ValueError, match=r"at most \d+|to 65535"):
        NUMBERS[name]("9" * 30)


@given(text=st.text(), name=st.sampled_from(sorted(options())))
def test_any_text_is_a_value_or_a_sentence(text: str, name: str) -> None:
    failure = ""
    try:
        options()[name].parse(text)
    except ValueError as error:
        failure = str(error)
    assert not failure or failure.startswith("expected ")


@given(st.integers(min_value=0, max_value=2**50))
def test_a_size_is_shown_as_it_is_read(number: int) -> None:
    assert parsers.size(parsers.show_size(number)) == number
