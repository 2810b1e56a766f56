"""Bodies that are read to see whether they are invocations, and then by the function."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.exceptions import MalformedRequest
from functions_framework.platforms.azure.bodies import HeldBody, HeldReceive

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.once

LINES = b"one\ntwo\nthree"


class Broken(BytesIO):
    """A body whose client has left."""

    def read(self, *_: Any) -> bytes:
        raise MalformedRequest("The request body broke off.")


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        (lambda body: body.read(), LINES),
        (lambda body: body.read(3), b"one"),
        (lambda body: body.readline(), b"one\n"),
        (lambda body: body.readlines(), [b"one\n", b"two\n", b"three"]),
        (list, [b"one\n", b"two\n", b"three"]),
    ],
)
@pytest.mark.parametrize("is_held", [True, False])
def test_a_body_is_there_a_second_time(
    read: Callable[[HeldBody], Any], expected: Any, *, is_held: bool
) -> None:
    body = HeldBody(BytesIO(LINES))
    if is_held:
        assert body.hold() == LINES
    assert read(body) == expected


@pytest.mark.parametrize("read", [lambda body: body.read(), lambda body: body.readline(), list])
def test_the_next_reader_is_told_that_it_broke_off(read: Callable[[HeldBody], Any]) -> None:
    body = HeldBody(Broken())
    assert body.hold() == b""
    with pytest.raises(MalformedRequest):
        read(body)


def receive_of(*messages: Any) -> Callable[[], Any]:
    """A `receive` that gives messages in order, and raises those that are exceptions."""
    inbox = list(messages)

    async def receive() -> Any:
        message = inbox.pop(0)
        if isinstance(message, Exception):
            raise message
        return message

    return receive


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


GONE = {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("messages", "held"),
    [
        ([part(b"a", more=True), part(b"b", more=False), GONE], b"ab"),
        ([part(b"a", more=True), GONE], b""),
        ([part(b"a", more=True), MalformedRequest("It broke off.")], b""),
    ],
)
def test_messages_come_a_second_time(messages: list[Any], held: bytes) -> None:
    async def read() -> list[Any]:
        receive = HeldReceive(receive_of(*messages))
        assert await receive.hold() == held
        found: list[Any] = []
        for _ in messages:
            try:
                found.append(await receive())
            except MalformedRequest as error:  # noqa: PERF203 - a few
                found.append(error)
        return found

    assert asyncio.run(read()) == messages
