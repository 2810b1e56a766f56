"""HTTP requests of AWS's services, on every host: functions of both kinds and applications."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import flask
import pytest
from starlette.applications import Starlette
from starlette.requests import Request  # noqa: TC002 - Starlette reads it
from starlette.responses import JSONResponse
from starlette.routing import Route

from functions_framework.exceptions import InvalidPayload
from support.lambda_calls import HTTP, Context, assert_valid, payload, request, sandbox_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.platforms.aws_lambda.sandbox import Sandbox

pytestmark = pytest.mark.once

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


def _seen(request: flask.Request) -> dict[str, Any]:
    environ = request.environ
    return {
        "method": request.method,
        "path": request.path,
        "raw": environ["RAW_URI"],
        "root": request.script_root,
        "query": request.args.to_dict(flat=False),
        "cookies": dict(request.cookies),
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "body": request.get_data().decode(),
        "client": request.remote_addr,
        "scheme": request.scheme,
        "host": request.host,
        "context": environ["aws.context"].aws_request_id,
        "event": sorted(environ["aws.event"]),
    }


async def _seen_async(request: Request) -> dict[str, Any]:
    scope = request.scope
    names = dict.fromkeys(name for name, _ in request.query_params.multi_items())
    query = scope["query_string"].decode()
    return {
        "method": request.method,
        "path": scope["path"],
        "raw": scope["raw_path"].decode() + (f"?{query}" if query else ""),
        "root": scope["root_path"],
        "query": {name: request.query_params.getlist(name) for name in names},
        "cookies": dict(request.cookies),
        "headers": dict(request.headers),
        "body": (await request.body()).decode(),
        "client": request.client.host if request.client else "",
        "scheme": request.url.scheme,
        "host": request.headers["host"],
        "context": scope["aws.context"].aws_request_id,
        "event": sorted(scope["aws.event"]),
    }


def plain(request: flask.Request) -> Any:
    return _seen(request)


async def waiting(request: Request) -> Any:
    return await _seen_async(request)


def _flask() -> Sandbox:
    app = flask.Flask("echo")

    @app.route("/", defaults={"path": ""}, methods=METHODS)
    @app.route("/<path:path>", methods=METHODS)
    def view(path: str) -> Any:
        return _seen(flask.request)

    return sandbox_of(app)


def _starlette() -> Sandbox:
    async def view(request: Request) -> JSONResponse:
        return JSONResponse(await _seen_async(request))

    return sandbox_of(Starlette(routes=[Route("/{path:path}", view, methods=METHODS)]))


HOSTS = {
    "sync": lambda: sandbox_of(plain),
    "async": lambda: sandbox_of(waiting),
    "wsgi": _flask,
    "asgi": _starlette,
}


@pytest.fixture(params=HOSTS, scope="module")
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    made: Sandbox = HOSTS[request.param]()
    yield made
    made.calls.stop()


def seen(sandbox: Sandbox, name: str, given: dict[str, Any]) -> dict[str, Any]:
    reply = sandbox(given, Context())
    assert_valid(reply, name)
    assert reply["statusCode"] == 200, reply
    found: dict[str, Any] = json.loads(reply["body"])
    return found


EXPECTED: dict[str, dict[str, Any]] = {
    "http_api_2": {
        "method": "POST",
        "path": "/path/to/resource",
        "query": {"parameter1": ["value1", "value2"], "parameter2": ["value"]},
        "body": '{"test":"body"}',
        "client": "192.168.0.1/32",
        "host": "id.execute-api.us-east-1.amazonaws.com",
        "scheme": "https",
    },
    "http_api_1": {
        "method": "GET",
        "path": "/my/path",
        "query": {"parameter1": ["value1", "value2"], "parameter2": ["value"]},
        "body": "Hello from Lambda!",
        "client": "192.0.2.1",
    },
    "rest_api": {
        "method": "POST",
        "path": "/hello/world",
        "root": "/testStage",
        "query": {"name": ["me"]},
        "body": '{\r\n\t"a": 1\r\n}',
        "client": "192.168.196.186",
        "scheme": "https",
    },
    "function_url": {
        "method": "POST",
        "path": "/my/path",
        "query": {"parameter1": ["value1", "value2"], "parameter2": ["value"]},
        "body": "Hello from client!",
        "client": "123.123.123.123",
    },
    "alb": {
        "method": "GET",
        "path": "/lambda",
        "query": {"query": ["1234ABCD"]},
        "body": "",
        "client": "72.12.164.125",
        "scheme": "http",
    },
    "alb_multi_value": {
        "method": "GET",
        "path": "/",
        "query": {"myKey": ["val1", "val2"]},
        "cookies": {"name1": "value1", "name2": "value2"},
        "client": "72.21.198.67",
    },
}


@pytest.mark.parametrize("name", HTTP)
def test_requests_of_the_documentation(name: str, sandbox: Sandbox) -> None:
    given = payload(name)
    found = seen(sandbox, name, given)
    expected = EXPECTED[name]
    if found["root"] and found["path"].startswith(found["root"]):  # an application of ASGI
        expected = {**expected, "path": f"{expected['root']}{expected['path']}"}
    assert {key: found[key] for key in expected} == expected
    assert found["context"] == "request-1"
    assert found["event"] == sorted(given)


@pytest.mark.parametrize("name", ["http_api_2", "function_url"])
def test_cookies_of_format_2_are_one_header(name: str, sandbox: Sandbox) -> None:
    given = request(name, "GET", "/", cookies=["a=1", "b=2; x"], body=None, isBase64Encoded=False)
    found = seen(sandbox, name, given)
    assert found["headers"]["cookie"] == "a=1; b=2; x"
    assert found["cookies"]["a"] == "1"


@pytest.mark.parametrize("name", ["http_api_1", "rest_api", "alb_multi_value"])
def test_repeated_headers_are_joined(name: str, sandbox: Sandbox) -> None:
    headers = {"Host": ["a.example"], "X-Many": ["one", "two"], "Cookie": ["a=1", "b=2"]}
    found = seen(sandbox, name, request(name, "GET", "/", multiValueHeaders=headers))
    assert found["headers"]["x-many"] == "one, two"
    assert found["cookies"] == {"a": "1", "b": "2"}
    assert found["host"] == "a.example"


@pytest.mark.parametrize("name", HTTP)
def test_binary_bodies_arrive_as_bytes(name: str, sandbox: Sandbox) -> None:
    body = base64.b64encode("žluťoučký".encode()).decode()
    found = seen(sandbox, name, request(name, "POST", "/", body=body, isBase64Encoded=True))
    assert found["body"] == "žluťoučký"
    assert found["headers"]["content-length"] == str(len("žluťoučký".encode()))


@pytest.mark.parametrize("name", HTTP)
def test_a_length_that_the_gateway_left_as_it_was_is_put_right(name: str, sandbox: Sandbox) -> None:
    key = "multiValueHeaders" if name == "alb_multi_value" else "headers"
    headers: Any = {"content-length": "3", "host": "a.example"}
    if key == "multiValueHeaders":
        headers = {field: [value] for field, value in headers.items()}
    changes = {"body": "12345", "isBase64Encoded": False, "multiValueHeaders": None, key: headers}
    found = seen(sandbox, name, request(name, "POST", "/", **changes))
    assert (found["body"], found["headers"]["content-length"]) == ("12345", "5")


# What the client asked for, and what the function is to see; HTTP APIs hand on the latter.
PATHS = [
    ("/a%20b", "/a b"),
    ("/caf%C3%A9", "/café"),
    ("/100%25", "/100%"),
    ("/a%2520b", "/a%20b"),
    ("/q%3Fx%23y", "/q?x#y"),
    ("/a:b@c/(d)", "/a:b@c/(d)"),
]


@pytest.mark.parametrize(("sent", "path"), PATHS)
@pytest.mark.parametrize("name", HTTP)
def test_paths_are_decoded_once(name: str, sent: str, path: str, sandbox: Sandbox) -> None:
    given = request(name, "GET", path if name.startswith("http_api") else sent)
    found = seen(sandbox, name, given)
    assert found["path"] == path
    assert found["raw"].partition("?")[0] == sent


@pytest.mark.parametrize("name", HTTP)
def test_queries_are_decoded_once(name: str, sandbox: Sandbox) -> None:
    expected = {"name": ["John Smith", "a+b&c=%"]}
    given: dict[str, Any]
    if name in {"http_api_2", "function_url"}:
        given = {"rawQueryString": "name=John+Smith&name=a%2Bb%26c%3D%25"}
    elif name.startswith("alb"):
        given = {"multiValueQueryStringParameters": {"name": ["John+Smith", "a%2Bb%26c%3D%25"]}}
    else:
        given = {"multiValueQueryStringParameters": expected}
    found = seen(sandbox, name, request(name, "GET", "/", **given))
    assert found["query"] == expected


ROOTS: list[tuple[str, dict[str, Any], str, str]] = [
    # A stage of a REST API stands in the context's path alone.
    ("rest_api", {"requestContext": {"path": "/prod/hello/world", "stage": "prod"}},
     "/prod", "/hello/world"),
    # A base path of a custom domain stands in both, the resource knows nothing of it.
    ("rest_api", {"path": "/v1/hello/world",
                  "requestContext": {"path": "/v1/hello/world", "domainName": "api.example"}},
     "/v1", "/hello/world"),
    ("rest_api", {"path": "/v1", "resource": "/", "pathParameters": None,
                  "requestContext": {"path": "/v1", "domainName": "api.example"}}, "/v1", "/"),
    ("rest_api", {"path": "/hello", "resource": "/hello", "pathParameters": None,
                  "requestContext": {"path": "/hello"}}, "", "/hello"),
    # A path of the console's test.
    ("rest_api", {"requestContext": {"path": "/{proxy+}"}}, "", "/hello/world"),
    # A named stage of an HTTP API stands before the path.
    ("http_api_2", {"rawPath": "/dev/orders/7", "requestContext": {"stage": "dev"}},
     "/dev", "/orders/7"),
    ("http_api_2", {"rawPath": "/dev", "requestContext": {"stage": "dev"}}, "/dev", "/"),
    ("http_api_2", {"rawPath": "/developers", "requestContext": {"stage": "dev"}},
     "", "/developers"),
    # A local stand-in names a stage and does not put it into the path, or names none.
    ("http_api_2", {"rawPath": "/hello", "requestContext": {"stage": "prod"}}, "", "/hello"),
    ("http_api_2", {"rawPath": "/None/x", "requestContext": {"stage": None}}, "", "/None/x"),
    # On a custom domain the route tells what is the function's.
    ("http_api_2", {"rawPath": "/v1/orders/7", "routeKey": "GET /orders/{id}",
                    "pathParameters": {"id": "7"},
                    "requestContext": {"stage": "prod", "domainName": "api.example"}},
     "/v1", "/orders/7"),
    ("http_api_2", {"rawPath": "/prod/x", "requestContext":
                    {"stage": "prod", "domainName": "api.example"}}, "", "/prod/x"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "root", "path"), ROOTS)
def test_stages_and_base_paths_are_the_root(
    name: str, changes: dict[str, Any], root: str, path: str, sandbox: Sandbox
) -> None:
    found = seen(sandbox, name, payload(name, **changes))
    assert found["root"] == root
    # In ASGI an application's path begins with the root.
    assert found["path"] in {path, f"{root}{path}"}


@pytest.mark.parametrize("name", [name for name in HTTP if name != "alb_multi_value"])
def test_what_is_null_counts_as_absent(name: str, sandbox: Sandbox) -> None:
    nothing = dict.fromkeys((
        "headers", "multiValueHeaders", "queryStringParameters", "cookies", "body",
        "multiValueQueryStringParameters", "stageVariables",
    ))  # fmt: skip
    given = request(name, "GET", "/", **nothing)
    given.pop("rawQueryString", None)
    found = seen(sandbox, name, given)
    assert found["query"] == {}
    assert found["body"] == ""


def test_a_host_and_a_client_without_headers(sandbox: Sandbox) -> None:
    found = seen(sandbox, "http_api_1", {"httpMethod": "GET", "path": "/x"})
    assert (found["path"], found["host"]) == ("/x", "localhost")


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (payload("http_api_2") | {"headers": {"a": 1}}, "other values"),
        ({"version": "2.0", "requestContext": {"http": {}}}, "'rawPath'"),
        (payload("alb", headers={}) | {"body": 7}, "other values"),
    ],
)
def test_a_request_that_is_malformed_is_told_without_its_values(
    given: dict[str, Any], missing: str, sandbox: Sandbox
) -> None:
    with pytest.raises(InvalidPayload, match=missing) as caught:
        sandbox(given, Context())
    assert "value1" not in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "scheme", "host"),
    [
        ({"host": "a.example", "x-forwarded-proto": "https,http", "x-forwarded-port": "443,80"},
         "https", "a.example"),
        ({"host": "a.example:8443", "x-forwarded-proto": "http"}, "http", "a.example:8443"),
        ({"host": "[::1]:3000", "transfer-encoding": "chunked"}, "https", "[::1]:3000"),
        ({"host": "a.example", "x-forwarded-port": "no number"}, "https", "a.example"),
    ],
)  # fmt: skip
def test_hosts_and_proxies(
    headers: dict[str, str], scheme: str, host: str, sandbox: Sandbox
) -> None:
    given = request("http_api_2", "POST", "/", headers=headers, body="abc", isBase64Encoded=False)
    found = seen(sandbox, "http_api_2", given)
    assert (found["scheme"], found["host"], found["body"]) == (scheme, host, "abc")
    assert "transfer-encoding" not in found["headers"]


def test_an_integration_other_than_a_proxy_is_told_by_its_keys() -> None:
    given = {"body": {}, "method": "GET", "principalId": "", "stage": "dev", "path": {}}
    with pytest.raises(InvalidPayload, match="'body', 'method', 'principalId'"):
        sandbox_of(plain)(given, Context())
