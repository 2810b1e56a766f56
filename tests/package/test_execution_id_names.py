"""The names of `functions_framework.execution_id` that code outside reaches for."""

from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework import execution_id
from functions_framework.model import execution
from support.log_process import LABELS, SPAN

if TYPE_CHECKING:
    from collections.abc import MutableMapping


@pytest.fixture(autouse=True)
def _outside_a_call() -> Any:
    token = execution.execution.set(None)
    yield
    execution.execution.reset(token)


def test_context_variable_is_the_one_there_is() -> None:
    execution_id.execution_context_var.set(execution_id.ExecutionContext("E1", "7"))
    running = execution.current()
    assert running is not None
    assert (running.execution_id, running.span_id, running.trace_id) == ("E1", "7", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", [{"message": "x"}]),
        ("x\n", [{"message": "x"}]),
        ("\n", []),
        ('{"a": 1}', [{"a": 1}]),
    ],
)
def test_stream_writes_one_record_for_each_write(text: str, expected: list[Any]) -> None:
    target = io.StringIO()
    stream = execution_id.LoggingHandlerAddExecutionId(target)
    execution_id.execution_context_var.set(execution_id.ExecutionContext("E1", "7"))
    assert stream.write(text) == len(text)
    stream.flush()
    added = {LABELS: {"execution_id": "E1"}, SPAN: "7"}
    assert [json.loads(line) for line in target.getvalue().splitlines()] == [
        item | added for item in expected
    ]


def test_stream_without_ids_and_outside_a_call() -> None:
    target = io.StringIO()
    stream = execution_id.LoggingHandlerAddExecutionId(target)
    stream.write("plain")
    execution_id.execution_context_var.set(execution_id.ExecutionContext())
    stream.write("record")
    assert target.getvalue() == 'plain{"message":"record"}\n'


def test_stream_shows_the_one_below(capfd: pytest.CaptureFixture[str]) -> None:
    with open("/dev/null", "w", encoding="utf-8") as target:  # noqa: PTH123
        stream = execution_id.LoggingHandlerAddExecutionId(target)
        assert stream.fileno() == target.fileno()
        assert not stream.isatty()
    print("x", file=execution_id.LoggingHandlerAddExecutionId(), end="")
    assert capfd.readouterr().out == "x"


@pytest.mark.parametrize("sent", ["", "MINE"])
def test_wsgi_middleware(sent: str) -> None:
    seen = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        running = execution.current()
        assert running is not None
        seen.append((environ["HTTP_FUNCTION_EXECUTION_ID"], running.execution_id, running.span_id))
        return [b"done"]

    def started(*_: Any) -> Any:
        raise AssertionError("the application begins no response")

    environ = {"HTTP_FUNCTION_EXECUTION_ID": sent, "HTTP_X_CLOUD_TRACE_CONTEXT": "abc/7"}
    assert list(execution_id.WsgiMiddleware(app)(environ, started)) == [b"done"]
    ((header, current, span),) = seen
    assert (header, span) == (current, "7")
    assert header == sent or (not sent and len(header) == 12)
    assert execution.current() is None


async def _unused(*_: Any) -> Any:
    raise AssertionError("the application receives and sends nothing")


@pytest.mark.parametrize("sent", [None, b"", b"MINE"])
def test_asgi_middleware(sent: bytes | None) -> None:
    seen = []

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        running = execution.current()
        assert running is not None
        headers = dict(scope["headers"])
        assert len(headers) == len(scope["headers"])
        seen.append((headers[b"function-execution-id"].decode(), running.execution_id))

    headers = [(b"x-cloud-trace-context", b"abc/7")]
    if sent is not None:
        headers.append((b"function-execution-id", sent))
    scope = {"type": "http", "headers": headers}
    asyncio.run(execution_id.AsgiMiddleware(app)(scope, _unused, _unused))
    ((header, current),) = seen
    assert header == current
    assert header == (sent or b"").decode() or (not sent and len(header) == 12)
    assert execution.current() is None


def test_asgi_middleware_leaves_other_scopes_alone() -> None:
    seen = []

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        seen.append((scope, execution.current()))

    asyncio.run(execution_id.AsgiMiddleware(app)({"type": "lifespan"}, _unused, _unused))
    assert seen == [({"type": "lifespan"}, None)]
