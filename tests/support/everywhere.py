"""The platforms that `examples/everywhere` is deployed to, and what calls functions there."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import yaml

from docs.pages import ROOT
from support import knative_func
from support.functions_host import FunctionsHost
from support.openfaas import OpenFaaSFunction
from support.server_process import ServerProcess, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EXAMPLE = ROOT / "examples" / "everywhere"
# A record of SQS, without its id and its body ("Using Lambda with Amazon SQS").
_MESSAGE = {
    "receiptHandle": "AQEB",
    "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1714979289000"},
    "messageAttributes": {},
    "eventSource": "aws:sqs",
    "eventSourceARN": "arn:aws:sqs:us-east-2:123456789012:orders",
    "awsRegion": "us-east-2",
}


class Answer(NamedTuple):
    """What a caller got.

    Attributes:
        status: an HTTP status, or what stands for it.
        value: the JSON value of the body.
    """

    status: int
    value: Any


class Platform(NamedTuple):
    """What calls functions on one platform.

    Attributes:
        request: sends an HTTP request: method, target, and a JSON value as its body.
        event: delivers an event in the JSON format; the value is the event that comes back, None
            where none can.
        greeting: the HTTP functions it has, which say the same.
    """

    request: Callable[..., Answer]
    event: Callable[[dict[str, Any]], Answer]
    greeting: tuple[str, ...] = ("greet", "greet_later")


def _by_http(base_url: str, *greeting: str) -> Platform:
    """A platform whose events are HTTP requests as well."""

    def request(method: str, target: str, value: Any = None, **more: str) -> Answer:
        found = httpx.request(
            method,
            f"{base_url}{target}",
            json=value,
            headers=more,
            trust_env=False,
            timeout=20,
        )
        is_json = "json" in found.headers.get("content-type", "")
        value = found.json() if is_json and found.content else found.text
        if "ce-type" in found.headers:
            value = {"type": found.headers["ce-type"], "data": value}
        return Answer(found.status_code, value)

    def event(value: dict[str, Any]) -> Answer:
        kind = "application/cloudevents+json"
        return request("POST", "/ordered", value, **{"content-type": kind, "prefer": "reply"})

    return Platform(request, event, greeting or ("greet", "greet_later"))


@contextmanager
def _server(targets: str | None, *greeting: str) -> Iterator[Platform]:
    with ServerProcess.start(EXAMPLE / "main.py", targets) as server:
        yield _by_http(f"http://127.0.0.1:{server.ready().port}", *greeting)


@contextmanager
def _program(*command: str, port: int, greeting: str) -> Iterator[Platform]:
    """A server of somebody else's, in the folder of the example."""
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=EXAMPLE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        platform = _by_http(f"http://127.0.0.1:{port}", greeting)

        def is_up() -> bool:
            assert process.poll() is None
            try:
                return platform.request("GET", f"/{greeting}").status == 200
            except httpx.TransportError:
                return False

        try:
            wait_until(is_up, f"{command[0]} serving", 20)
            yield platform
        finally:
            process.terminate()


def _under_wsgi() -> Any:
    at = f"127.0.0.1:{(port := free_port())}"
    return _program("gunicorn", "--bind", at, "wsgi:application", port=port, greeting="greet")


def _under_asgi() -> Any:
    at = str(port := free_port())
    return _program("uvicorn", "--port", at, "asgi:application", port=port, greeting="greet_later")


@contextmanager
def _knative_func() -> Iterator[Platform]:
    with knative_func.start(EXAMPLE) as server:
        platform = _by_http(f"http://127.0.0.1:{server.ready().port}")
        for path in knative_func.probes(EXAMPLE).values():
            assert platform.request("GET", path, **{"User-Agent": "kube-probe/1.33"}).status == 200
        yield platform


@contextmanager
def _openfaas() -> Iterator[Platform]:
    with OpenFaaSFunction(EXAMPLE, "shop") as function:
        url = f"http://127.0.0.1:{function.port}"
        assert httpx.get(f"{url}/_/health", trust_env=False).text == "OK"
        yield _by_http(url)


@contextmanager
def _azure() -> Iterator[Platform]:
    with FunctionsHost(EXAMPLE) as host:

        def request(method: str, target: str, value: Any = None) -> Answer:
            body = b"" if value is None else json.dumps(value).encode()
            headers = {"Content-Type": "application/json", "X-Forwarded-For": "203.0.113.9:1"}
            found = host.http(method, target, headers, body)
            return Answer(found.status, json.loads(found.body))

        def event(value: dict[str, Any]) -> Answer:
            done = host.queue("ordered", json.dumps(value))[-1]
            if not done.is_success:
                return Answer(done.status, None)
            assert done.logs == [f"Order {value['id']}: {value['data']['item']}"]
            return Answer(200, json.loads(done.returned))

        yield Platform(request, event)


@contextmanager
def _lambda() -> Iterator[Platform]:
    # Without AWS's client of the Runtime API only this platform is left out.
    from support.lambda_runtime import LambdaFunction

    template = yaml.safe_load((EXAMPLE / "template.yaml").read_text(encoding="utf-8"))
    handler = template["Globals"]["Function"]["Handler"]
    variables = {
        found["FUNCTION_TARGET"]: found
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Serverless::Function"
        for found in [resource["Properties"]["Environment"]["Variables"]]
    }
    with ExitStack() as stack:
        started: dict[str, LambdaFunction] = {}

        def function(name: str) -> LambdaFunction:
            if name not in started:
                made = LambdaFunction(EXAMPLE, handler, variables[name])
                started[name] = stack.enter_context(made)
            return started[name]

        def request(method: str, target: str, value: Any = None) -> Answer:
            path, _, query = target.partition("?")
            found = function(path.strip("/")).invoke(_api_event(method, path, query, value))
            return Answer(found["statusCode"], json.loads(found["body"]))

        def event(value: dict[str, Any]) -> Answer:
            queue = function("ordered")
            message = {**_MESSAGE, "messageId": value["id"], "body": json.dumps(value["data"])}
            queue.send({"Records": [message]})
            outcome = queue.outcome()
            if outcome.kind == "error":  # all of the batch is to come again
                return Answer(500, None)
            assert outcome.json == {"batchItemFailures": []}
            assert queue.says(f"Order {value['id']}: {value['data']['item']}")
            return Answer(200, None)

        yield Platform(request, event)


def _api_event(method: str, path: str, query: str, value: Any) -> dict[str, Any]:
    """A request of an HTTP API (payload format 2.0)."""
    file = ROOT / "tests" / "data" / "aws" / "http" / "http_api_2.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    found["rawPath"] = found["requestContext"]["http"]["path"] = path
    found["requestContext"]["http"]["method"] = method
    found["headers"]["content-type"] = "application/json"
    body = "" if value is None else json.dumps(value)
    return {**found, "rawQueryString": query, "body": body, "isBase64Encoded": False}


PLATFORMS: dict[str, Callable[[], Any]] = {
    "server of plain functions": lambda: _server("greet,ordered,quote", "greet"),
    "server of all functions": lambda: _server(None),
    "gunicorn": _under_wsgi,
    "uvicorn": _under_asgi,
    "Knative func": _knative_func,
    "OpenFaaS": _openfaas,
    "Azure Functions": _azure,
    "AWS Lambda": _lambda,
}
