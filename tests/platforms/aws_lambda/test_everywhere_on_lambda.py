"""The example that runs everywhere, as its template for Lambda deploys it: AWS's client runs it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from docs.pages import ROOT
from support.lambda_calls import payload, request
from support.lambda_runtime import LambdaFunction

pytestmark = pytest.mark.once

EXAMPLE = ROOT / "examples" / "everywhere"
TEMPLATE: dict[str, Any] = yaml.safe_load((EXAMPLE / "template.yaml").read_text(encoding="utf-8"))
ORDER = {"item": "tea", "count": 2}


def _asked(path: str, query: str = "name=Ada") -> dict[str, Any]:
    return request(
        "http_api_2", "GET", path, rawQueryString=query, body=None, isBase64Encoded=False
    )


def _ordered() -> dict[str, Any]:
    found = payload("sqs", "events")
    found["Records"] = [
        {**found["Records"][0], "messageId": identifier, "body": json.dumps(order)}
        for identifier, order in {"1": ORDER, "2": {"item": "unknown"}}.items()
    ]
    return found


def _quoted() -> dict[str, Any]:
    headers = {"content-type": "application/json", "host": "api.example"}
    text = {"body": json.dumps(ORDER), "isBase64Encoded": False, "headers": headers}
    return request("http_api_2", "POST", "/quote", **text)


# What each of its functions is invoked with, and the part of the result that counts.
INVOKES: dict[str, list[tuple[Any, dict[str, Any]]]] = {
    "Greet": [(_asked("/greet"), {"message": "Hello Ada!"})],
    "GreetLater": [(_asked("/greet_later"), {"message": "Hello Ada!"})],
    "Ordered": [(_ordered(), {"batchItemFailures": [{"itemIdentifier": "2"}]})],
    "Quote": [
        (ORDER, {"item": "tea", "total": 5.0}),
        (_quoted(), {"item": "tea", "total": 5.0}),
    ],
}


def test_every_function_of_the_template_is_tried() -> None:
    resources = TEMPLATE["Resources"].items()
    kind = "AWS::Serverless::Function"
    assert {name for name, found in resources if found["Type"] == kind} == INVOKES.keys()


@pytest.mark.parametrize("name", INVOKES)
def test_a_function_of_the_template(name: str) -> None:
    settings = {**TEMPLATE["Globals"]["Function"], **TEMPLATE["Resources"][name]["Properties"]}
    root = EXAMPLE / settings["CodeUri"]
    environ = {**settings["Environment"]["Variables"], "PYTHONDONTWRITEBYTECODE": "1"}
    with LambdaFunction(root, settings["Handler"], environ) as function:
        for given, expected in INVOKES[name]:
            found = function.invoke(given, seconds=settings["Timeout"])
            assert (json.loads(found["body"]) if "body" in found else found) == expected
