"""Invokes that are no HTTP requests, deadlines, and several functions in one handler."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework.exceptions import InvalidPayload, RequestTimeoutException, Retry
from functions_framework.platforms.aws_lambda.batch import EventsFailed
from functions_framework.platforms.aws_lambda.direct import InvokeFailed
from functions_framework.platforms.aws_lambda.shapes import Shape, shape_of
from support.lambda_calls import DATA, HTTP, Context, payload, request, sandbox_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloudevents.http import CloudEvent

    from functions_framework.platforms.aws_lambda.sandbox import Sandbox

pytestmark = pytest.mark.once

EVENTS = sorted(path.stem for path in (DATA / "events").glob("*.json"))
EVENT = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {"a": 1}}


@pytest.fixture
def make() -> Iterator[Callable[..., Sandbox]]:
    made: list[Sandbox] = []

    def make(*functions: Any, **settings: Any) -> Sandbox:
        made.append(sandbox_of(*functions, **settings))
        return made[-1]

    yield make
    for sandbox in made:
        sandbox.calls.stop()


@pytest.mark.parametrize("name", EVENTS)
def test_events_of_services_are_told_by_their_keys(name: str) -> None:
    assert shape_of(payload(name, "events")) is Shape.EVENTS


@pytest.mark.parametrize("name", HTTP)
def test_requests_are_told_by_their_keys(name: str) -> None:
    assert shape_of(payload(name)) in {Shape.HTTP_1, Shape.HTTP_2, Shape.ALB}


@pytest.mark.parametrize(
    "given",
    [
        None, 7, "text", [], [1], {}, {"key1": "value1"}, {"Records": []}, {"Records": [{"a": 1}]},
        {"requestContext": {"connectionId": "x", "routeKey": "$connect"}},
        payload("authorizer"), EVENT,
    ],
)  # fmt: skip
def test_other_payloads_are_direct(given: Any) -> None:
    assert shape_of(given) is Shape.DIRECT


@functions_framework.typed
def add(value: dict[str, int]) -> Any:
    return {"sum": value["a"] + value["b"]}


@functions_framework.typed
async def add_async(value: dict[str, int]) -> Any:
    return {"sum": value["a"] + value["b"]}


@pytest.mark.parametrize("function", [add, add_async])
def test_a_typed_function_takes_the_bare_payload(function: Any, make: Any) -> None:
    sandbox = make(function)
    assert sandbox({"a": 1, "b": 2}, Context()) == {"sum": 3}
    with pytest.raises(InvokeFailed, match="gave a 422") as refused:
        sandbox(["secret"], Context())
    assert "secret" not in str(refused.value)
    with pytest.raises(KeyError, match="'b'"):
        sandbox({"a": 1}, Context())
    over_http = request("http_api_2", "POST", "/", body='{"a":1,"b":2}', isBase64Encoded=False)
    over_http["headers"]["content-type"] = "application/json"
    assert json.loads(sandbox(over_http, Context())["body"]) == {"sum": 3}


@pytest.mark.parametrize("result", [None, "text", [1, None], {"a": {"b": True}}])
def test_what_a_typed_function_returns_is_what_the_invoke_returns(result: Any, make: Any) -> None:
    @functions_framework.typed
    def echo(value: Any) -> Any:
        return result

    assert make(echo)({}, Context()) == result


def test_a_typed_function_takes_payloads_of_services_as_they_are(make: Any) -> None:
    @functions_framework.typed
    def count(value: dict[str, Any]) -> int:
        return len(value["Records"])

    assert make(count)(payload("s3", "events"), Context()) == 1


def collecting(found: list[str]) -> list[Any]:
    """Event functions of all kinds that note the ids of their events."""

    @functions_framework.cloud_event
    def on_event(event: CloudEvent) -> None:
        found.append(event["id"])

    @functions_framework.cloud_event
    async def on_event_async(event: CloudEvent) -> None:
        found.append(event["id"])

    return [on_event, on_event_async]


@pytest.mark.parametrize("kind", [0, 1])
def test_events_as_direct_payloads(kind: int, make: Any) -> None:
    found: list[str] = []
    sandbox = make(collecting(found)[kind])
    assert sandbox(EVENT, Context()) is None
    assert sandbox([EVENT, {**EVENT, "id": "2"}], Context()) is None
    assert found == ["1", "1", "2"]
    with pytest.raises(InvokeFailed, match="has no type"):
        sandbox({key: value for key, value in EVENT.items() if key != "type"}, Context())
    with pytest.raises(InvalidPayload, match="keys 'key1'") as unknown:
        sandbox({"key1": "secret"}, Context())
    assert "secret" not in str(unknown.value)


def test_a_background_event_as_direct_payload(make: Any) -> None:
    found = []

    @functions_framework.event
    def on_event(data: Any, context: Any) -> None:
        found.append((data, context.event_id))

    given = {"context": {"eventId": "7", "eventType": "t", "resource": "r"}, "data": {"a": 1}}
    assert make(on_event)(given, Context()) is None
    assert found == [({"a": 1}, "7")]


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("name", EVENTS)
def test_events_of_services_reach_the_function(name: str, kind: int, make: Any) -> None:
    found: list[str] = []
    result = make(collecting(found)[kind])(payload(name, "events"), Context())
    assert result in (None, {"batchItemFailures": []})
    assert found


def _failing(is_async: bool, bad: set[str], done: list[str]) -> Any:
    @functions_framework.cloud_event
    def on_event(event: CloudEvent) -> None:
        if event["id"] in bad:
            raise Retry(reason="later")
        done.append(event["id"])

    @functions_framework.cloud_event
    async def on_event_async(event: CloudEvent) -> None:
        await asyncio.sleep(0)
        on_event(event)

    return on_event_async if is_async else on_event


@pytest.mark.parametrize("is_async", [False, True])
def test_messages_that_fail_are_named_and_a_fifo_queue_stops(is_async: bool, make: Any) -> None:
    given = payload("sqs", "events")
    first, second = given["Records"]
    third = {**second, "messageId": "third"}
    given["Records"] = [first, second, third]
    done: list[str] = []
    result = make(_failing(is_async, {second["messageId"]}, done))(given, Context())
    assert result == {"batchItemFailures": [{"itemIdentifier": second["messageId"]}]}
    assert sorted(done) == sorted([first["messageId"], "third"])
    given["Records"] = [
        {**record, "eventSourceARN": f"{record['eventSourceARN']}.fifo"}
        for record in given["Records"]
    ]
    done.clear()
    result = make(_failing(is_async, {second["messageId"]}, done))(given, Context())
    assert [item["itemIdentifier"] for item in result["batchItemFailures"]] == [
        second["messageId"],
        "third",
    ]
    assert done == [first["messageId"]]


@pytest.mark.parametrize("is_async", [False, True])
def test_services_without_partial_responses_get_an_error(is_async: bool, make: Any) -> None:
    given = payload("s3", "events")
    found: list[str] = []
    make(collecting(found)[0])(given, Context())
    with pytest.raises(EventsFailed, match="1 of 1 events"):
        make(_failing(is_async, set(found), []))(given, Context())


def test_events_at_the_same_time_keep_the_trace_and_the_request(make: Any) -> None:
    found = []

    @functions_framework.cloud_event
    def on_event(event: CloudEvent) -> None:
        running = functions_framework.current()
        assert running is not None
        found.append((running.execution_id, running.trace_id))

    make(on_event)(payload("sqs", "events"), Context())
    assert {execution_id for execution_id, _ in found} == {"request-1"}
    # The first message of the documentation has a trace header of its sender.
    assert any(trace_id for _, trace_id in found)


def test_a_function_of_whole_batches_decides_on_all(make: Any) -> None:
    sizes = []

    @functions_framework.cloud_event(batch=True)
    def on_events(events: list[CloudEvent]) -> None:
        sizes.append(len(events))
        raise Retry(reason="all of them")

    given = payload("sqs", "events")
    with pytest.raises(EventsFailed, match="2 of 2 events"):
        make(on_events)(given, Context())
    assert sizes == [2]


def http(request: Any) -> str:
    return f"http {request.path}"


def test_a_function_of_requests_takes_nothing_else(make: Any) -> None:
    sandbox = make(http)
    for given in ({"key1": "secret"}, payload("sqs", "events"), EVENT):
        with pytest.raises(InvalidPayload, match="'http' takes HTTP requests") as caught:
            sandbox(given, Context())
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


def test_several_functions_share_a_handler(make: Any) -> None:
    found: list[str] = []
    sandbox = make(http, add, collecting(found)[0])
    assert sandbox(request("http_api_2", "GET", "/http"), Context())["body"] == "http /http"
    assert sandbox({"a": 2, "b": 2}, Context()) == {"sum": 4}
    sandbox(payload("sns", "events"), Context())
    sandbox(EVENT, Context())
    assert len(found) == 2


def test_which_of_two_takes_an_event_is_not_guessed(make: Any) -> None:
    sandbox = make(*collecting([]))
    with pytest.raises(InvalidPayload, match="'on_event', 'on_event_async'"):
        sandbox(payload("sns", "events"), Context())


@functions_framework.http
def sleeping(request: Any) -> str:
    time.sleep(10)
    return "late"


@functions_framework.http
async def sleeping_async(request: Any) -> str:
    await asyncio.sleep(10)
    return "late"


@pytest.mark.parametrize("function", [sleeping, sleeping_async])
def test_a_late_call_is_answered_before_lambda_ends_it(
    function: Any, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    before = time.monotonic()
    reply = make(function)(request("http_api_2", "GET", "/slow"), Context(0.5))
    assert reply["statusCode"] == 504
    assert time.monotonic() - before < 5
    assert "GET /slow ran past its deadline" in caplog.text


@pytest.mark.parametrize("function", [sleeping, sleeping_async])
def test_a_setting_can_shorten_a_call(function: Any, make: Any) -> None:
    sandbox = make(function, timeout=0.3)
    assert sandbox(request("http_api_2", "GET", "/"), Context(100))["statusCode"] == 504


def test_a_function_may_answer_for_itself_when_it_is_late(make: Any) -> None:
    def careful(request: Any) -> Any:
        try:
            time.sleep(10)
        except RequestTimeoutException:
            return "as far as I got", 200
        return "late"

    async def careful_async(request: Any) -> Any:
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            return "as far as I got"

    for function in (careful, careful_async):
        reply = make(function)(request("http_api_2", "GET", "/"), Context(0.4))
        assert reply["body"] == "as far as I got"


def test_a_call_in_another_thread_ends_as_well(make: Any) -> None:
    def busy(request: Any) -> str:
        until = time.monotonic() + 20
        number = 0
        while time.monotonic() < until:
            number += 1
        return "late"

    found = []
    sandbox = make(busy)

    def call() -> None:
        found.append(sandbox(request("http_api_2", "GET", "/"), Context(0.4)))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join(15)
    assert found[0]["statusCode"] == 504


@pytest.mark.parametrize("is_async", [False, True])
def test_messages_that_are_late_come_again_and_the_others_do_not(is_async: bool, make: Any) -> None:
    given = payload("sqs", "events")
    slow = given["Records"][1]["messageId"]

    @functions_framework.cloud_event
    def on_event(event: CloudEvent) -> None:
        if event["id"] == slow:
            time.sleep(10)

    @functions_framework.cloud_event
    async def on_event_async(event: CloudEvent) -> None:
        if event["id"] == slow:
            await asyncio.sleep(10)

    before = time.monotonic()
    result = make(on_event_async if is_async else on_event)(given, Context(0.6))
    assert result == {"batchItemFailures": [{"itemIdentifier": slow}]}
    assert time.monotonic() - before < 5


def test_a_typed_function_that_is_late_raises(make: Any) -> None:
    @functions_framework.typed
    def slow(value: dict[str, Any]) -> None:
        time.sleep(10)

    with pytest.raises(RequestTimeoutException, match="'slow' did not answer in time"):
        make(slow)({}, Context(0.4))


def test_the_time_left_is_what_lambda_says_less_a_margin(make: Any) -> None:
    def left(request: Any) -> str:
        return str(functions_framework.remaining())

    seconds = float(make(left)(request("alb", "GET", "/"), Context(10.0))["body"])
    assert 9 < seconds <= 9.5


@pytest.mark.parametrize("context", [None, {}])
def test_a_handler_may_be_called_without_a_context(context: Any, make: Any) -> None:
    def left(request: Any) -> dict[str, Any]:
        running = functions_framework.current()
        assert running is not None
        return {"id": running.execution_id, "left": running.remaining()}

    sandbox = make(left)
    found = [json.loads(sandbox(request("alb", "GET", "/"), context)["body"]) for _ in range(2)]
    assert found[0]["id"] != found[1]["id"]
    assert 890 < found[0]["left"] < 900


def test_calls_do_not_see_each_others_context(make: Any) -> None:
    from contextvars import ContextVar

    seen: ContextVar[int] = ContextVar("seen", default=0)

    def count(request: Any) -> str:
        seen.set(seen.get() + 1)
        return str(seen.get())

    async def count_async(request: Any) -> str:
        return count(request)

    for function in (count, count_async):
        sandbox = make(function)
        given = request("http_api_2", "GET", "/")
        assert [sandbox(given, Context())["body"] for _ in range(2)] == ["1", "1"]


def test_one_loop_runs_all_calls(make: Any) -> None:
    loops = []

    async def note(request: Any) -> str:
        loops.append(asyncio.get_running_loop())
        return ""

    sandbox = make(note)
    for _ in range(3):
        sandbox(request("http_api_2", "GET", "/"), Context())
    assert len(set(map(id, loops))) == 1


def test_what_a_call_begins_and_leaves_goes_on_in_the_next(make: Any) -> None:
    steps = []

    async def beside() -> None:
        steps.append("begun")
        await asyncio.sleep(0)
        steps.append("went on")

    kept: list[asyncio.Task[None]] = []

    async def leaving(request: Any) -> str:
        assert asyncio.get_running_loop().is_running()
        assert asyncio.current_task() is not None
        if not kept:
            kept.append(asyncio.get_running_loop().create_task(beside()))
        return str(len(steps))

    sandbox = make(leaving)
    given = request("http_api_2", "GET", "/")
    sandbox(given, Context())
    assert steps == ["begun"]
    assert sandbox(given, Context())["body"] == "1"
    sandbox.calls.run([lambda: asyncio.sleep(0.01)])
    assert steps == ["begun", "went on"]


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("name", ["function_url", "alb_multi_value"])
def test_events_over_http(kind: int, name: str, make: Any) -> None:
    found: list[str] = []
    sandbox = make(collecting(found)[kind])

    def post(headers: dict[str, str], body: Any) -> int:
        several = {field: [value] for field, value in headers.items()}
        fields = {"headers": headers, "multiValueHeaders": several if "alb" in name else None}
        sent = {"body": json.dumps(body), "isBase64Encoded": False, **fields}
        status: int = sandbox(request(name, "POST", "/", **sent), Context())["statusCode"]
        return status

    attributes = {key: value for key, value in EVENT.items() if key != "data"}
    binary = {f"ce-{key}": str(value) for key, value in attributes.items()}
    assert post({"host": "a", "content-type": "application/json", **binary}, {"a": 1}) == 200
    structured = {"host": "a", "content-type": "application/cloudevents+json"}
    assert post(structured, {**EVENT, "id": "2"}) == 200
    batch = {"host": "a", "content-type": "application/cloudevents-batch+json"}
    assert post(batch, [{**EVENT, "id": "3"}, {**EVENT, "id": "4"}]) == 200
    assert post(structured, {"id": "5"}) == 400
    assert sorted(found) == ["1", "2", "3", "4"]
