"""Typed functions say themselves which pages may call them, as HTTP functions do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import functions_framework
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.testing import Client
from support.served_source import served

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.once

PAGE = "https://a.example"
ALLOWED = "access-control-allow-origin"
SOURCE = """
import functions_framework

@functions_framework.typed(cors="https://a.example")
{word}def double(number: int) -> int:
    return 2 * number

@functions_framework.typed(int, cors="https://a.example", path="/crash")
{word}def crash(number):
    raise ValueError(number)

@functions_framework.typed
{word}def closed(number: int) -> int:
    return number
"""


@pytest.mark.parametrize("word", ["", "async "], ids=["def", "async def"])
def test_every_response_of_it_carries_the_headers(tmp_path: Path, word: str) -> None:
    with served(tmp_path, SOURCE.format(word=word)) as (_, client):
        for path, body, status in (
            ("/double", "4", 200),
            ("/double", '"4"', 422),
            ("/double", "[", 400),
            ("/crash", "4", 500),
        ):
            asked = {"Origin": PAGE, "Content-Type": "application/json"}
            answer = client.post(path, content=body, headers=asked)
            assert (answer.status_code, answer.headers.get(ALLOWED)) == (status, PAGE)
            assert ALLOWED not in client.post(path, content=body).headers
        asked = {
            "Origin": PAGE,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        }
        answer = client.options("/double", headers=asked)
        assert (answer.status_code, answer.headers[ALLOWED]) == (204, PAGE)
        assert ALLOWED not in client.options("/closed", headers=asked).headers


def test_a_malformed_rule_is_refused() -> None:
    @functions_framework.typed(cors="a.example")
    def double(number: int) -> int:
        return 2 * number

    with pytest.raises(InvalidConfigurationException, match=r"a\.example"):
        Client(double)
