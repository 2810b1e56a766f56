"""What the arguments of `invoke` mean, without a process: the request, or one line of fault."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.commands import invoke
from functions_framework.commands.faults import BadInput
from functions_framework.commands.invoke_request import Body, Call, body_of, pair_of
from functions_framework.events.samples import catalogue
from functions_framework.events.samples.sample import SampleFault
from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model.function import Function, Signature

if TYPE_CHECKING:
    from pathlib import Path

    from functions_framework.model.request import Request


def function(signature: Signature) -> Function:
    return Function(print, "f", signature)


def request_for(signature: Signature | None, **given: Any) -> Request:
    asked: dict[str, Any] = {"method": None, "path": "/", "query": (), "headers": (), **given}
    asked["sample"] = catalogue.find(given["sample"]) if "sample" in given else None
    return Call(**asked).request_to(None if signature is None else function(signature))


JSON = Body(b'{"a":1}', "application/json", "--data")


@pytest.mark.parametrize(
    ("given", "method", "kind"),
    [
        ({}, "GET", None),
        ({"body": JSON}, "POST", "application/json"),
        ({"body": JSON, "headers": (("Content-Type", "a/b"),)}, "POST", "a/b"),
        ({"body": JSON, "method": "PATCH"}, "PATCH", "application/json"),
    ],
)
def test_plain_requests(given: dict[str, Any], method: str, kind: str | None) -> None:
    request = request_for(Signature.HTTP, **given)
    assert (request.method, request.header("content-type")) == (method, kind)


@pytest.mark.parametrize(
    ("signature", "sample", "attribute"),
    [
        (Signature.CLOUDEVENT, "pubsub", "ce-id"),
        (Signature.CLOUDEVENT, "scheduler", "x-cloudscheduler"),
        (Signature.HTTP, "scheduler", "x-cloudscheduler"),
        (None, "scheduler", "x-cloudscheduler"),
        (Signature.EVENT, "kafka", "ce-id"),
    ],
)
def test_samples_are_sent_in_the_form_that_fits(
    signature: Signature | None, sample: str, attribute: str
) -> None:
    assert request_for(signature, sample=sample).header(attribute)


def test_background_functions_get_background_events() -> None:
    request = request_for(Signature.EVENT, sample="storage", fields={"bucket": "b"})
    assert json.loads(request.body)["data"]["bucket"] == "b"
    assert request.header("ce-id") is None


def test_what_is_given_beside_a_sample_counts() -> None:
    request = request_for(
        Signature.HTTP, sample="pubsub", body=JSON, form="structured", path="/p?b=2",
        query=(("c", "3"),), headers=(("X-A", "1"), ("content-type", "x/y")),
    )  # fmt: skip
    assert (request.target, request.header("X-A")) == ("/p?b=2&c=3", "1")
    assert request.header("content-type") == "x/y"
    assert json.loads(request.body)["data"] == {"a": 1}


@pytest.mark.parametrize(
    ("signature", "body"),
    [
        (Signature.CLOUDEVENT, b'{"specversion":"1.0"}'),
        (Signature.EVENT, b'{"context":{"eventId":"1"},"data":1}'),
        (Signature.CLOUDEVENT, b'{"message":{},"subscription":"s"}'),
    ],
)
def test_events_may_be_given_as_data(signature: Signature, body: bytes) -> None:
    assert request_for(signature, body=Body(body, "application/json", "--data")).body == body


@pytest.mark.parametrize(
    ("signature", "given", "text"),
    [
        (Signature.TYPED, {}, "takes a value: give --data JSON"),
        (Signature.TYPED, {"sample": "pubsub"}, "takes a value and no event"),
        (Signature.EVENT, {"sample": "stripe"}, "signature event, and the sample 'stripe'"),
        (Signature.EVENT, {}, "takes background events. Give --event"),
        (Signature.CLOUDEVENT, {"body": JSON}, "--data holds none"),
    ],
)
def test_requests_a_function_does_not_take(
    signature: Signature, given: dict[str, Any], text: str
) -> None:
    with pytest.raises(BadInput, match=text):
        request_for(signature, **given)


def test_a_form_a_sample_does_not_have() -> None:
    with pytest.raises(SampleFault, match="no background form"):
        request_for(None, sample="kafka", form="background")


KINDS = {
    '{"specversion": "1.0"}': "application/cloudevents+json",
    '[{"specversion": "1.0"}, {"specversion": "1.0"}]': "application/cloudevents-batch+json",
    "[]": "application/json",
    '[{"specversion": "1.0"}, 3]': "application/json",
}


def test_bodies(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"1,2")
    (tmp_path / "a.unknown").write_bytes(b"{")
    (tmp_path / "a.json").write_bytes(b"\xff")
    assert body_of(None, None, ()) == (None, ())
    assert body_of("1", None, ())[0] == Body(b"1", "application/json", "--data")
    assert body_of("{", None, (("Content-Type", "text/plain"),))[0] == Body(
        b"{", "text/plain", "--data"
    )
    found, _ = body_of(None, str(tmp_path / "a.csv"), ())
    assert found is not None
    assert (found.content, found.content_type) == (b"1,2", "text/csv")
    found, _ = body_of(None, str(tmp_path / "a.unknown"), ())
    assert found is not None
    assert found.content_type == "application/octet-stream"
    for text, kind in KINDS.items():
        event, _ = body_of(text, None, ())
        assert event is not None
        assert event.content_type == kind
    with pytest.raises(BadInput, match="byte 0 is not UTF-8"):
        body_of(None, str(tmp_path / "a.json"), ())
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        body_of(None, str(tmp_path / "none"), ())
    with pytest.raises(BadInput, match="not both"):
        body_of("1", "x", ())
    with pytest.raises(BadInput, match="nested too deeply"):
        body_of("[" * 100_000, None, ())


@pytest.mark.parametrize(
    ("text", "between", "pair"),
    [("a=1", "=", ("a", "1")), ("a= =", "=", ("a", " =")), ("X-A: b:c", ":", ("X-A", "b:c"))],
)
def test_pairs(text: str, between: str, pair: tuple[str, str]) -> None:
    assert pair_of(text, between, "--x", "e") == pair


@pytest.mark.parametrize(("text", "between"), [("a", "="), ("=1", "="), ("X-A", ":")])
def test_no_pairs(text: str, between: str) -> None:
    with pytest.raises(BadInput, match=f"--x takes NAME{between}VALUE"):
        pair_of(text, between, "--x", "e")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("a", "b"), "one function's name, found a and b"),
        (("a", "-", "--data", "1"), "--data or -, not both"),
        (("a", "--path", "x"), "--path starts with '/'"),
        (("a", "--method", "G T"), "--method takes an HTTP method"),
        (("a", "--format", "binary"), "give --event NAME as well"),
        (("a", "--querry", "b=1"), r"no option --querry\. Did you mean --query\?"),
        (("a", "--event", "zzz"), "no sample 'zzz'"),
        (("a", "--url", "localhost:8080"), "isn't a URL of a server"),
        (("a", "--url", "http://h:x"), "isn't a URL"),
    ],
)
def test_arguments_that_make_no_call(arguments: tuple[str, ...], text: str) -> None:
    context = invoke.command.make_context("invoke", list(arguments))
    with context, pytest.raises(FunctionsFrameworkException, match=text):
        invoke.command.invoke(context)
