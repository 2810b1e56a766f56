"""What is raised where a thread asks by itself leaves no `finally` out."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

import pytest

from functions_framework.exceptions import RequestTimeoutException
from functions_framework.runtime.checkpoints import ask_soon
from functions_framework.runtime.interruption import Interruption

if TYPE_CHECKING:
    from collections.abc import Callable

# fmt: off


def for_then_return(step: Step, said: list[str]) -> str:
    try:
        said.append("open")
        for number in range(3): step(number)  # noqa: E701
        return "done"
    finally:
        said.append("closed")


def for_alone(step: Step, said: list[str]) -> None:
    try:
        said.append("open")
        for number in range(3): step(number)  # noqa: E701
    finally:
        said.append("closed")


def while_then_return(step: Step, said: list[str]) -> str:
    try:
        said.append("open")
        number = 0
        while number < 3: step(number); number += 1  # noqa: E701, E702
        return "done"
    finally:
        said.append("closed")


def within_with(step: Step, said: list[str]) -> None:
    with Opened(said):
        for number in range(3): step(number)  # noqa: E701


def within_except(step: Step, said: list[str]) -> None:
    try:
        said.append("open")
        for number in range(3): step(number)  # noqa: E701
    except RequestTimeoutException:
        said.append("closed")
        raise


def without(step: Step, said: list[str]) -> None:
    for number in range(3): step(number)  # noqa: E701
    said += ["open", "closed"]


# fmt: on


class Opened:
    """Says that it is opened and closed."""

    def __init__(self, said: list[str]) -> None:
        self._said = said

    def __enter__(self) -> None:
        self._said.append("open")

    def __exit__(self, *_: object) -> None:
        self._said.append("closed")


class Step:
    """Tells its thread to end, at one of its calls.

    Args:
        work: what is ended.
        at: the number of the call.
    """

    def __init__(self, work: Callable[..., object], at: int) -> None:
        thread = threading.get_ident()
        self.end = Interruption(thread, [None], work.__code__, RequestTimeoutException)
        self._at = at

    def __call__(self, number: int) -> None:
        if number == self._at:
            ask_soon(self.end.thread, self.end.frames(), self.end)


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize(
    "work",
    [for_then_return, for_alone, while_then_return, within_with, within_except, without],
)
def test_a_loop_on_a_line_of_its_own_is_ended_and_tidied_up(
    work: Callable[[Step, list[str]], object], at: int
) -> None:
    said: list[str] = []
    step = Step(work, at)
    is_ended = False
    try:
        work(step, said)
    except RequestTimeoutException:
        is_ended = True
    finally:
        step.end.close()
    if is_ended and work is not without and not (work is within_except and at == 2):
        assert said == ["open", "closed"]
    assert is_ended or at == 2 or sys.version_info < (3, 12)
