"""Idempotent functions: one call for each key, its response for all others, on every host."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest

import functions_framework
from functions_framework import idempotent
from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.testing import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_framework.testing import Result

SOURCE = """
{first}
import functions_framework
from functions_framework import Drop, Retry, idempotent
from functions_framework{side} import cloud_event, http

calls = []
told = []

@functions_framework.on_dropped
{word}def keep(event, reason):
    told.append(reason)
    if reason == "hook fails" and told.count(reason) == 1:
        raise RuntimeError

def act(does):
    calls.append(does)
    is_first = calls.count(does) == 1
    if does == "crash" and is_first:
        raise ValueError
    if does == "exit" and is_first:
        raise SystemExit(3)
    if does == "retry" and is_first:
        raise Retry(after=5)
    if does in ("drop", "hook fails"):
        raise Drop(does)
    if does == "reply":
        return dict(type="made", data=len(calls))

@idempotent
@cloud_event(path="/event")
{word}def on_event(event):
    return act(event["type"])

@cloud_event(path="/other")
@idempotent
{word}def on_other_event(event):
    return act(event["type"])

@idempotent(key=lambda event: event.data and event.data["order"])
@cloud_event(path="/by-order")
{word}def by_order(event):
    return act(event["type"])

@idempotent(key=lambda event: event.data and event.data["order"], optional=True)
@cloud_event(path="/optional")
{word}def optional(event):
    return act(event["type"])

@idempotent
@functions_framework.event(path="/background")
{word}def on_background(data, context):
    act("background")

@idempotent
@http(path="/pay")
{word}def pay(request):
    does = request.args["does"] if hasattr(request, "args") else request.query_params["does"]
    calls.append(does)
    is_first = calls.count(does) == 1
    if does == "crash" and is_first:
        raise ValueError
    if does == "stream":
        return iter(["a", str(len(calls))])
    if does == "cookie":
        return "x", 201, dict([("Set-Cookie", "a=b"), ("X-Other", "o")])
    if does.isdigit() and is_first:
        return "x", int(does)
    return dict(number=len(calls))
