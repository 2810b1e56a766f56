from __future__ import annotations

import json
import logging
import logging.config
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_framework.logs import ContextFilter, JsonFormatter
from functions_framework.model.execution import Execution, execution
from support.log_process import LABELS, SAMPLED, SOURCE, SPAN, TRACE, run

if TYPE_CHECKING:
    from collections.abc import Iterator

CLOUD_TRACE = "105445aa7843bc8bf206b12000100000/123;o=1"


@pytest.fixture
def running() -> Iterator[Execution]:
    made = Execution("EID1", cloud_trace=CLOUD_TRACE)
    token = execution.set(made)
    yield made
    execution.reset(token)


def record(message: Any = "hello", *args: Any, **fields: Any) -> logging.LogRecord:
    made = logging.LogRecord("main", logging.INFO, "/app/main.py", 12, message, args, None, "f")
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def formatted(made: logging.LogRecord, **options: Any) -> dict[str, Any]:
    text = JsonFormatter(**options).format(made)
    assert "\n" not in text
    fields: dict[str, Any] = json.loads(text)
    return fields


def test_fields_outside_a_call() -> None:
    fields = formatted(record("a %s", 1))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", fields.pop("time"))
    assert fields == {
        "severity": "INFO",
        "message": "a 1",
        "logger": "main",
        SOURCE: {"file": "/app/main.py", "line": "12", "function": "f"},
    }


def test_call_and_trace(running: Execution) -> None:
    fields = formatted(record(), project="p1")
    assert fields[LABELS] == {"execution_id": "EID1"}
    assert fields[TRACE] == "projects/p1/traces/105445aa7843bc8bf206b12000100000"
    assert (fields[SPAN], fields[SAMPLED]) == ("123", True)


def test_trace_id_stands_alone_without_a_project(
    running: Execution, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GOOGLE_CLOUD_PROJECT", "GCP_PROJECT", "GCLOUD_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    assert formatted(record())[TRACE] == "105445aa7843bc8bf206b12000100000"
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p2")
    assert formatted(record())[TRACE] == "projects/p2/traces/105445aa7843bc8bf206b12000100000"


@pytest.mark.parametrize(
    ("level", "severity"),
    [
        (5, "DEFAULT"), (10, "DEBUG"), (15, "DEBUG"), (20, "INFO"), (25, "NOTICE"),
        (30, "WARNING"), (35, "WARNING"), (40, "ERROR"), (50, "CRITICAL"), (60, "ALERT"),
    ],
)  # fmt: skip
def test_severity_of_each_level(level: int, severity: str) -> None:
    assert formatted(record(levelno=level))["severity"] == severity


def test_one_record_holds_the_traceback() -> None:
    try:
        dict[str, int]()["inner"]
    except KeyError as error:
        made = record(exc_info=(type(error), error, error.__traceback__), stack_info="Stack:\n x")
    message = formatted(made)["message"]
    assert message.startswith("hello\nTraceback (most recent call last):\n")
    assert "KeyError: 'inner'\nStack:\n x" in message


def test_extra_fields_are_kept(running: Execution) -> None:
    fields = formatted(
        record(user="ann", labels={"team": 1}, json_fields={"a": [1]}, httpRequest={"status": 1})
    )
    assert (fields["user"], fields["a"], fields["httpRequest"]) == ("ann", [1], {"status": 1})
    assert fields[LABELS] == {"team": "1", "execution_id": "EID1"}


class _Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def _cycle() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (object, "<class 'object'>"),
        (_Hostile(), "<_Hostile: repr raised RuntimeError>"),
        ({(1, 2): 3}, {"(1, 2)": 3}),
        (_cycle(), "[[...]]"),
        ("\ud800", "\ud800"),
        (float("nan"), None),
        (2**80, 2**80),
    ],
    ids=["type", "repr-raises", "tuple-keys", "cycle", "surrogate", "nan", "big"],
)
def test_values_that_json_cannot_hold_never_raise(value: Any, shown: Any) -> None:
    fields = formatted(record(extra_value=value))
    assert fields["extra_value"] == shown
    assert fields["message"] == "hello"


def test_arguments_that_do_not_fit_are_shown() -> None:
    assert formatted(record("a %d", "x"))["message"] == "a %d ('x',)"
    assert formatted(record("a", 1))["message"] == "a (1,)"


