"""Functions in AWS's own runtime client, which talks to a Runtime API of the tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from support import aws_events
from support.lambda_calls import DATA, payload, request
from support.lambda_runtime import LambdaFunction
from support.otlp_receiver import receiving

if TYPE_CHECKING:
    from conftest import SourceTree

pytestmark = pytest.mark.once

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

SOURCE = """
    import asyncio, logging, os, random, time
    import functions_framework

    kept = []

    @functions_framework.on_startup
    def start():
        random.seed(7)
        logging.info("started")

    @functions_framework.on_shutdown
    def stop():
        print("stopped", flush=True)

    @functions_framework.on_snapshot
    async def before():
        from functions_framework.model import execution
        execution.new_execution_id()
        kept.append(execution._ids[-1])  # what every copy would draw next
        print("before the snapshot", flush=True)

    @functions_framework.on_restore
    def after():
        print("restored", flush=True)

    @functions_framework.http
    def plain(request):
        if request.path == "/slow":
            time.sleep(30)
        if request.path == "/crash":
            raise ValueError("seen in the log")
        logging.getLogger("app").warning("called", extra={"color": "red"})
        return f"{request.method} {request.path} {request.args.getlist('parameter1')}"

    @functions_framework.http
    async def waiting(request):
        if request.url.path == "/slow":
            await asyncio.sleep(30)
        if request.url.path == "/crash":
            raise ValueError("seen in the log")
        logging.getLogger("app").warning("called", extra={"color": "red"})
        names = request.query_params.getlist("parameter1")
        return f"{request.method} {request.url.path} {names}"

    @functions_framework.typed
    def draw(value: dict):
        from functions_framework.model.execution import new_execution_id
        is_cold = functions_framework.current().cold_start
        return {"number": random.random(), "cold": is_cold, "fresh": new_execution_id() not in kept}

    @functions_framework.cloud_event
    def on_event(event):
        logging.info("event %s", event["type"])
