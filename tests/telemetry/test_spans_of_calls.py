"""The server span of each call, as OpenTelemetry's own in-memory exporter sees it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import StatusCode

from functions_framework import current
from functions_framework.logs import threads
from functions_framework.model import execution
from functions_framework.model.function import Signature
from functions_framework.telemetry.tracing import captured
from support.followed_calls import HOSTS, PUBSUB
from support.traced_calls import Traced, attributes_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = {"traceparent": f"00-{TRACE_ID}-00f067aa0ba902b7-01"}


@pytest.mark.parametrize("host", HOSTS)
def test_span_of_a_call(traced: Traced, host: str) -> None:
    send = traced.serve(host, lambda request: "ok")
    assert send("/a", {**PARENT, "function-execution-id": "E1", "user-agent": "ua"})[0] == 200
    span = traced.server_span
    assert span.name == "hello"
    assert attributes_of(span) == {
        "client.address": "127.0.0.1",
        "faas.coldstart": True,
        "faas.invocation_id": "E1",
        "faas.name": "hello",
        "faas.trigger": "http",
        "http.request.method": "GET",
        "http.response.status_code": 200,
        "network.protocol.version": "1.1",
        "server.address": "localhost",
        "server.port": 8080,
        "url.path": "/a",
        "url.scheme": "http",
        "user_agent.original": "ua",
    }
    assert span.status.status_code is StatusCode.UNSET
    assert span.parent is not None
    assert f"{span.parent.trace_id:032x}" == TRACE_ID
    assert f"{span.parent.span_id:016x}" == "00f067aa0ba902b7"


def test_google_s_header_is_a_parent_where_it_is_the_only_one(traced: Traced) -> None:
    send = traced.serve("wsgi", lambda request: "ok")
    send("/", {"x-cloud-trace-context": f"{TRACE_ID}/5;o=1"})
    send("/", {"x-cloud-trace-context": f"{'a' * 32}/5;o=1", **PARENT})
    send("/", {"x-cloud-trace-context": "not a trace"})
    parents = [span.parent and (f"{span.parent.trace_id:032x}", span.parent.span_id)
               for span in traced.spans]  # fmt: skip
    assert parents == [(TRACE_ID, 5), (TRACE_ID, 0x00F067AA0BA902B7), None]


def test_only_the_first_call_is_a_cold_start(traced: Traced) -> None:
    send = traced.serve("wsgi", lambda request: "ok")
    send("/favicon.ico")  # calls nothing
    send()
    send()
    found = [attributes_of(span)["faas.coldstart"] for span in traced.spans]
    assert found == [False, True, False]


@pytest.mark.parametrize("host", HOSTS)
def test_crash_is_recorded(traced: Traced, host: str) -> None:
    def crash(request: Any) -> None:
        raise KeyError("on purpose")

    assert traced.serve(host, crash)()[0] == 500
    span = traced.server_span
    assert attributes_of(span)["error.type"] == "KeyError"
    assert attributes_of(span)["http.response.status_code"] == 500
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "KeyError: 'on purpose'"
    (event,) = span.events
    assert event.attributes is not None
    assert event.attributes["exception.type"] == "KeyError"
    assert "in crash" in str(event.attributes["exception.stacktrace"])


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(("status", "code"), [(404, StatusCode.UNSET), (503, StatusCode.ERROR)])
def test_answered_statuses(traced: Traced, host: str, status: int, code: StatusCode) -> None:
    assert traced.serve(host, lambda request: ("sorry", status))()[0] == status
    span = traced.server_span
    assert span.status.status_code is code
    assert attributes_of(span).get("error.type") == (str(status) if status >= 500 else None)


@pytest.mark.parametrize("host", HOSTS)
def test_unusable_result_is_an_error(traced: Traced, host: str) -> None:
    assert traced.serve(host, lambda request: None)()[0] == 500
    assert traced.server_span.status.status_code is StatusCode.ERROR
    assert attributes_of(traced.server_span)["error.type"] != "500"


@pytest.mark.parametrize("host", HOSTS)
def test_event_attributes(traced: Traced, host: str) -> None:
    send = traced.serve(host, lambda event: None, Signature.CLOUDEVENT, "on_event")
    assert send("/", PUBSUB, "POST", b"{}")[0] == 200
    found = attributes_of(traced.server_span)
    assert {name: found[name] for name in found if name.startswith(("cloud", "faas.trig"))} == {
        "cloudevents.event_id": "EV1",
        "cloudevents.event_source": "//src",
        "cloudevents.event_spec_version": "1.0",
        "cloudevents.event_subject": "sub",
        "cloudevents.event_type": PUBSUB["ce-type"],
        "faas.trigger": "pubsub",
    }


BACKGROUND = (
    b'{"context": {"eventId": "B1", "timestamp": "2020-01-01T00:00:00Z",'
    b' "eventType": "google.storage.object.finalize", "resource": {"service":'
    b' "storage.googleapis.com", "name": "projects/_/buckets/b/objects/o"}}, "data": {}}'
)


def test_attributes_of_a_background_event(traced: Traced) -> None:
    send = traced.serve("wsgi", lambda data, context: None, Signature.EVENT)
    assert send("/", {"content-type": "application/json"}, "POST", BACKGROUND)[0] == 200
    found = attributes_of(traced.server_span)
    assert found["faas.trigger"] == "datasource"
    assert found["cloudevents.event_id"] == "B1"
    assert found["cloudevents.event_type"] == "google.storage.object.finalize"


@pytest.mark.parametrize(
    ("event_type", "trigger"),
    [
        ("google.cloud.storage.object.v1.finalized", "datasource"),
        ("google.cloud.firestore.document.v1.written", "datasource"),
        ("google.firebase.database.ref.v1.created", "datasource"),
        ("com.example.order", "other"),
    ],
)
def test_triggers(traced: Traced, event_type: str, trigger: str) -> None:
    send = traced.serve("wsgi", lambda event: None, Signature.CLOUDEVENT)
    send("/", {**PUBSUB, "ce-type": event_type}, "POST", b"{}")
    assert attributes_of(traced.server_span)["faas.trigger"] == trigger


@pytest.mark.parametrize("host", HOSTS)
def test_users_spans_are_inside(traced: Traced, host: str) -> None:
    def hello(request: Any) -> Any:
        with traced.tracer.start_as_current_span("inner"):
            pass

        def parts() -> Iterator[str]:
            for number in range(2):
                with traced.tracer.start_as_current_span(f"part {number}"):
                    yield "x"

        return parts()

    assert traced.serve(host, hello)()[1] == b"xx"
    server = traced.server_span
    inner = [span for span in traced.spans if span is not server]
    assert [span.name for span in inner] == ["inner", "part 0", "part 1"]
    assert server.context is not None
    assert {span.parent and span.parent.span_id for span in inner} == {server.context.span_id}
    assert traced.spans[-1] is server
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.parametrize("host", HOSTS)
def test_stream_that_fails_halfway_is_an_error(traced: Traced, host: str) -> None:
    def hello(request: Any) -> Any:
        def parts() -> Iterator[str]:
            yield "x"
            raise ValueError("halfway")

        return parts()

    assert traced.serve(host, hello)()[0] == 200
    assert traced.server_span.status.status_code is StatusCode.ERROR
    assert attributes_of(traced.server_span)["error.type"] == "ValueError"


@pytest.mark.parametrize("host", HOSTS)
def test_threads_are_inside(traced: Traced, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", threads._carrying_start)
    monkeypatch.setattr(threads, "_submit", ThreadPoolExecutor.submit, raising=False)
    monkeypatch.setattr(ThreadPoolExecutor, "submit", threads._carrying_submit)
    monkeypatch.setattr(threads, "_captures", [captured])

    def work(name: str) -> None:
        with traced.tracer.start_as_current_span(name):
            pass

    def hello(request: Any) -> str:
        thread = threading.Thread(target=work, args=("thread",))
        thread.start()
        thread.join()
        with ThreadPoolExecutor(1) as pool, traced.tracer.start_as_current_span("submitter"):
            pool.submit(work, "task").result()
        pool_later.submit(lambda: None).result()
        return "ok"

    pool_later = ThreadPoolExecutor(1)
    assert traced.serve(host, hello)()[0] == 200
    assert pool_later.submit(trace.get_current_span).result() is trace.INVALID_SPAN
    pool_later.shutdown()
    by_name = {span.name: span for span in traced.spans}
    server, submitter = traced.server_span, by_name["submitter"]
    assert server.context is not None
    assert submitter.context is not None
    parents = {name: span.parent and span.parent.span_id for name, span in by_name.items()}
    assert parents["thread"] == server.context.span_id
    assert parents["task"] == submitter.context.span_id


@pytest.mark.parametrize("host", HOSTS)
def test_call_tells_the_span_in_progress(traced: Traced, host: str) -> None:
    seen: list[Any] = []

    def hello(request: Any) -> str:
        with traced.tracer.start_as_current_span("inner"):
            running = current()
            assert running is not None
            seen.extend([running.trace_id, running.span_id, running.outgoing_headers()])
        return "ok"

    google = {"x-cloud-trace-context": f"{TRACE_ID}/5;o=1"}
    traced.serve(host, hello)("/", {**PARENT, **google})
    (inner,) = [span for span in traced.spans if span.name == "inner"]
    assert inner.context is not None
    span_id = f"{inner.context.span_id:016x}"
    assert seen[:2] == [TRACE_ID, span_id]
    assert seen[2]["traceparent"] == f"00-{TRACE_ID}-{span_id}-01"
    assert seen[2]["X-Cloud-Trace-Context"] == f"{TRACE_ID}/{inner.context.span_id};o=1"


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("state", ["vendor=1", "nonsense"])
def test_the_state_of_a_trace_goes_with_that_trace(traced: Traced, host: str, state: str) -> None:
    seen: list[Any] = []

    def hello(request: Any) -> str:
        running = current()
        assert running is not None
        seen.append(running.outgoing_headers())
        with traced.tracer.start_as_current_span("another trace", context=Context()):
            seen.append(running.outgoing_headers())
        return "ok"

    traced.serve(host, hello)("/", {**PARENT, "tracestate": state})
    same, other = seen
    assert TRACE_ID in same["traceparent"]
    assert same.get("tracestate") == (state if "=" in state else None)
    assert TRACE_ID not in other["traceparent"]
    assert "tracestate" not in other


def test_after_the_call_its_records_carry_the_server_span(traced: Traced) -> None:
    traced.serve("wsgi", lambda request: "ok")("/", PARENT)
    running = execution.current()
    server = traced.server_span
    assert running is not None
    assert server.context is not None
    assert running.trace == (TRACE_ID, f"{server.context.span_id:016x}", True)


def test_request_without_a_call_is_not_taken_for_the_last_one(traced: Traced) -> None:
    class Answering:
        is_async: Literal[False] = False

        def respond(self, environ: Any) -> Any:
            from functions_framework.model.message import Reply

            return Reply(204, [], b"")

    from functions_framework.telemetry.layer import followed

    traced.serve("wsgi", lambda request: "ok")()
    environ = {"REQUEST_METHOD": "BREW", "PATH_INFO": "/", "SERVER_PROTOCOL": "HTTP/2"}
    host: Any = followed(Answering(), traced.tracing)
    host.respond(environ)
    last = traced.spans[-1]
    assert last.name == "functions"
    assert "faas.invocation_id" not in attributes_of(last)
    assert attributes_of(last)["http.request.method"] == "_OTHER"
    assert attributes_of(last)["network.protocol.version"] == "2"
