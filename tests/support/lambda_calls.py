"""Lambda handlers in memory: AWS's own payloads, a context, the rules of responses."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docs.pages import ROOT
from functions_framework.hosts.build import build_given
from functions_framework.loading.given import functions_given
from functions_framework.platforms.aws_lambda.sandbox import Sandbox
from functions_framework.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = ROOT / "tests" / "data" / "aws"
HTTP = ("http_api_2", "http_api_1", "rest_api", "function_url", "alb", "alb_multi_value")


class Context:
    """What Lambda tells a handler of an invoke."""

    def __init__(self, seconds: float = 30.0, aws_request_id: str = "request-1") -> None:
        self.aws_request_id = aws_request_id
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


def payload(name: str, folder: str = "http", **changes: Any) -> dict[str, Any]:
    """A payload of the documentation, with some of its values changed.

    Args:
        name: of its file.
        folder: `http` or `events`.
        changes: by key; those of `requestContext` and its `http` are merged into what is there.
    """
    found: dict[str, Any] = json.loads((DATA / folder / f"{name}.json").read_text("utf-8"))
    context = changes.pop("requestContext", {})
    if changes:
        found.update(copy.deepcopy(changes))
    for key, value in context.items():
        inner = found["requestContext"].get(key)
        is_merged = isinstance(inner, dict) and isinstance(value, dict)
        found["requestContext"][key] = {**inner, **value} if is_merged else value
    return found


def request(name: str, method: str, path: str, **changes: Any) -> dict[str, Any]:
    """A request of a service: the documentation's, with a method and a path of its own."""
    if name in {"http_api_2", "function_url"}:
        http = {"method": method, "path": path}
        return payload(name, rawPath=path, requestContext={"http": http}, **changes)
    changes = {"httpMethod": method, "path": path, "resource": "/{proxy+}", **changes}
    found = payload(name, **changes)
    found["pathParameters"] = {"proxy": path.removeprefix("/")}
    if "path" in found["requestContext"]:
        found["requestContext"]["path"] = path
    return found


def sandbox_of(*functions: Callable[..., Any], **settings: Any) -> Sandbox:
    """A handler of functions, as `handler_of` makes it; the environment stays as it is."""
    chosen = Settings(**settings)
    named = functions_given("sandbox_of", functions, chosen.signature_type)
    kept = dict(os.environ)
    try:
        return Sandbox(build_given(named, Path(__file__), chosen), chosen)
    finally:
        for name in os.environ.keys() - kept.keys():
            del os.environ[name]
        os.environ.update(kept)


def assert_valid(reply: Any, name: str) -> None:
    """Check a response by the rules that AWS publishes for the service that asked.

    Sources: API Gateway developer guide, "Output format of a Lambda function for proxy
    integration" and "Lambda function response for format 2.0"; Lambda developer guide, "Response
    payload format" of function URLs; Application Load Balancers, "Respond to the load balancer".
    """
    json.dumps(reply)
    assert type(reply["statusCode"]) is int
    assert 200 <= reply["statusCode"] <= 999
    assert type(reply["isBase64Encoded"]) is bool
    assert type(reply["body"]) is str
    allowed = {"statusCode", "headers", "body", "isBase64Encoded"}
    allowed |= {"cookies"} if name in {"http_api_2", "function_url"} else {"multiValueHeaders"}
    allowed |= {"statusDescription"} if name.startswith("alb") else set()
    assert reply.keys() <= allowed
    for field, value in reply.get("headers", {}).items():
        assert (type(field), type(value)) == (str, str)
    for field, values in reply.get("multiValueHeaders", {}).items():
        assert type(field) is str
        assert type(values) is list
        assert all(type(value) is str for value in values)
    assert all(type(cookie) is str for cookie in reply.get("cookies", []))
    if name == "alb_multi_value":
        assert "multiValueHeaders" in reply
        assert "headers" not in reply
    if name == "alb":
        assert "multiValueHeaders" not in reply
    if name.startswith("alb"):
        assert reply["statusDescription"].startswith(f"{reply['statusCode']} ")
