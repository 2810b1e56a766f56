"""Senders that ask whether they may deliver events (CloudEvents web hooks, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_framework.hosts.build import with_event_settings
from functions_framework.hosts.handshake import answer
from functions_framework.model.function import Function, Signature
from functions_framework.settings import Settings
from support.in_memory import EVENT_HOSTS, HOSTS, serve
from support.served_source import refused, served

if TYPE_CHECKING:
    from pathlib import Path

ASKED = {"WebHook-Request-Origin": "eventgrid.azure.net", "WebHook-Request-Rate": "120"}


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize("signature", [Signature.CLOUDEVENT, Signature.EVENT], ids=str)
def test_everybody_may_deliver_unless_it_is_set(host: str, signature: Signature) -> None:
    reply = serve(host, print, signature)("OPTIONS", "/", ASKED)
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert reply.headers["webhook-allowed-rate"] == "120"


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_no_rate_is_granted_that_nobody_asked_for(host: str) -> None:
    asked = {"WebHook-Request-Origin": "a.example"}
    assert (
        "webhook-allowed-rate"
        not in serve(host, print, Signature.CLOUDEVENT)("OPTIONS", "/", asked).headers
    )


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_what_asks_nothing_is_405(host: str) -> None:
    assert serve(host, print, Signature.CLOUDEVENT)("OPTIONS").status == 405
    assert (
        serve(host, lambda v: v, Signature.TYPED, input_type=dict)("OPTIONS", "/", ASKED).status
        == 405
    )


@pytest.mark.parametrize("host", HOSTS)
def test_http_functions_answer_for_themselves(host: str) -> None:
    reply = serve(host, lambda _: "mine")("OPTIONS", "/", ASKED)
    assert (reply.status, reply.body) == (200, b"mine")


@pytest.mark.parametrize(
    ("origins", "status"),
    [("eventgrid.azure.net", 200), ("a.example, EventGrid.azure.net", 200), ("a.example", 403)],
)
def test_origins_that_are_set(origins: str, status: int) -> None:
    given = [Function(print, "f", Signature.CLOUDEVENT)]
    (function,) = with_event_settings(given, Settings(webhook_origins=origins))
    fields = {name.lower(): value for name, value in ASKED.items()}
    reply = answer(function, fields.get)
    assert reply is not None
    assert reply.status == status
    assert ("webhook-allowed-origin" in dict(reply.headers)) is (status == 200)


def test_over_a_real_server(tmp_path: Path) -> None:
    text = (
        "import functions_framework\n@functions_framework.cloud_event\n{}def hello(event): pass\n"
    )
    for word in ("", "async "):
        flags = ["--webhook-origins", "a.example"]
        with served(tmp_path, text.format(word), *flags) as (_, client):
            asked = {"WebHook-Request-Origin": "a.example"}
            assert (
                client.options("/", headers=asked).headers["webhook-allowed-origin"] == "a.example"
            )
            assert client.options("/", headers=ASKED).status_code == 403


def test_a_bad_origin_is_one_line(tmp_path: Path) -> None:
    text = "def hello(request): return 'x'\n"
    code, said = refused(tmp_path, text, "--webhook-origins", "https://a.example")
    assert code == 2
    assert "expected host names such as eventgrid.azure.net" in said
