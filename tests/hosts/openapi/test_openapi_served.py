"""The OpenAPI document as it is printed and served, and whether the server keeps to it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator

from support.served_source import refused, served, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from support.served_source import Served

pytestmark = pytest.mark.once
schemathesis = pytest.importorskip("schemathesis", reason="schemathesis isn't installed here")

SOURCE = """
import datetime
import enum
import uuid
from dataclasses import dataclass, field
from typing import Annotated
import msgspec
import functions_framework
from functions_framework import Secret

class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"

@dataclass
class Line:
    item: str
    amount: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 1

@dataclass
class Order:
    customer: str
    lines: list[Line] = field(default_factory=list)
    colour: Colour | None = None
    day: datetime.date | None = None
    key: Annotated[str, Secret] = ""

class Receipt(msgspec.Struct):
    order: str
    count: int

@functions_framework.typed
def order(order: Order) -> Receipt:
    "Place an order."
    return Receipt(order.customer, sum(line.amount for line in order.lines))

@functions_framework.typed
async def total(numbers: list[Annotated[int, msgspec.Meta(ge=-1000, le=1000)]]) -> int:
    return sum(numbers)

@functions_framework.typed(path="/by-id")
def find(key: uuid.UUID) -> dict[str, str]:
    return {"id": str(key)}

@functions_framework.http
def plain(request):
    return "plain"

print("printed while loading")
"""


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("documented"), SOURCE, "--docs") as found:
        yield found


def _printed(directory: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    source = written(directory, SOURCE)
    command = [sys.executable, "-m", "functions_framework", "--source", str(source), "--openapi"]
    return subprocess.run(
        [*command, *flags], capture_output=True, text=True, timeout=60, check=False, cwd=directory
    )


def test_the_command_prints_the_document_that_is_served(tmp_path: Path, documented: Served) -> None:
    done = _printed(tmp_path)
    assert done.returncode == 0
    document = json.loads(done.stdout)
    assert documented.client.get("/openapi.json").json() == document
    assert set(document["paths"]) == {"/order", "/total", "/by-id"}
    OpenAPIV31SpecValidator(document).validate()
    assert "printed while loading" in done.stderr


def test_one_function_is_described_where_it_answers(tmp_path: Path) -> None:
    document = json.loads(_printed(tmp_path, "--target", "order").stdout)
    assert list(document["paths"]) == ["/"]
    assert document["paths"]["/"]["post"]["summary"] == "Place an order."


def test_a_target_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = _printed(tmp_path, "--target", "nothing")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith("Error: ")


def test_the_page_shows_it_and_fetches_nothing(documented: Served) -> None:
    page = documented.client.get("/docs")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Place an order." in page.text
    for loading in ("<script src", " src=", 'href="http', "@import", "url("):
        assert loading not in page.text
    assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert "unsafe-inline" not in page.text


def test_the_functions_answer_beside_the_pages(documented: Served) -> None:
    assert documented.client.get("/plain").text == "plain"
    assert documented.client.post("/openapi.json").status_code == 404


@pytest.mark.parametrize("word", ["", "async "])
def test_without_docs_the_paths_are_the_functions_own(word: str, tmp_path: Path) -> None:
    text = f"import functions_framework as ff\n@ff.http\n{word}def hello(request): return 'mine'"
    with served(tmp_path, text) as (_, client):
        assert [client.get(path).text for path in ("/docs", "/openapi.json")] == ["mine", "mine"]


def test_an_unknown_word_for_docs_is_refused(tmp_path: Path) -> None:
    code, said = refused(tmp_path, SOURCE, "--openapi=yes")
    assert code == 2
    assert "--openapi" in said


OPERATIONS = [("POST", "/order"), ("POST", "/total"), ("POST", "/by-id"), ("GET", "/by-id")]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=lambda mode: mode.value)
def test_the_server_does_what_the_document_says(
    documented: Served, method: str, path: str, mode: Any
) -> None:
    client = documented.client
    document = client.get("/openapi.json").json()
    operation = schemathesis.openapi.from_dict(document)[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=15,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        case.body = _without_points(case.body)
        arguments = case.as_transport_kwargs(base_url=str(client.base_url))
        arguments = {
            "content" if name == "data" else name: value
            for name, value in arguments.items()
            if name not in {"cookies", "allow_redirects"}
        }
        answer = client.request(**arguments)
        assert answer.status_code < 500
        if mode is schemathesis.GenerationMode.POSITIVE:
            assert answer.status_code == 200
        case.validate_response(_as_response(answer))

    check()


def _without_points(value: Any) -> Any:
    """1.0 is an integer to JSON Schema, and a float to Python, whose types these are."""
    if isinstance(value, dict):
        return {name: _without_points(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_points(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_response(answer: httpx.Response) -> Any:
    return schemathesis.Response.from_httpx(answer, verify=True)