@given(
    st.dictionaries(
        st.text(max_size=20),
        st.recursive(
            st.none() | st.text(max_size=20) | st.floats() | st.binary(max_size=20),
            st.lists,
            max_leaves=10,
        ),
        max_size=5,
    )
)
def test_any_extra_gives_one_line_of_json(extra: dict[str, Any]) -> None:
    assert formatted(record(json_fields={"message": "m"} | extra))


def test_filter_keeps_the_call_for_another_thread(running: Execution) -> None:
    made = record()
    assert ContextFilter().filter(made)
    token = execution.set(None)
    fields = formatted(made)
    execution.reset(token)
    assert (fields[LABELS], fields[SPAN]) == ({"execution_id": "EID1"}, "123")
    assert not {"execution_id", "span_id", "trace_id", "trace_sampled"} & set(fields)


def test_filter_serves_a_format_of_the_users_own(running: Execution) -> None:
    made = record()
    ContextFilter().filter(made)
    shown = logging.Formatter("%(execution_id)s %(trace_id)s %(span_id)s %(message)s").format(made)
    assert shown == "EID1 105445aa7843bc8bf206b12000100000 123 hello"


def test_filter_outside_a_call_writes_empty_text() -> None:
    made = record()
    ContextFilter().filter(made)
    assert (made.execution_id, made.trace_id, made.span_id) == ("", "", "")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "declared",
    [
        {"()": "functions_framework.logs.JsonFormatter"},
        {"class": "functions_framework.logs.JsonFormatter", "format": "%(name)s: %(message)s"},
    ],
    ids=["factory", "class"],
)
def test_dict_config_can_name_it(
    declared: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"json": declared},
            "filters": {"call": {"()": "functions_framework.logs.ContextFilter"}},
            "handlers": {
                "err": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["call"]}
            },
            "loggers": {"dict_config_test": {"handlers": ["err"], "propagate": False}},
        }
    )
    logging.getLogger("dict_config_test").warning("careful")
    fields = json.loads(capsys.readouterr().err)
    expected = "dict_config_test: careful" if "format" in declared else "careful"
    assert (fields["severity"], fields["message"]) == ("WARNING", expected)


MESSAGE = {"severity": "ERROR", "message": "m", "order": 7}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(MESSAGE),
        json.dumps({**MESSAGE, "far": float("inf")}),
        json.dumps(MESSAGE, indent=2),
        f" \n{json.dumps(MESSAGE)}\n",
    ],
)
def test_message_that_is_an_object_is_the_record(running: Execution, text: str) -> None:
    for made in (record(text), record("%s", text), record(text, labels={"a": "b"})):
        fields = formatted(made)
        assert {name: fields[name] for name in MESSAGE} == MESSAGE
        assert fields["logger"] == "main"
        assert fields[LABELS].items() >= {"execution_id": "EID1"}.items()
        assert fields[SPAN] == "123"


def test_labels_of_such_a_message_are_kept(running: Execution) -> None:
    text = json.dumps({"a": 1, LABELS: {"mine": "x"}})
    fields = formatted(record(text, labels={"extra": "y"}))
    assert fields[LABELS] == {"mine": "x", "extra": "y", "execution_id": "EID1"}
    assert "message" not in fields
    assert fields["severity"] == "INFO"


def test_traceback_of_such_a_message_is_not_lost() -> None:
    made = record(json.dumps(MESSAGE), exc_text="Traceback: boom")
    assert formatted(made)["message"] == "m\nTraceback: boom"
    made = record(json.dumps({"a": 1}), exc_text="Traceback: boom")
    assert formatted(made)["message"] == "Traceback: boom"


@pytest.mark.parametrize("text", ["[1]", '"a"', "{", "{'a': 1}", '{"a": 1} more', "{}x"])
def test_any_other_message_is_text(text: str) -> None:
    assert formatted(record(text))["message"] == text


def test_printed_and_logged_objects_are_the_same_record() -> None:
    shown = run(
        f"""
        import json
        text = json.dumps({MESSAGE!r})
        with call("EID1"):
            print(text)
            logging.warning(text)
            logging.getLogger("a.b").info("%s", text)
            log = logging.getLogger("own")
            log.addHandler(logging.StreamHandler())
            log.warning(text)
        """,
        LOG_EXECUTION_ID="true",
    )
    records = [*shown.out_records, *shown.err_records]
    assert len(records) == 4
    for found in records:
        assert found.items() >= {**MESSAGE, LABELS: {"execution_id": "EID1"}}.items()
