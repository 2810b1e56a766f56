"""What the host of Azure Functions is told about an invocation: values, logs, failures."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pytest

import functions_framework
from functions_framework.hosts.layered import layered
from functions_framework.logs import call_lines
from functions_framework.model.execution import Execution, execution
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import Reply
from functions_framework.platforms.azure.layer import InvocationLayer
from platforms.azure.invocations import INVOCATION_ID, Handler, result
from support.in_memory import EVENT_HOSTS, HOSTS, sender

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.once

QUEUE = {"DequeueCount": 1, "Id": "q-1"}
REQUEST = {
    "Url": "https://app.azurewebsites.net/api/hello?name=Ada&name=Bea",
    "Method": "POST",
    "Query": {"name": "Ada,Bea"},
    "Headers": {"Content-Type": ["text/plain"], "X-Twice": ["a", "b"], "Cookie": ["c=1"]},
    "Params": {},
    "Identities": [],
    "Body": "hi",
}
log = logging.getLogger("shop")


@dataclass
class Order:
    item: str
    count: int = 1


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_an_event_that_is_returned_is_the_value(host: str) -> None:
    def price(event: Any) -> dict[str, Any]:
        return {"type": "com.example.invoice", "source": "/shop", "id": "7", "data": event.data}

    found = result(Handler(host, price).invoke('{"total": 3}', QUEUE))
    event = json.loads(found["ReturnValue"])
    assert (event["type"], event["id"], event["data"]) == ("com.example.invoice", "7", {"total": 3})


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_a_typed_function_takes_the_message_and_its_result_is_the_value(host: str) -> None:
    def double(order: Order) -> Order:
        return Order(order.item, 2 * order.count)

    handler = Handler(host, double, Signature.TYPED, input_type=Order)
    found = result(handler.invoke('{"item": "tea", "count": 3}', QUEUE))
    assert json.loads(found["ReturnValue"]) == {"item": "tea", "count": 6}


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize(
    ("message", "status"),
    [('{"count": 1}', 422), ("no JSON", 422), (b"\0\1", 400), ('{"item": 3}', 422)],
)
def test_another_value_than_the_type_asks_for_fails(
    host: str, message: str | bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    def take(order: Order) -> None:
        raise AssertionError(order)

    handler = Handler(host, take, Signature.TYPED, input_type=Order)
    assert handler.invoke(message, QUEUE).status == status
    assert "hello" in caplog.text  # the host shows nothing of the response


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("returned", "value"),
    [
        ("done", "ZG9uZQ=="),  # which is base64 by accident: its host would take it for bytes
        ("it is done", "aXQgaXMgZG9uZQ=="),
        ("done!", "done!"),
        ("", None),
        ({"done": True}, None),
        (b"\xff\0", base64.b64encode(b"\xff\0").decode()),
        (lambda: (part for part in ("in ", "parts!")), "in parts!"),
    ],
)
def test_an_http_function_may_take_any_trigger(host: str, returned: Any, value: Any) -> None:
    def take(request: Any) -> Any:
        return returned() if callable(returned) else returned

    answer = Handler(host, take, Signature.HTTP).invoke("message", QUEUE)
    found = result(answer)["ReturnValue"]
    is_json = isinstance(returned, dict)
    assert (json.loads(found) if is_json else found) == (returned if is_json else value)


@pytest.mark.parametrize("host", HOSTS)
def test_a_function_may_fill_outputs_by_name(host: str) -> None:
    given = {"Outputs": {"queue": ["a", "b"]}, "Logs": ["own"], "ReturnValue": "x"}

    def take(request: Any) -> Any:
        return given

    assert result(Handler(host, take, Signature.HTTP).invoke("message", QUEUE)) == given


@pytest.mark.usefixtures("kept_lines")
@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_what_a_call_writes_is_in_the_logs(host: str) -> None:
    def take(event: Any) -> None:
        log.warning("took %s", event["id"])
        print("printed")
        print("begun", end="")

    found = result(Handler(host, take).invoke("message", QUEUE))
    assert found["Logs"] == ["WARNING: took q-1", "printed", "begun"]


@pytest.mark.usefixtures("kept_lines")
@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_the_logs_of_several_events_are_together(host: str) -> None:
    def take(event: Any) -> None:
        log.warning("took %s", event.data)

    documents = [{"id": name, "_etag": name, "_ts": 1} for name in "ab"]
    found = result(Handler(host, take).invoke(documents))
    assert sorted(line[:25] for line in found["Logs"]) == [
        "WARNING: took {'id': 'a',",
        "WARNING: took {'id': 'b',",
    ]


def test_a_host_without_calls_has_no_logs_of_the_one_before() -> None:
    class Application:
        is_async: Literal[False] = False

        def respond(self, environ: Any) -> Reply:
            return Reply(200, [], b"done!")

    before = Execution()
    before.lines = call_lines.Lines()
    before.lines.write("stdout", "of the call before\n")
    token = execution.set(before)
    layer = InvocationLayer([Function(print, "hello", Signature.HTTP)], is_async=False)
    send = sender(layered(Application(), layer))
    body = json.dumps({"Data": {"item": '"x"'}, "Metadata": {}}).encode()
    found = result(send("POST", "/hello", {"content-type": "application/json"}, body))
    execution.reset(token)
    assert found == {"Outputs": {}, "Logs": [], "ReturnValue": "done!"}


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_the_call_has_the_id_of_its_invocation(host: str) -> None:
    seen: list[Any] = []

    def take(event: Any) -> None:
        seen.append(functions_framework.current())

    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    payload = {"Data": {"item": '"message"'}, "Metadata": {"DequeueCount": 1}}
    result(Handler(host, take).raw(payload, traceparent=trace))
    assert seen[0].execution_id == INVOCATION_ID
    assert seen[0].trace_id == trace.split("-")[1]


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (functions_framework.Retry(after=60), 503),
        (functions_framework.Drop("bad"), 200),
        (RuntimeError("on purpose"), 500),
    ],
)
def test_only_what_is_dropped_is_done_with(host: str, raised: Exception, status: int) -> None:
    def take(event: Any) -> None:
        raise raised

    answer = Handler(host, take).invoke("message", QUEUE)
    assert answer.status == status
    if status == 200:
        assert result(answer)["ReturnValue"] is None


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize(
    "told",
    [
        lambda before: {"DequeueCount": before + 1},
        lambda before: {"DeliveryCount": before + 1, "SequenceNumber": 1},
        lambda before: {
            "PartitionContext": {}, "RetryContext": {"RetryCount": before, "MaxRetryCount": 9},
        },
    ],
    ids=["dequeue count", "delivery count", "retry policy"],
)  # fmt: skip
def test_the_last_attempt_is_known(host: str, told: Any) -> None:
    def take(event: Any) -> None:
        raise RuntimeError("on purpose")

    handler = Handler(host, take, options={"max_attempts": 3})
    assert [handler.invoke("x", told(before)).status for before in range(3)] == [500, 500, 200]


@pytest.mark.parametrize("host", HOSTS)
def test_an_http_request_is_what_its_client_sent(host: str) -> None:
    def take(request: Any) -> Any:
        is_async = not hasattr(request, "environ")
        headers = request.headers
        query = request.query_params if is_async else request.args
        found = {
            "method": request.method,
            "path": request.url.path if is_async else request.path,
            "scheme": request.url.scheme if is_async else request.scheme,
            "twice": headers.getlist("x-twice") if is_async else headers["x-twice"].split(", "),
            "cookie": request.cookies["c"],
            "names": query.getlist("name"),
        }
        return found, 201, {"X-Own": "é".encode().decode("latin-1")}

    handler = Handler(host, take, Signature.HTTP)
    found = result(handler.raw({"Data": {"req": REQUEST}, "Metadata": {}}))
    response = found["Outputs"]["res"]
    assert response == found["ReturnValue"]
    assert (response["statusCode"], response["status"]) == ("201", "201")
    assert response["headers"]["content-type"] == "application/json"
    assert json.loads(response["body"]) == {
        "method": "POST",
        "path": "/api/hello",
        "scheme": "https",
        "twice": ["a", "b"],
        "cookie": "1",
        "names": ["Ada", "Bea"],
    }


def test_an_older_host_writes_parts_of_a_request_as_text() -> None:
    older = {**REQUEST, "Query": '{"name":"Ada"}', "Params": [], "Identities": "[]"}
    handler = Handler("wsgi", lambda request: request.args["name"], Signature.HTTP)
    found = result(handler.raw({"Data": {"req": older}, "Metadata": {}}))
    assert found["ReturnValue"]["body"] == "Ada"


@pytest.mark.parametrize(
    ("kind", "sent", "body"),
    [
        ("text/plain", "dGVhIQ==", b"dGVhIQ=="),
        ("application/json", '{"a":"\u00e9"}', '{"a":"\u00e9"}'.encode()),
        ("application/json", {"a": 1}, b'{"a": 1}'),
        ("application/octet-stream", "AP8=", b"\0\xff"),
        ("multipart/form-data; boundary=x", "LS14", b"--x"),
        ("text/plain", None, b""),
    ],
)
def test_an_http_body_has_the_bytes_it_had(kind: str, sent: Any, body: bytes) -> None:
    seen: list[bytes] = []

    def take(request: Any) -> str:
        seen.append(request.get_data())
        return "ok"

    given = {**REQUEST, "Headers": {"Content-Type": [kind]}, "Body": sent}
    result(Handler("wsgi", take, Signature.HTTP).raw({"Data": {"req": given}, "Metadata": {}}))
    assert seen == [body]


def _cookies() -> Iterator[tuple[str, str]]:
    yield "set-cookie", "a=1"
    yield "set-cookie", "b=2"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("returned", "why"),
    [(b"\xff\0", "a body that isn't text"), (("x", 200, [*_cookies()]), "more than one cookie")],
)
def test_what_a_result_cannot_say_is_an_error(
    host: str, returned: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    def take(request: Any) -> Any:
        return returned

    handler = Handler(host, take, Signature.HTTP)
    assert handler.raw({"Data": {"req": REQUEST}, "Metadata": {}}).status == 500
    assert f"hello answered with {why}, which an invocation cannot say." in caplog.text
    assert "enableProxyingHttpRequest" in caplog.text


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_an_event_by_http_is_an_event(host: str) -> None:
    events: list[Any] = []
    given = {
        **REQUEST,
        "Headers": {"Content-Type": ["application/cloudevents+json"]},
        "Body": json.dumps({"specversion": "1.0", "id": "1", "source": "/s", "type": "t"}),
    }
    found = result(Handler(host, events.append).raw({"Data": {"req": given}, "Metadata": {}}))
    assert found["ReturnValue"]["statusCode"] == "200"
    assert events[0]["id"] == "1"


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_event_grid_is_answered_when_it_asks_first(host: str) -> None:
    handler = Handler(host, lambda event: None)

    def ask(method: str, headers: dict[str, str], body: str | None = None) -> Any:
        sent = {name: [value] for name, value in headers.items()}
        given = {**REQUEST, "Method": method, "Headers": sent, "Body": body}
        return result(handler.raw({"Data": {"req": given}, "Metadata": {}}))["Outputs"]["res"]

    granted = ask("OPTIONS", {"WebHook-Request-Origin": "eventgrid.azure.net"})
    assert granted["statusCode"] == "200"
    assert granted["headers"]["webhook-allowed-origin"] == "eventgrid.azure.net"
    kind = {"aeg-event-type": "SubscriptionValidation", "Content-Type": "application/json"}
    event = {"id": "1", "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent"}
    asked = json.dumps([{**event, "data": {"validationCode": "512d"}}])
    assert json.loads(ask("POST", kind, asked)["body"]) == {"validationResponse": "512d"}


@pytest.mark.parametrize("host", HOSTS)
def test_a_crash_fails_an_invocation_by_http_and_other_errors_do_not(host: str) -> None:
    def take(request: Any) -> Any:
        if request.headers.get("x-twice") is None:
            raise RuntimeError("on purpose")
        return "gone", 410

    handler = Handler(host, take, Signature.HTTP)
    found = result(handler.raw({"Data": {"req": REQUEST}, "Metadata": {}}))
    assert found["Outputs"]["res"]["statusCode"] == "410"
    crashing = {**REQUEST, "Headers": {}}
    assert handler.raw({"Data": {"req": crashing}, "Metadata": {}}).is_crash


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    ("payload", "headers"),
    [
        ({"Data": {}, "Metadata": {}}, {}),
        ({"Data": {"a": 1}, "Metadata": []}, {}),
        ({"Data": {"a": 1}, "Metadata": {}, "More": 1}, {}),
        ({"Data": {"a": 1}}, {}),
        ([{"Data": {"a": 1}, "Metadata": {}}], {}),
        ({"Data": {"a": REQUEST}, "Metadata": {}}, {"x-forwarded-for": "203.0.113.9"}),
        ({"Data": {"a": REQUEST}, "Metadata": {}}, {"content-type": "text/plain"}),
    ],
)
def test_another_body_is_the_functions(host: str, payload: Any, headers: dict[str, str]) -> None:
    def take(request: Any) -> Any:
        return f"path {request.path if hasattr(request, 'environ') else request.url.path}"

    handler = Handler(host, take, Signature.HTTP)
    answer = handler.raw(payload, **{"path": "/own", **headers})
    assert (answer.status, answer.body) == (200, b"path /own")


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_a_body_that_broke_off_is_not_one(host: str) -> None:
    handler = Handler(host, lambda event: None)
    body = json.dumps({"Data": {"a": "1"}, "Metadata": {}}).encode()
    headers = {"content-type": "application/json", "content-length": str(len(body) + 5)}
    answer = handler.send("POST", "/", headers, body)
    assert answer.status == 400
