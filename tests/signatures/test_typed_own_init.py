"""Classes whose `__init__` takes something else than their fields: what senders can set."""

from __future__ import annotations

import dataclasses
import functools
import json
from dataclasses import InitVar, dataclass, field
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, TypeVar

import attrs
import msgspec
import pydantic
import pytest
from typing_extensions import NotRequired, TypedDict

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.hosts.openapi.document import document
from functions_framework.model.function import Function, Signature
from functions_framework.model.message import Message
from functions_framework.signatures.event_data import event_data
from functions_framework.signatures.problems import InvalidInput
from functions_framework.signatures.typed import TypedSignature
from functions_framework.signatures.types.secret import Secret
from support.typed_signatures import decoded, signature_of

T = TypeVar("T")
PIN = "pin-4711-pin"


@dataclass
class User:
    name: str
    is_admin: bool = field(default=False, init=False)


@dataclass
class Guest(User):
    days: int = 1


@dataclass
class Total:
    count: int
    total: int = field(init=False)

    def __post_init__(self) -> None:
        if self.count < 0:
            raise ValueError("count must not be negative")
        self.total = self.count * 2


@dataclass(slots=True, frozen=True)
class Frozen:
    name: str
    is_admin: bool = field(default=False, init=False)


@attrs.define
class AttrsUser:
    name: str
    is_admin: bool = attrs.field(default=False, init=False)


@pydantic.dataclasses.dataclass
class PydanticUser:
    name: str
    is_admin: bool = field(default=False, init=False)


@dataclass
class WithPydantic:
    user: PydanticUser
    is_admin: bool = field(default=False, init=False)


class Holder(msgspec.Struct, rename="camel"):
    the_user: User
    tags: list[str] = []
    is_known: ClassVar[bool] = False

    def __post_init__(self) -> None:
        assert isinstance(self.the_user, User)


class Tagged(msgspec.Struct, tag="t", array_like=True):
    user: User


class Closed(msgspec.Struct, tag=True, forbid_unknown_fields=True):
    user: User


class Keyed(TypedDict):
    user: User
    note: NotRequired[str]


class Pair(NamedTuple):
    user: User
    number: int = 1


@dataclass
class Box(Generic[T]):
    item: T
    is_admin: bool = field(default=False, init=False)


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)
    depth: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.depth = 1 + max((child.depth for child in self.children), default=0)


@dataclass
class Seeded:
    count: int
    seed: InitVar[int]
    start: int = field(default=0, init=False)

    def __post_init__(self, seed: int) -> None:
        self.start = self.count + seed


@dataclass
class OwnInit:
    count: int
    is_admin: bool = False

    def __init__(self, count: int, *rest: Any, **more: Any) -> None:
        self.count = count * 10


def strip(value: str) -> str:
    return value.strip()


def in_order(value: list[str]) -> list[str]:
    return sorted(value)


def from_text(value: str) -> int:
    return int(value)


@attrs.define
class Converted:
    name: str = attrs.field(converter=strip)
    count: Any = attrs.field(converter=from_text, default="7")
    tags: list[str] = attrs.field(converter=in_order, factory=list)


@attrs.define
class Aliased:
    origin: str = attrs.field(alias="source")
    _hidden: int = 1


@attrs.define
class Sized:
    width: int
    height: int = attrs.field(default=attrs.Factory(lambda self: self.width * 2, takes_self=True))


@attrs.define
class Prepared:
    name: str
    seen: list[str] = attrs.field(init=False, factory=list)

    def __attrs_pre_init__(self, name: str) -> None:
        if name == "x":
            raise ValueError("not x")


def queried(annotation: Any, query: str) -> Any:
    (value,) = signature_of(annotation).decode(Message(None, {}, b"", query=query, method="GET"))
    return value


def from_event(annotation: Any, data: Any) -> Any:
    def function(event, data) -> None: ...  # type: ignore[no-untyped-def]

    function.__annotations__["data"] = annotation
    checked = event_data(function, Signature.CLOUDEVENT)
    assert checked is not None
    return checked.convert(data)


USER = {"name": "a", "is_admin": True}