"""
KINDS = {
    "def": {"first": "", "word": "", "side": ""},
    "def with flask": {"first": "import flask", "word": "", "side": ""},
    "async def": {"first": "", "word": "async ", "side": ""},
    "def on a loop": {"first": "", "word": "", "side": ".aio"},
}


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    text = SOURCE.format(**KINDS[request.param])
    if "pay" not in request.node.name and not KINDS[request.param]["first"]:
        text = text[: text.index("@idempotent\n@http")]  # an http function brings Flask along
    (tmp_path / "main.py").write_text(textwrap.dedent(text), encoding="utf-8")
    with Client(tmp_path / "main.py") as made:
        yield made


def send(
    client: Client, does: str, path: str = "/event", data: Any = None, **attributes: str
) -> Result:
    named = {"specversion": "1.0", "id": "1", "source": "/s", "type": does, **attributes}
    headers = {f"ce-{name}": value for name, value in named.items()}
    return client.post(path, json=data, headers=headers)


def calls_of(client: Client) -> list[str]:
    found: list[str] = vars(client.module)["calls"]
    return found


def is_crash(result: Result) -> bool:
    return result.status == 500


def test_a_repeated_event_is_answered_as_the_first_was(client: Client) -> None:
    first, second = (send(client, "reply") for _ in range(2))
    assert calls_of(client) == ["reply"]
    assert first.status == 200
    assert first.headers["ce-id"] == second.headers["ce-id"]
    assert (second.status, second.body, second.headers) == (200, b"1", first.headers)


def test_an_event_without_a_reply_is_taken_again(client: Client) -> None:
    answers = [send(client, "x") for _ in range(3)]
    assert {(item.status, item.body) for item in answers} == {(200, b"OK")}
    assert calls_of(client) == ["x"]


def test_source_and_id_are_the_key_together(client: Client) -> None:
    for source, number in [("/s", "1"), ("/s", "2"), ("/t", "1"), ("/s", "1")]:
        send(client, "x", source=source, id=number)
    assert len(calls_of(client)) == 3


def test_functions_do_not_share_keys(client: Client) -> None:
    send(client, "x")
    send(client, "x", "/other")
    assert len(calls_of(client)) == 2


@pytest.mark.parametrize("does", ["crash", "exit", "retry"])
def test_what_is_raised_frees_the_key(client: Client, does: str) -> None:
    statuses = [send(client, does).status for _ in range(3)]
    assert statuses == [503 if does == "retry" else 500, 200, 200]
    assert len(calls_of(client)) == 2


def test_a_dropped_event_is_done(client: Client) -> None:
    knative = {"specversion": "1.0", "id": "1", "source": "/s", "type": "drop"}
    headers = {f"ce-{name}": value for name, value in knative.items()}
    answers = [client.post("/event", headers={**headers, "prefer": "reply"}) for _ in range(2)]
    assert [item.status for item in answers] == [422, 422]
    assert (len(calls_of(client)), vars(client.module)["told"]) == (1, ["drop"])


def test_a_dropped_event_is_not_done_before_the_hook_heard_of_it(client: Client) -> None:
    statuses = [send(client, "hook fails").status for _ in range(3)]
    assert statuses == [500, 200, 200]
    assert (len(calls_of(client)), len(vars(client.module)["told"])) == (2, 2)


def test_the_key_may_be_anything_of_the_event(client: Client) -> None:
    for number, order in [("1", "a"), ("2", "a"), ("3", "b")]:
        send(client, "x", "/by-order", {"order": order}, id=number)
    assert len(calls_of(client)) == 2


def test_an_event_without_the_key_is_refused(client: Client) -> None:
    answer = send(client, "x", "/by-order", {"order": ""})
    assert (answer.status, answer.text) == (400, "This request has no key.\n")
    assert calls_of(client) == []
    assert [send(client, "x", "/optional", {"order": None}).status for _ in range(2)] == [200] * 2
    assert len(calls_of(client)) == 2


def test_a_key_that_is_none_is_a_crash(client: Client) -> None:
    assert is_crash(send(client, "x", "/by-order", {"order": 1.5}))
    assert calls_of(client) == []


def test_a_repeated_background_event_is_taken_again(client: Client) -> None:
    for number in ("1", "1", "2"):
        context = {"eventId": number, "eventType": "t", "resource": {"name": "r", "type": "q"}}
        answer = client.post("/background", json={"context": context, "data": {}})
        assert (answer.status, answer.body) == (200, b"OK")
    assert len(calls_of(client)) == 2


def test_each_event_of_a_batch_has_a_key_of_its_own(client: Client) -> None:
    events = [
        {"specversion": "1.0", "id": number, "source": "/s", "type": does}
        for number, does in [("1", "x"), ("2", "drop"), ("3", "x")]
    ]
    for given in (events[:2], events):
        answer = client.post(
            "/event", json=given, headers={"content-type": "application/cloudevents-batch+json"}
        )
        assert (answer.status, answer.body) == (200, b"OK")
    assert sorted(calls_of(client)) == ["drop", "x", "x"]


def pay(client: Client, does: str, key: str | None = "k", method: str = "POST") -> Result:
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.request(method, f"/pay?does={does}", headers=headers, data=b"{}")


def test_a_repeated_request_to_pay_is_answered_as_the_first_was(client: Client) -> None:
    first, second = (pay(client, "x") for _ in range(2))
    assert (first.status, first.json) == (200, {"number": 1})
    assert (second.status, second.body) == (200, first.body)
    assert second.headers["content-type"] == first.headers["content-type"]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"


def test_a_stream_to_pay_is_kept_whole(client: Client) -> None:
    assert [pay(client, "stream").body for _ in range(2)] == [b"a1", b"a1"]


def test_a_cookie_to_pay_is_for_the_first_client_only(client: Client) -> None:
    first, second = (pay(client, "cookie") for _ in range(2))
    assert (first.status, first.headers["set-cookie"]) == (201, "a=b")
    assert (second.status, second.headers["x-other"]) == (201, "o")
    assert "set-cookie" not in second.headers


def test_another_request_to_pay_with_the_same_key_is_refused(client: Client) -> None:
    pay(client, "x")
    answer = pay(client, "y")
    assert (answer.status, answer.text) == (
        422,
        "This Idempotency-Key belongs to another request.\n",
    )
    assert calls_of(client) == ["x"]


@pytest.mark.parametrize(("key", "text"), [(None, "Expected an Idem"), ("k" * 256, "at most 255")])
def test_to_pay_without_a_usable_key_is_refused(client: Client, key: str | None, text: str) -> None:
    answer = pay(client, "x", key)
    assert (answer.status, text in answer.text, calls_of(client)) == (400, True, [])


def test_safe_requests_to_pay_need_no_key(client: Client) -> None:
    assert [pay(client, "x", None, "GET").status for _ in range(2)] == [200, 200]
    assert len(calls_of(client)) == 2


@pytest.mark.parametrize("does", ["crash", "500", "503", "429", "408"])
def test_a_response_to_pay_that_asks_for_it_again_frees_the_key(client: Client, does: str) -> None:
    assert [pay(client, does).status for _ in range(3)] == [
        500 if does == "crash" else int(does), 200, 200,
    ]  # fmt: skip
    assert len(calls_of(client)) == 2


@pytest.mark.parametrize("does", ["404", "301", "204"])
def test_any_other_answer_to_pay_is_kept(client: Client, does: str) -> None:
    assert [pay(client, does).status for _ in range(2)] == [int(does)] * 2
    assert len(calls_of(client)) == 1


@pytest.mark.parametrize("word", ["", "async "])
def test_handlers_that_share_a_path_have_keys_of_their_own(tmp_path: Path, word: str) -> None:
    source = """
