"""Unions of classes without a tag, and the defaults of decoded dataclasses."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest

from functions_framework.model.message import Message
from functions_framework.signatures.problems import InvalidInput, MalformedInput
from support.typed_signatures import signature_of


@dataclasses.dataclass
class Order:
    name: str
    count: int = 1
    tags: list[str] = dataclasses.field(default_factory=list)


def post(body: bytes) -> Message:
    return Message("application/json", {}, body)


def get(query: str) -> Message:
    return Message(None, {}, b"", query=query, method="GET")


@dataclasses.dataclass(frozen=True)
class Part:
    size: int
    unit: str = "cm"


@dataclasses.dataclass
class Box:
    parts: list[Part]
    by_name: dict[str, Part]
    label: str = "none"
    lid: Part | None = None
    inner: Box | None = None


@dataclasses.dataclass
class Card:
    number: str


@dataclasses.dataclass
class Transfer:
    iban: str
    number: str = ""


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"number": "4"}', Card("4")),
        (b'{"iban": "D"}', Transfer("D")),
        (b'{"iban": "D", "number": "4"}', Transfer("D", "4")),
        (b"null", None),
    ],
)
def test_unions_of_classes_without_a_tag(body: bytes, value: Any) -> None:
    signature = signature_of(Card | Transfer | None)
    assert signature.decode(post(body)) == (value,)


def test_unions_of_classes_without_a_tag_in_query_strings_and_their_faults() -> None:
    signature = signature_of(Card | Transfer)
    assert signature.decode(get("iban=D")) == (Transfer("D"),)
    with pytest.raises(InvalidInput) as caught:
        signature.decode(post(b'{"iban": 1, "number": 2}'))
    assert [fault.pointer for fault in caught.value.faults] == ["#/iban", "#/number"]
    with pytest.raises(MalformedInput):
        signature.decode(post(b"{"))


@pytest.mark.parametrize("is_query", [False, True])
def test_defaults_are_attributes_of_decoded_dataclasses_at_every_depth(is_query: bool) -> None:
    if is_query:
        (order,) = signature_of(Order).decode(get("name=a"))
        assert list(vars(order)) == ["name", "count", "tags"]
        return
    body = (
        b'{"lid": {"size": 1}, "inner": {"parts": [], "by_name": {}},'
        b' "parts": [{"size": 1}], "by_name": {"a": {"size": 2}}}'
    )
    (box,) = signature_of(Box).decode(post(body))
    assert list(vars(box)) == ["parts", "by_name", "label", "lid", "inner"]
    assert vars(box.parts[0]) == {"size": 1, "unit": "cm"}
    assert vars(box.by_name["a"]) == {"size": 2, "unit": "cm"}
    assert vars(box.lid) == {"size": 1, "unit": "cm"}
    assert vars(box.inner)["label"] == "none"
    assert msgspec.json.encode(box.parts) == b'[{"size":1,"unit":"cm"}]'
