"""Functions in AWS's own runtime client, which talks to a Runtime API of the tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from docs.pages import ROOT
from support.lambda_runtime import LambdaFunction

if TYPE_CHECKING:
    from conftest import SourceTree

pytestmark = pytest.mark.once

DATA = ROOT / "tests" / "data" / "aws" / "http"

SOURCE = """
    def plain(request):
        return f"{request.method} {request.path} {request.args.getlist('parameter1')}"

    async def waiting(request):
        names = request.query_params.getlist("parameter1")
        return f"{request.method} {request.url.path} {names}"
"""


def payload(name: str) -> Any:
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


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


def test_the_data_are_where_their_sources_say() -> None:
    listed = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    names = {path.name for path in DATA.glob("*.json")}
    assert {name for name in names if f"`{name}`" not in listed} == set()