CASES: list[Any] = [
    (User, USER, User("a")),
    (Guest, USER | {"days": 2}, Guest("a", 2)),
    (Total, {"count": 2, "total": 9}, Total(2)),
    (Frozen, USER, Frozen("a")),
    (AttrsUser, USER, AttrsUser("a")),
    (PydanticUser, USER, PydanticUser("a")),
    (WithPydantic, {"user": USER, "is_admin": True}, WithPydantic(PydanticUser("a"))),
    (list[User], [USER], [User("a")]),
    (dict[str, User], {"x": USER}, {"x": User("a")}),
    (tuple[User, int], [USER, 1], (User("a"), 1)),
    (frozenset[Frozen], [USER, USER], frozenset({Frozen("a")})),
    (User | None, USER, User("a")),
    (User | None, None, None),
    (list[User] | User | None, [USER], [User("a")]),
    (User | Total, USER, User("a")),
    (User | Total, {"count": 1, "total": 5}, Total(1)),
    (Annotated[User, "note"], USER, User("a")),
    (Holder, {"theUser": USER, "is_known": True}, Holder(User("a"))),
    (Tagged, ["t", USER], Tagged(User("a"))),
    (Closed | None, {"type": "Closed", "user": USER}, Closed(User("a"))),
    (Keyed, {"user": USER}, {"user": User("a")}),
    (Pair, [USER], Pair(User("a"))),
    (Box[int], {"item": 1, "is_admin": True}, Box(1)),
    (Box[User], {"item": USER, "is_admin": True}, Box(User("a"))),
    (Tree, {"name": "a", "children": [{"name": "b", "depth": 7}]}, Tree("a", [Tree("b")])),
    (Seeded, {"count": 1, "seed": 2, "start": 9}, Seeded(1, 2)),
    (OwnInit, {"count": 1, "is_admin": True}, OwnInit(1)),
    (Converted, {"name": " a ", "count": "3", "tags": ["x", "a"]}, Converted("a", "3", ["a", "x"])),
    (Converted, {"name": "a"}, Converted("a", "7")),
    (Aliased, {"source": "a", "hidden": 2, "_hidden": 3, "origin": "b"}, Aliased("a", 2)),
    (Sized, {"width": 2}, Sized(2, 4)),
    (Sized, {"width": 2, "height": 3}, Sized(2, 3)),
    (Prepared, {"name": "a", "seen": ["b"]}, Prepared("a")),
]


@pytest.mark.parametrize(("annotation", "data", "value"), CASES)
@pytest.mark.parametrize("read", [decoded, from_event], ids=["body", "event"])
def test_a_sender_sets_what_init_takes(read: Any, annotation: Any, data: Any, value: Any) -> None:
    found = read(annotation, data)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("annotation", "query", "value"),
    [
        (User, "name=a&is_admin=true", User("a")),
        (AttrsUser, "name=a&is_admin=true", AttrsUser("a")),
        (PydanticUser, "name=a&is_admin=true", PydanticUser("a")),
        (Seeded, "count=1&seed=2&start=9", Seeded(1, 2)),
        (Aliased, "source=a", Aliased("a")),
        (Converted, "name=a&tags=y&tags=x", Converted("a", "7", ["x", "y"])),
    ],
)
def test_so_it_is_with_query_strings(annotation: Any, query: str, value: Any) -> None:
    assert queried(annotation, query) == value


