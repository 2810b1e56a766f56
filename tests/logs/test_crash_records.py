"""One record for each exception that no user code caught."""

from __future__ import annotations

import builtins
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.logs import JsonFormatter, log_crash
from support.log_process import SOURCE, run

if TYPE_CHECKING:
    from collections.abc import Callable

# Stands for code of the framework: a module whose top package is one of those folded.
FRAMEWORK = {"__name__": "functions_framework.pretended"}
exec(
    compile(
        "def through(call, *args):\n    return inner(call, *args)\n"
        "def inner(call, *args):\n    return call(*args)\n"
        "def fails(*args):\n    raise RuntimeError('raised by the framework')\n",
        "/site-packages/functions_framework/pretended.py",
        "exec",
    ),
    FRAMEWORK,
)
through: Callable[..., Any] = FRAMEWORK["through"]  # type: ignore[assignment]
fails: Callable[..., Any] = FRAMEWORK["fails"]  # type: ignore[assignment]


def crash_text(
    caplog: pytest.LogCaptureFixture, call: Callable[..., Any], *args: Any, path: str = "/p"
) -> str:
    try:
        through(call, *args)
    except BaseException as error:  # noqa: BLE001
        own_frame = error.__traceback__
        log_crash(error.with_traceback(own_frame and own_frame.tb_next), method="GET", path=path)
    (record,) = caplog.records
    caplog.clear()
    assert record.levelno == logging.ERROR
    assert record.name == "functions_framework"
    assert record.exc_info
    return logging.Formatter().format(record)


def user_function() -> None:
    raise ValueError("secret-free")


def test_first_line_and_frames(caplog: pytest.LogCaptureFixture) -> None:
    text = crash_text(caplog, user_function)
    lines = text.split("\n")
    assert lines[0] == "Exception on /p [GET]"
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: secret-free"
    # Framework frames before the user's are folded without a trace.
    assert "pretended" not in text
    assert "in user_function" in text


def test_frames_between_user_frames_leave_one_line(caplog: pytest.LogCaptureFixture) -> None:
    def middleware() -> None:
        through(user_function)

    text = crash_text(caplog, middleware)
    assert 'File "<2 frames of functions_framework>", line 0, in folded' in text
    assert text.index("in middleware") < text.index("folded") < text.index("in user_function")


def test_frames_below_the_users_last_one_stay(caplog: pytest.LogCaptureFixture) -> None:
    def user() -> None:
        fails()

    text = crash_text(caplog, user)
    assert "in user" in text
    assert "pretended.py" in text
    assert "in fails" in text


def test_without_user_frames_everything_stays(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(RuntimeError) as caught:
        fails()
    caught.value.__traceback__ = caught.value.__traceback__.tb_next  # type: ignore[union-attr]
    log_crash(caught.value, method="GET", path="/")
    assert "pretended.py" in (caplog.records[0].exc_text or "")


def test_causes_and_contexts_are_kept_and_folded(caplog: pytest.LogCaptureFixture) -> None:
    def cause() -> None:
        try:
            through(user_function)
        except ValueError as error:
            raise KeyError("outer") from error

    def context() -> None:
        try:
            through(user_function)
        except ValueError:
            raise KeyError("outer")  # noqa: B904

    for function, sentence in (
        (cause, "The above exception was the direct cause of the following exception:"),
        (context, "During handling of the above exception, another exception occurred:"),
    ):
        text = crash_text(caplog, function)
        assert text.index("ValueError: secret-free") < text.index(sentence)
        assert text.endswith("KeyError: 'outer'")
        assert text.count("<2 frames of functions_framework>") == 1  # within the inner one
        assert "in inner" not in text


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups came with 3.11")
def test_groups_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    def group() -> None:
        error: list[Exception] = []
        try:
            through(user_function)
        except ValueError as inner:
            error.append(inner)
        raise vars(builtins)["ExceptionGroup"]("several", error)

    text = crash_text(caplog, group)
    assert "several (1 sub-exception)" in text
    assert "ValueError: secret-free" in text
    assert "in inner" not in text


@pytest.mark.parametrize(
    ("raised", "last"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (SystemExit(), "SystemExit"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (RecursionError("deep"), "RecursionError: deep"),
    ],
    ids=["exit", "exit-without-code", "interrupt", "recursion"],
)
def test_every_exception_is_logged(
    caplog: pytest.LogCaptureFixture, raised: BaseException, last: str
) -> None:
    def user() -> None:
        raise raised

    assert crash_text(caplog, user).split("\n")[-1] == last


def test_endless_recursion_is_short(caplog: pytest.LogCaptureFixture) -> None:
    def user(depth: int = 0) -> int:
        return user(depth + 1) + 1

    text = crash_text(caplog, user)
    assert "Previous line repeated" in text
    assert len(text) < 5000


def test_cycle_of_causes_ends(caplog: pytest.LogCaptureFixture) -> None:
    def user() -> None:
        one, two = ValueError("one"), ValueError("two")
        one.__cause__, two.__cause__ = two, one
        raise one

    assert crash_text(caplog, user).endswith("ValueError: one")


class _Mute(Exception):  # noqa: N818
    def __str__(self) -> str:
        raise RuntimeError("no text")


def test_exception_without_text_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def user() -> None:
        raise _Mute

    assert "_Mute: <exception str() failed>" in crash_text(caplog, user)


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/a\nExit 0", "/a\\nExit 0"),
        ("/\x1b[31m", "/\\x1b[31m"),
        ("/é\u2028", "/é\\u2028"),
        ("/" + "x" * 5000, "/" + "x" * 2047 + "…"),
        ("/100%s", "/100%s"),
    ],
)
def test_path_cannot_forge_lines(caplog: pytest.LogCaptureFixture, path: str, shown: str) -> None:
    text = crash_text(caplog, user_function, path=path)
    assert text.split("\n")[0] == f"Exception on {shown} [GET]"


def test_never_raised_exception_has_no_place(caplog: pytest.LogCaptureFixture) -> None:
    log_crash(ValueError("made, not raised"), method="GET", path="/")
    (record,) = caplog.records
    assert record.exc_text == "ValueError: made, not raised"
    assert SOURCE not in JsonFormatter().format(record)


def test_json_record_names_the_users_line() -> None:
    shown = run(
        """
        def user():
            raise ValueError("x")
        with call("EID1"):
            try:
                user()
            except ValueError as error:
                logs.log_crash(error, method="POST", path="/p")
        """,
        LOG_FORMAT="json",
    )
    (record,) = shown.err_records
    assert record["severity"] == "ERROR"
    assert record["message"].startswith(
        "Exception on /p [POST]\nTraceback (most recent call last):\n"
    )
    assert record["message"].endswith("ValueError: x")
    assert record[SOURCE]["function"] == "user"


def test_text_record_is_readable() -> None:
    shown = run("""
        with call("EID1"):
            logs.log_crash(SystemExit(2), method="GET", path="/p")
    """)
    first, second = shown.err.rstrip("\n").split("\n")
    assert first.endswith("ERROR   EID1 functions_framework: Exception on /p [GET]")
    assert second == "SystemExit: 2"


def test_level_of_the_logger_is_respected(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("functions_framework")
    logger.setLevel(logging.CRITICAL)
    try:
        log_crash(ValueError("x"), method="GET", path="/")
    finally:
        logger.setLevel(logging.NOTSET)
    assert not caplog.records
