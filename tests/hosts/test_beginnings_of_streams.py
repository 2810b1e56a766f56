"""A stream that fails before its first part is answered as a function that fails, on every host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flask
import pytest
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from functions_framework import sse
from functions_framework.api.registrations import Registrations
from functions_framework.model.function import Signature
from support.callers import crash_records
from support.in_memory import EVENT_HOSTS, HOSTS, serve

if TYPE_CHECKING:
    from collections.abc import Callable


class Parts:
    """An iterable that notes how often it was closed."""

    def __init__(self, parts: Any) -> None:
        self._parts = iter(parts)
        self.closed = 0

    def __iter__(self) -> Parts:
        return self

    def __next__(self) -> Any:
        return next(self._parts)

    def close(self) -> None:
        self.closed += 1


def blocking(parts: list[Any]) -> Any:
    for part in parts:
        if isinstance(part, BaseException):
            raise part
        yield part


async def awaited(parts: list[Any]) -> Any:
    for part in blocking(parts):
        yield part


STREAMS: dict[str, Callable[[list[Any]], Any]] = {
    "generator": blocking,
    "iterator": lambda parts: Parts(blocking(parts)),
    "with a status": lambda parts: (blocking(parts), 201),
    "async generator": awaited,
    "async with headers": lambda parts: (awaited(parts), 201, {"x-a": "1"}),
    "flask": lambda parts: flask.Response(blocking(parts)),
    "starlette": lambda parts: StreamingResponse(blocking(parts)),
    "async starlette": lambda parts: StreamingResponse(awaited(parts)),
}
DEFERRED = {
    "starlette with a task": lambda parts: StreamingResponse(
        blocking(parts), background=BackgroundTask(lambda: None)
    )
}
EVENTS: dict[str, Callable[[list[Any]], Any]] = {
    "sse": lambda parts: sse(blocking(parts)),
    "async sse": lambda parts: sse(awaited(parts)),
}
ALL = STREAMS | EVENTS

every_host = pytest.mark.parametrize("host", HOSTS)
every_stream = pytest.mark.parametrize("stream", ALL)


def answers(stream: str, host: str, parts: list[Any], handlers: Any = ()) -> Any:
    make = (ALL | DEFERRED)[stream]
    return serve(host, lambda _: make(parts), handlers=Registrations(list(handlers)))()


def early(stream: str) -> list[Any]:
    """Parts that are nothing yet."""
    return [] if "sse" in stream else ["", b"", ""]


@every_host
@every_stream
@pytest.mark.parametrize("error", [ValueError("secret"), SystemExit(3), KeyboardInterrupt()])
def test_a_failure_before_the_first_part_is_a_crash(
    stream: str, host: str, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    for before in ([], early(stream)):
        caplog.clear()
        answer = answers(stream, host, [*before, error])
        assert answer.is_crash
        assert b"secret" not in answer.body
        (record,) = crash_records(caplog)
        assert record.exc_info is not None
        assert record.exc_info[1] is error


@every_host
@every_stream
def test_an_abort_before_the_first_part_is_its_status(stream: str, host: str) -> None:
    for error in (HTTPException(404), _aborted(404)):
        answer = answers(stream, host, [*early(stream), error])
        assert (answer.status, answer.is_crash) == (404, False)


def _aborted(status: int) -> Exception:
    with pytest.raises(Exception, match=str(status)) as found:
        flask.abort(status)
    return found.value


@every_host
@every_stream
def test_handlers_are_asked(stream: str, host: str) -> None:
    handlers = [(ValueError, lambda _: ("bad value", 422)), (404, lambda _: ("no", 404))]
    answer = answers(stream, host, [*early(stream), ValueError()], handlers)
    assert (answer.status, answer.body) == (422, b"bad value")
    answer = answers(stream, host, [_aborted(404)], handlers)
    assert (answer.status, answer.body) == (404, b"no")


@every_host
def test_a_handlers_own_stream_that_fails_is_a_crash(host: str) -> None:
    def handler(_: Any) -> Any:
        return blocking([ValueError()]), 418

    answer = answers("generator", host, [KeyError()], [(KeyError, handler)])
    assert answer.is_crash


@pytest.mark.parametrize("host", ["asgi", "asgi with def"])
def test_responses_with_tasks_too(host: str) -> None:
    assert answers("starlette with a task", host, ["", ValueError()]).is_crash
    assert answers("starlette with a task", host, ["", "x"]).body == b"x"


@every_host
@every_stream
def test_the_parts_arrive_all_the_same(stream: str, host: str) -> None:
    answer = answers(stream, host, [*early(stream), "a", "b"])
    assert answer.body == (b"data: a\n\ndata: b\n\n" if "sse" in stream else b"ab")
    assert answer.status == (201 if "with" in stream else 200)


@every_host
@pytest.mark.parametrize("stream", STREAMS)
def test_nothing_is_an_empty_answer(stream: str, host: str) -> None:
    for parts in ([], ["", b""]):
        answer = answers(stream, host, parts)
        assert (answer.body, answer.is_whole) == (b"", True)


@every_host
@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("part", [5, None, 1.5, ["x"], {"a": 1}, "\ud800"])
def test_parts_that_are_neither_text_nor_bytes_break_it_off(
    stream: str, host: str, part: Any
) -> None:
    assert answers(stream, host, [part]).is_crash
    answer = answers(stream, host, ["first", part, "never"])
    assert (answer.body, answer.is_whole) == (b"first", False)


@every_host
@pytest.mark.parametrize("part", [bytearray(b"x"), memoryview(b"x")])
def test_what_is_bytes_in_another_form_is_sent(host: str, part: Any) -> None:
    assert answers("generator", host, [part, part]).body == b"xx"


@every_host
@pytest.mark.parametrize("ends", [ValueError(), "all", 5])
def test_it_is_closed_once(host: str, ends: Any) -> None:
    for before in ([], ["a"]):
        parts = Parts(blocking([*before, ends]))
        serve(host, lambda _, parts=parts: parts)()
        assert parts.closed == 1


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_streams_of_typed_functions_too(host: str) -> None:
    for stream in EVENTS.values():
        function = serve(
            host,
            lambda number, stream=stream: stream([ValueError()]),
            Signature.TYPED,
            input_type=int,
        )
        assert function("POST", "/", {"content-type": "application/json"}, b"1").is_crash