"""


def records(function: LambdaFunction) -> list[dict[str, Any]]:
    """What it has logged."""
    return [json.loads(line) for line in function.output.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("target", ["plain", "waiting"])
def test_an_http_function_answers_requests_of_an_api(target: str, sources: SourceTree) -> None:
    sources.put("main.py", SOURCE)
    with LambdaFunction(sources.root, environ={"FUNCTION_TARGET": target}) as function:
        first = function.invoke(payload("http_api_2"))
        assert first["statusCode"] == 200
        assert first["body"] == "POST /path/to/resource ['value1', 'value2']"
        assert first["isBase64Encoded"] is False
        assert function.invoke(payload("http_api_2")) == first


def test_a_target_that_is_not_there_is_told_in_one_line(sources: SourceTree) -> None:
    sources.put("main.py", SOURCE)
    with LambdaFunction(sources.root, environ={"FUNCTION_TARGET": "nothing"}) as function:
        outcome = function.outcome()
        assert outcome.kind == "init/error"
        assert outcome.json["errorType"] == "MissingTargetException"
        assert "is expected to contain a function named 'nothing'" in outcome.json["errorMessage"]
        assert len(outcome.json["stackTrace"]) == 1
        assert function.wait() == 1


def test_a_file_can_make_its_own_handler(sources: SourceTree) -> None:
    made = "\n    from functions_framework.platforms import aws_lambda\n"
    sources.put("app.py", f"{SOURCE}{made}    handler = aws_lambda.handler_of(plain)\n")
    with LambdaFunction(sources.root, handler="app.handler") as function:
        reply = function.invoke(payload("http_api_2"))
        assert reply["body"] == "POST /path/to/resource ['value1', 'value2']"
        error = function.fail({"key1": "secret", "key2": 2})
    assert error["errorType"] == "InvalidPayload"
    assert "'key1', 'key2'" in error["errorMessage"]
    assert "secret" not in error["errorMessage"]
    assert len(error["stackTrace"]) == 1


@pytest.mark.parametrize("target", ["plain", "waiting"])
def test_a_call_and_its_records(target: str, sources: SourceTree) -> None:
    sources.put("main.py", SOURCE)
    environ = {"FUNCTION_TARGET": target, "AWS_LAMBDA_LOG_LEVEL": "WARN"}
    with LambdaFunction(sources.root, environ=environ) as function:
        given = request("http_api_2", "GET", "/")
        function.invoke(given, trace=TRACE, request_id="first")
        late = function.invoke(request("http_api_2", "GET", "/slow"), seconds=1, request_id="late")
        assert late["statusCode"] == 504
        crash = request("http_api_2", "GET", "/crash")
        assert function.invoke(crash, request_id="crash")["statusCode"] == 500
        function.wait_until_idle()
        assert function.terminate() == 0
        assert function.output.endswith("stopped\n")
        called, ran_late, crashed = records(function)
    assert called | {"timestamp": "", "location": ""} == {
        "timestamp": "",
        "level": "WARNING",
        "message": "called",
        "logger": "app",
        "location": "",
        "color": "red",
        "requestId": "first",
        "traceId": "5759e988bd862e3fe1be46a994272793",
        "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793",
    }
    assert called["location"].endswith(f" {target}")
    assert ran_late["requestId"] == "late"
    assert ran_late["message"].startswith("GET /slow ran past its deadline of 0.")
    assert crashed["requestId"] == "crash"
    assert "ValueError: seen in the log" in crashed["message"]


def test_text_logs_are_those_of_the_runtime(sources: SourceTree) -> None:
    sources.put("main.py", SOURCE)
    environ = {"FUNCTION_TARGET": "plain", "LOG_FORMAT": "text"}
    with LambdaFunction(sources.root, environ=environ) as function:
        function.invoke(request("http_api_2", "GET", "/"), request_id="first")
        assert function.says("[WARNING]\t")
        assert function.says("\tfirst\tcalled")


def test_a_copy_of_a_snapshot_draws_numbers_of_its_own(sources: SourceTree) -> None:
    sources.put("main.py", SOURCE)
    environ = {"FUNCTION_TARGET": "draw", "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
    drawn = []
    for _ in range(2):
        with LambdaFunction(sources.root, environ=environ) as function:
            function.wait_for_snapshot()
            assert function.says("before the snapshot\n")
            assert "restored" not in function.output
            function.api.restoring.set()
            drawn.append(function.invoke({}))
            assert function.says("restored\n")
    assert all(found["cold"] and found["fresh"] for found in drawn)
    assert drawn[0]["number"] != drawn[1]["number"]


def test_events_of_a_queue(sources: SourceTree) -> None:
    sources.put("main.py", SOURCE)
    with LambdaFunction(sources.root, environ={"FUNCTION_TARGET": "on_event"}) as function:
        assert function.invoke(payload("sqs", "events")) == {"batchItemFailures": []}
        assert function.says("event com.amazonaws.sqs.Message")


def test_spans_are_sent_before_the_environment_is_frozen(sources: SourceTree) -> None:
    sources.put("main.py", SOURCE)
    with receiving() as receiver:
        environ = {
            "FUNCTION_TARGET": "plain",
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "ACCESS_LOG": "1",
        }
        with LambdaFunction(sources.root, environ=environ) as function:
            function.invoke(request("http_api_2", "GET", "/a"), trace=TRACE)
            ((span, _),) = receiver.spans
            assert function.says("httpRequest")
            line = next(found for found in records(function) if "httpRequest" in found)
    assert span.trace_id.hex() == "5759e988bd862e3fe1be46a994272793"
    assert span.parent_span_id.hex() == "53995c3f42cd8ad8"
    assert line["message"].startswith("GET /a 200 ")
    assert line["requestId"]


def test_a_source_that_fails_is_told_at_init(sources: SourceTree) -> None:
    sources.put("main.py", "import no_such_package_1\n")
    with LambdaFunction(sources.root, environ={"FUNCTION_TARGET": "plain"}) as function:
        outcome = function.outcome()
        assert outcome.kind == "init/error"
        assert "no_such_package_1" in outcome.json["errorMessage"]


def test_a_handler_that_is_not_there_is_told(sources: SourceTree) -> None:
    sources.put("main.py", SOURCE)
    wrong = "functions_framework.platforms.aws_lambda.handle"
    with LambdaFunction(sources.root, wrong, {"FUNCTION_TARGET": "plain"}) as function:
        outcome = function.outcome()
        assert "Handler 'handle' missing" in outcome.json["errorMessage"]


def test_the_data_are_where_their_sources_say() -> None:
    listed = (DATA / "http" / "SOURCES.md").read_text(encoding="utf-8")
    names = {path.name for path in (DATA / "http").glob("*.json")}
    assert {name for name in names if f"`{name}`" not in listed} == set()


EVENTS = """
    import functions_framework
    from functions_framework import Drop, Retry, SqsMessage

    @functions_framework.cloud_event
    async def on_order(message: SqsMessage):
        print("got", message.text)
        if message.text == "busy":
            raise Retry(after=60)
        if message.text == "bad":
            raise Drop("not an order")
"""


def test_messages_of_a_queue_come_again_as_the_function_says(sources: SourceTree) -> None:
    sources.put("main.py", EVENTS)
    with LambdaFunction(sources.root) as function:
        reply = function.invoke(aws_events.sqs("ok", "busy", "bad"))
        assert reply == {"batchItemFailures": [{"itemIdentifier": "m2"}]}
        assert function.invoke(aws_events.sqs("ok", "bad")) == {"batchItemFailures": []}
        error = function.fail(aws_events.sqs("busy"))
        assert error["errorType"].endswith("EventsFailed")
        assert error["errorMessage"] == "1 of 1 events of aws:sqs failed (1 retry)."
        unknown = function.fail({"Records": [{"eventSource": "aws:s3cret", "a": 1}]})
        assert unknown["errorType"].endswith("InvalidPayload")
        assert "an object with the keys 'eventSource', 'a'" in unknown["errorMessage"]
    assert "s3cret" not in function.output
    assert function.output.count("got busy") == 2
