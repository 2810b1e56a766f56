"""Classes with from_dict and to_dict."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions_framework.exceptions import MalformedRequest, RequestRefused, UnsupportedMediaType
from functions_framework.model.message import Message, Reply
from functions_framework.signatures.typed import TypedSignature


class Person:
    def __init__(self, name: str, age: int) -> None:
        self.name = name
        self.age = age

    @staticmethod
    def from_dict(given: dict[str, Any]) -> Person:
        return Person(given["name"], given["age"])

    def to_dict(self) -> dict[str, Any]:
        return {"name": self.name, "age": self.age}


class Anything:
    def __init__(self, given: Any) -> None:
        self.given = given

    @classmethod
    def from_dict(cls, given: Any) -> Anything:
        return cls(given)


def greet(person: Person) -> Person:
    return person


def hold(given: Anything) -> Any:
    return given


def post(body: bytes, content_type: str | None = "application/json") -> Message:
    return Message(content_type, {}, body)


SIGNATURE = TypedSignature(greet)
ANY = TypedSignature(hold)


def test_json_in_json_out_with_unchanged_bytes() -> None:
    body = b'{"name": "john", "age": 10}'
    (person,) = SIGNATURE.decode(post(body))
    assert SIGNATURE.encode(greet(person)) == Reply(
        200, [("content-type", "application/json")], body
    )


def test_output_is_what_json_dumps_writes_keys_in_their_order_and_ascii() -> None:
    reply = SIGNATURE.encode(Person("Jürgen", 3))
    assert reply.body == json.dumps({"name": "Jürgen", "age": 3}).encode()
    assert b"J\\u00fcrgen" in reply.body


def test_only_post_reaches_the_function() -> None:
    assert SIGNATURE.methods == {"POST"}


@pytest.mark.parametrize(
    "body",
    [
        b"[1, 2]",
        b"null",
        b'"text"',
        b"1.50",
        b"123456789012345678901234567890",
        b'{"a": 1, "a": 2}',
        b"NaN",
        b"[Infinity]",
        b'"\\ud800"',
        b"1e400",
        b"\xef\xbb\xbf[1]",
        "[1]".encode("utf-16"),
        b" \n{}\t",
    ],
)
def test_any_json_that_the_standard_module_reads_reaches_from_dict(body: bytes) -> None:
    (given,) = ANY.decode(post(body))
    assert repr(given.given) == repr(json.loads(body))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "line 1 column 1"),
        (b"{", "line 1 column 2"),
        (b'{"top-secret": }', "line 1 column 16"),
        (b'{"a": "\xff"}', "UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b"9" * 10_000, "too long"),
    ],
    ids=["empty", "cut-off", "bad", "not UTF-8", "deep", "long number"],
)
def test_a_body_that_is_not_json_is_a_400_of_one_line(body: bytes, why: str) -> None:
    with pytest.raises(MalformedRequest) as caught:
        ANY.decode(post(body))
    assert caught.value.http_status == 400
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "top-secret" not in str(caught.value)
    assert not hasattr(caught.value, "reply")  # plain text, as the host writes it


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "json"]
)
def test_another_media_type_is_a_415(content_type: str | None) -> None:
    with pytest.raises(UnsupportedMediaType, match="application/json") as caught:
        SIGNATURE.decode(post(b"{}", content_type))
    assert caught.value.http_status == 415


@pytest.mark.parametrize(
    "content_type",
    ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json;v=1"],
)
def test_json_media_types_are_taken(content_type: str) -> None:
    (given,) = ANY.decode(post(b"[1]", content_type))
    assert given.given == [1]


def test_an_exception_of_from_dict_is_not_wrapped() -> None:
    with pytest.raises(KeyError) as caught:
        SIGNATURE.decode(post(b"{}"))
    assert not isinstance(caught.value, RequestRefused)


def test_an_exception_of_to_dict_is_not_wrapped() -> None:
    class Broken:
        def to_dict(self) -> dict[str, Any]:
            raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        SIGNATURE.encode(Broken())


@pytest.mark.parametrize(
    ("result", "status", "content_type", "body"),
    [
        (None, 200, "text/html; charset=utf-8", b""),
        ("hi", 200, "text/html; charset=utf-8", b"hi"),
        (b"hi", 200, "text/html; charset=utf-8", b"hi"),
        ({"b": 1, "a": 2}, 200, "application/json", b'{"a":2,"b":1}\n'),
        ([1, "x"], 200, "application/json", b'[1,"x"]\n'),
        (("made", 201), 201, "text/html; charset=utf-8", b"made"),
        ((Person("x", 1), 201), 201, "application/json", b'{"name": "x", "age": 1}'),
        (
            (Person("x", 1), 201, {"Content-Type": "application/vnd.a+json"}),
            201,
            "application/vnd.a+json",
            b'{"name": "x", "age": 1}',
        ),
        (Reply(204, [], b""), 204, None, b""),
    ],
)
def test_results(result: Any, status: int, content_type: str | None, body: bytes) -> None:
    reply = SIGNATURE.encode(result)
    headers = {name.lower(): value for name, value in reply.headers}
    assert (reply.status, headers.get("content-type"), reply.body) == (status, content_type, body)


@pytest.mark.parametrize("result", [1, True, 1.5, object(), (None, 200), ("a", 1, {}, 4)])
def test_results_that_are_crashes(result: Any) -> None:
    with pytest.raises(TypeError):
        SIGNATURE.encode(result)


def test_a_generator_is_streamed() -> None:
    reply = SIGNATURE.encode(part for part in ["a", "b"])
    assert list(reply.body) == ["a", "b"]  # type: ignore[arg-type]


def test_a_return_annotation_that_cannot_be_resolved_does_not_matter() -> None:
    def function(person: Person) -> Unknown:  # type: ignore[name-defined]  # noqa: F821
        return person

    assert TypedSignature(function).encode("x").body == b"x"
