"""Senders that ask whether they may deliver events (CloudEvents web hooks; Event Grid)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.hosts.by_settings import with_event_settings
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
def test_a_rate_that_is_not_a_number_is_any_rate(host: str) -> None:
    asked = {**ASKED, "WebHook-Request-Rate": "many"}
    reply = serve(host, print, Signature.CLOUDEVENT)("OPTIONS", "/", asked)
    assert reply.headers["webhook-allowed-rate"] == "*"


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


CODE = "512d38b6-c7b8-40c8-89fe-f46f9e9622b6"
VALIDATION = {
    "id": "2d1781af-3a4c-4d7c-bd0c-e34b19da4e66",
    "topic": "/subscriptions/0/resourceGroups/g/providers/Microsoft.EventGrid/topics/t",
    "subject": "",
    "data": {"validationCode": CODE, "validationUrl": "https://rp.example/validate?id=1"},
    "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
    "eventTime": "2026-01-01T00:00:00.0000000Z",
    "metadataVersion": "1",
    "dataVersion": "2",
}
"""As Event Grid's documentation shows it."""
GRID = {
    "aeg-event-type": "SubscriptionValidation",
    "Content-Type": "application/json; charset=utf-8",
}
EVERYBODY: tuple[str, ...] = ("*",)


def _validated(
    host: str, body: Any, origins: tuple[str, ...] = EVERYBODY, **options: Any
) -> tuple[int, bytes]:
    called: list[Any] = []
    given = {"webhook_origins": origins, **options}
    send = serve(host, called.append, Signature.CLOUDEVENT, options=given)
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = send("POST", "/", GRID, sent)
    assert called == []
    return answer.status, answer.body


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize("body", [[VALIDATION], VALIDATION], ids=["list", "alone"])
@pytest.mark.parametrize("options", [{}, {"batch": True}], ids=["each", "batch"])
def test_event_grid_gets_its_code_back(host: str, body: Any, options: dict[str, Any]) -> None:
    status, answer = _validated(host, body, **options)
    assert (status, json.loads(answer)) == (200, {"validationResponse": CODE})


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_background_functions_validate_as_well(host: str) -> None:
    send = serve(host, lambda *_: pytest.fail("called"), Signature.EVENT)
    assert CODE in send("POST", "/", GRID, json.dumps([VALIDATION]).encode()).body.decode()


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize(
    ("origins", "status"), [(("eventgrid.azure.net",), 200), (("a.example",), 403)]
)
def test_event_grid_is_one_of_the_origins(host: str, origins: tuple[str, ...], status: int) -> None:
    assert _validated(host, [VALIDATION], origins)[0] == status


@pytest.mark.parametrize("host", EVENT_HOSTS)
@pytest.mark.parametrize(
    "body",
    [b"", b"{", [], [1], {}, [{"data": 1}], [{"data": {"validationCode": 7}}], [VALIDATION] * 2],
)
def test_a_validation_without_a_code_is_one_line(host: str, body: Any) -> None:
    status, answer = _validated(host, body)
    assert status == 400
    assert answer == b"The validation event has no text as its data.validationCode.\n"


@pytest.mark.parametrize("host", EVENT_HOSTS)
def test_notifications_of_event_grid_are_not_validations(host: str) -> None:
    headers = {**GRID, "aeg-event-type": "Notification"}
    answer = serve(host, print, Signature.CLOUDEVENT)("POST", "/", headers, b"[]")
    assert b"validation" not in answer.body


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
            assert client.post("/", headers=GRID, json=[VALIDATION]).status_code == 403
        with served(tmp_path, text.format(word)) as (_, client):
            answer = client.post("/", headers=GRID, json=[VALIDATION])
            assert answer.json() == {"validationResponse": CODE}


def test_a_bad_origin_is_one_line(tmp_path: Path) -> None:
    text = "def hello(request): return 'x'\n"
    code, said = refused(tmp_path, text, "--webhook-origins", "https://a.example")
    assert code == 2
    assert "expected host names such as eventgrid.azure.net" in said
