"""What `handler_of` takes, refuses and warns of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.platforms.aws_lambda import handler_of
from support.lambda_calls import Context, request

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("own_environment")]


def hello(_request: Any) -> str:
    return "hello"


def stream(_request: Any) -> Iterator[str]:
    yield "one "
    yield "two"


@functions_framework.websocket
async def chat(socket: Any) -> None:
    await socket.accept()


def test_a_generator_is_warned_of_and_sent_as_a_whole(caplog: pytest.LogCaptureFixture) -> None:
    handler = handler_of(stream)
    assert "'stream' streams its response" in caplog.text
    assert handler(request("alb", "GET", "/"), Context())["body"] == "one two"


def test_nothing_is_warned_of_without_need(caplog: pytest.LogCaptureFixture) -> None:
    handler_of(hello)
    assert caplog.text == ""


def test_websockets_alone_are_refused(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InvalidConfigurationException, match="no connections for 'chat'"):
        handler_of(chat)
    handler = handler_of(hello, chat)
    assert "no connections for 'chat'" in caplog.text
    assert handler(request("alb", "GET", "/hello"), Context())["body"] == "hello"
    handler.calls.stop()


@pytest.mark.parametrize(
    ("functions", "settings", "text"),
    [
        ([], {}, "handler_of expects functions, found none"),
        (["hello"], {}, "found 'hello'. Call it as handler_of"),
        ([hello], {"port": 80}, "takes no setting 'port'"),
        ([hello], {"timeot": 80}, "Did you mean timeout"),
        ([hello], {"timeout": "soon"}, "timeout='soon'"),
    ],
)
def test_what_is_wrong_is_told(functions: Any, settings: Any, text: str) -> None:
    with pytest.raises(InvalidConfigurationException, match=text):
        handler_of(*functions, **settings)