@pytest.mark.parametrize(
    ("annotation", "data", "faults"),
    [
        (Total, {"count": "x"}, {"#/count": "Expected `int`, got `str`."}),
        (Total, {"count": -1}, {"#": "count must not be negative."}),
        (
            dict[str, list[Total]],
            {"a": [{"count": 1}, {"count": -1}], "b": [{"count": -1}]},
            {"#/a/1": "count must not be negative.", "#/b/0": "count must not be negative."},
        ),
        (Aliased, {"origin": "a"}, {"#/source": "The field is required."}),
        (Converted, {"name": "a", "count": 3}, {"#/count": "Expected `str`, got `int`."}),
        (Prepared, {"name": "x"}, {"#": "not x."}),
        (Holder, {"theUser": {}}, {"#/theUser/name": "The field is required."}),
        (Pair, [{}, 1], {"#/0/name": "The field is required."}),
        (Tagged, ["t", {}], {"#/1/name": "The field is required."}),
    ],
)
def test_faults_stand_where_the_sender_wrote_them(
    annotation: Any, data: Any, faults: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        decoded(annotation, data)
    assert {fault.pointer: fault.detail for fault in caught.value.faults} == faults


def test_what_init_says_of_a_secret_is_not_shown() -> None:
    @dataclass
    class Login:
        user: str
        password: Annotated[str, Secret]
        is_known: bool = field(default=False, init=False)

        def __post_init__(self) -> None:
            raise ValueError(f"not with {self.password}")

    with pytest.raises(InvalidInput) as caught:
        decoded(list[Login], [{"user": "u", "password": PIN}])
    (fault,) = caught.value.faults
    assert fault.pointer == "#/0"
    assert PIN not in fault.detail
    with pytest.raises(InvalidInput) as caught:
        decoded(Annotated[dict[str, Annotated[Total, Secret]], ""], {"x": {"count": -1}})
    assert "negative" not in caught.value.faults[0].detail


def schemas_of(kind: Any) -> dict[str, Any]:
    def function(value):  # type: ignore[no-untyped-def]
        return value

    function.__annotations__ = {"value": kind, "return": kind}
    made = document([Function(function, "f", Signature.TYPED)])
    operation = made["paths"]["/"]["post"]
    places = {
        "input": operation["requestBody"]["content"]["application/json"]["schema"],
        "output": operation["responses"]["200"]["content"]["application/json"]["schema"],
    }
    components = made["components"]["schemas"]
    return {name: components[place["$ref"].rpartition("/")[2]] for name, place in places.items()}


@pytest.mark.parametrize(
    ("kind", "taken", "written"),
    [
        (User, ["name"], ["name", "is_admin"]),
        (AttrsUser, ["name"], ["name", "is_admin"]),
        (Seeded, ["count", "seed"], ["count", "start"]),
        (Aliased, ["source", "hidden"], ["origin"]),
        (Sized, ["width", "height"], ["width", "height"]),
        (OwnInit, ["count"], ["count", "is_admin"]),
        (Holder, ["theUser", "tags"], ["theUser", "tags"]),
        (Keyed, ["user", "note"], ["user", "note"]),
    ],
)
def test_the_document_says_what_is_taken_and_what_is_written(
    kind: Any, taken: list[str], written: list[str]
) -> None:
    schemas = schemas_of(kind)
    assert sorted(schemas["input"]["properties"]) == sorted(taken)
    assert sorted(schemas["output"]["properties"]) == sorted(written)
    assert schemas["input"]["title"] == kind.__name__


def test_references_lead_from_what_is_taken_to_what_is_taken() -> None:
    def function(value: Holder) -> Holder:
        return value

    made = document([Function(function, "f", Signature.TYPED)])
    components = made["components"]["schemas"]
    by_name = {
        name: components[item["properties"]["theUser"]["$ref"].rpartition("/")[2]]
        for name, item in components.items()
        if name.startswith("Holder")
    }
    assert [sorted(item["properties"]) for item in by_name.values()] == [
        ["name"],
        ["is_admin", "name"],
    ]


def test_an_init_that_cannot_be_checked_is_refused_at_load() -> None:
    @dataclass
    class Untyped:
        count: int

        def __init__(self, count: int, extra) -> None:  # type: ignore[no-untyped-def]
            self.count = count

    @dataclass
    class ByPosition:
        count: int

        def __init__(self, count: int, /) -> None:
            self.count = count

    for kind, words in [(Untyped, "'extra'.*has no type"), (ByPosition, "'count' by position")]:
        with pytest.raises(FunctionsFrameworkException, match=words):
            signature_of(kind)


def test_ordinary_classes_are_filled_in_without_a_call_of_init() -> None:
    @dataclass
    class Plain:
        count: int
        parts: list[str] = field(default_factory=list)

    made: list[Any] = []
    first = Plain.__init__

    @functools.wraps(first)
    def init(self: Plain, *args: Any, **kwargs: Any) -> None:
        made.append(self)
        first(self, *args, **kwargs)

    signature = signature_of(Plain)
    Plain.__init__ = init  # type: ignore[method-assign]
    assert dataclasses.is_dataclass(Plain)
    signature.decode(Message("application/json", {}, b'{"count": 1}'))
    assert made == []


def test_what_init_does_not_take_is_written_all_the_same() -> None:
    def function(value: User) -> User:
        return value

    signature = TypedSignature(function)
    message = Message("application/json", {}, json.dumps(USER).encode())
    (user,) = signature.decode(message)
    assert signature.encode(user).body == b'{"name":"a","is_admin":false}'
    assert signature.encode(User("b")).body == b'{"name":"b","is_admin":false}'