import functions_framework
calls = []
@functions_framework.idempotent
@functions_framework.cloud_event(type="a", path="/")
{word}def on_a(event):
    calls.append("a")
@functions_framework.idempotent
@functions_framework.cloud_event(type="b", path="/")
{word}def on_b(event):
    calls.append("b")
"""
    (tmp_path / "main.py").write_text(source.format(word=word), encoding="utf-8")
    with Client(tmp_path / "main.py") as client:
        for does in ("a", "b", "a", "b"):
            assert send(client, does, "/").status == 200
        assert calls_of(client) == ["a", "b"]


@pytest.mark.parametrize("decorator", ["cloud_event", "event"])
def test_decoded_events_have_the_key_of_their_event(decorator: str) -> None:
    texts = []

    def on_message(message: functions_framework.PubSubMessage) -> None:
        texts.append(message.text)

    decorated = idempotent(getattr(functions_framework, decorator)(on_message))
    with Client(decorated) as client:
        for number in ("1", "1", "2"):
            message = {"data": "SGk=", "messageId": number, "publishTime": "2026-01-01T00:00:00Z"}
            push = {"message": message, "subscription": "projects/p/subscriptions/s"}
            assert client.post("/", json=push).status == 200
    assert texts == ["Hi", "Hi"]


class Broken:
    """A store whose methods do one thing."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def begin(self, *_: Any) -> Any:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    def finish(self, *_: Any) -> bool:
        raise OSError("gone")

    def release(self, *_: Any) -> None:
        raise OSError("gone")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (OSError("no\nroute"), "OSError: no"),
        (functions_framework.IdempotencyEntry(b"{}", 5.0), "isn't a call's response"),
    ],
    ids=["raises", "holds something else"],
)
def test_a_store_that_says_nothing_lets_no_call_pass(found: Any, text: str) -> None:
    calls = []

    @idempotent(store=Broken(found))
    @functions_framework.cloud_event
    def on_event(event: Any) -> None:
        calls.append(event)

    with Client(on_event) as client:
        answer = send(client, "x", "/")
    assert (answer.status, calls) == (503, [])
    (record,) = answer.logs
    assert text in record.getMessage()


def test_a_store_that_keeps_nothing_is_told_of() -> None:
    @idempotent(store=Broken(None))
    @functions_framework.cloud_event
    def on_event(event: Any) -> None:
        if event["type"] == "crash":
            raise ValueError

    with Client(on_event) as client:
        kept, freed = send(client, "x", "/"), send(client, "crash", "/")
    assert (kept.status, freed.status) == (200, 500)
    assert "could not be kept, and it is made again" in kept.logs[0].getMessage()
    assert "could not be freed" in freed.logs[0].getMessage()


# -- what cannot be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"key": "header"}, TypeError, "key='header'): expected a function"),
        ({"expires": 0}, ValueError, "expires=0): expected more than 0 seconds"),
        ({"expires": "day"}, TypeError, "expires='day'): expected seconds or a timedelta"),
        ({"lease": float("inf")}, ValueError, "lease=inf): expected more than 0"),
        ({"store": "mysql://x"}, ValueError, "begins with one of sqlite://, redis://"),
        ({"store": "sqlite://calls.db"}, ValueError, "sqlite:///calls.db"),
        ({"store": 5}, TypeError, "it has no begin"),
    ],
    ids=str,
)
def test_a_wrong_argument_is_named(
    given: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as raised:
        idempotent(**given)
    assert text in str(raised.value)


def test_what_takes_no_attributes_cannot_be_decorated() -> None:
    with pytest.raises(TypeError, match="Wrap it in a function of its own"):
        idempotent(len)


def test_a_typed_function_needs_a_key_function() -> None:
    @idempotent
    @functions_framework.typed
    def order(value: int) -> int:
        return value

    with pytest.raises(InvalidConfigurationException, match="needs key=… on the function 'order'"):
        Client(order)


def test_a_typed_function_is_called_once_for_a_key() -> None:
    values = []

    @idempotent(key=lambda value: value // 10)
    @functions_framework.typed
    def order(value: int) -> int:
        values.append(value)
        return value

    with Client(order) as client:
        answers = [client.post("/", json=value) for value in (11, 12, 20)]
    assert [item.json for item in answers] == [11, 11, 20]
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert values == [11, 20]


def test_a_whole_batch_needs_a_key_function() -> None:
    @idempotent
    @functions_framework.cloud_event(batch=True)
    def on_events(events: Any) -> None:
        """Never called."""

    with pytest.raises(InvalidConfigurationException, match="called with many events"):
        Client(on_events)


def test_a_whole_application_cannot_be_idempotent() -> None:
    @idempotent
    def app(environ: Any, start_response: Any) -> Any:
        """Never called."""

    with pytest.raises(InvalidConfigurationException, match="it is a whole application"):
        Client(app)
