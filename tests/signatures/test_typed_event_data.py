"""Event data that is checked against the annotations of event functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable  # noqa: TC003 - read at run time
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pydantic
import pytest
from cloudevents.http import CloudEvent  # noqa: TC002 - read at run time

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model.function import Signature
from functions_framework.signatures.event_data import Place, event_data
from functions_framework.signatures.problems import InvalidInput

if TYPE_CHECKING:
    from typing_extensions import TypedDict as OnlyForCheckers

    from google.cloud.functions.context import Context


@dataclasses.dataclass
class Upload:
    name: str
    size: int = 0


class Row(msgspec.Struct):
    name: str


class Model(pydantic.BaseModel):
    name: str


class Plain:
    pass


def second(event: CloudEvent, data: Upload) -> None: ...
async def second_async(event: CloudEvent, data: Upload) -> None: ...
def second_bytes(event: CloudEvent, data: bytes) -> None: ...
def within(event: Annotated[CloudEvent, Upload]) -> None: ...
def within_list(event: Annotated[CloudEvent, "uploads", list[Upload]]) -> None: ...
def plain(event: CloudEvent) -> None: ...
def untyped(event) -> None: ...  # type: ignore[no-untyped-def]
def noted(event: Annotated[CloudEvent, "a note"]) -> None: ...
def checkers(event: OnlyForCheckers) -> None: ...  # type: ignore[valid-type]
def with_default(event: CloudEvent, retries: int = 3) -> None: ...
def untyped_second(event: CloudEvent, data) -> None: ...  # type: ignore[no-untyped-def]
def nothing() -> None: ...
def anything(*args: Any) -> None: ...
def unsupported(event: CloudEvent, data: Plain) -> None: ...
def unresolved(event: CloudEvent, data: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def background(data: Upload, context: Context) -> None: ...
def background_row(data: Row | None, context: Context) -> None: ...
def background_model(data: Model, context: Context) -> None: ...
def background_dict(data: dict[str, int], context: Context) -> None: ...
def background_any(data: Any, context: Any) -> None: ...
def background_bare(data, context) -> None: ...  # type: ignore[no-untyped-def]
def background_checkers(data: OnlyForCheckers, context: Any) -> None: ...  # type: ignore[valid-type]
def background_plain(data: Plain, context: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "signature", "place", "data", "value"),
    [
        (second, Signature.CLOUDEVENT, Place.ARGUMENT, {"name": "a"}, Upload("a")),
        (second_async, Signature.CLOUDEVENT, Place.ARGUMENT, {"name": "a"}, Upload("a")),
        (second_bytes, Signature.CLOUDEVENT, Place.ARGUMENT, b"hi", b"hi"),
        (second_bytes, Signature.CLOUDEVENT, Place.ARGUMENT, "aGk=", b"hi"),
        (within, Signature.CLOUDEVENT, Place.EVENT, {"name": "a"}, Upload("a")),
        (within_list, Signature.CLOUDEVENT, Place.EVENT, [{"name": "a"}], [Upload("a")]),
        (background, Signature.EVENT, Place.DATA, {"name": "a", "size": 3}, Upload("a", 3)),
        (background_row, Signature.EVENT, Place.DATA, {"name": "a"}, Row("a")),
        (background_model, Signature.EVENT, Place.DATA, {"name": "a"}, Model(name="a")),
    ],
)
def test_data_is_checked(
    function: Callable[..., Any], signature: Signature, place: Place, data: Any, value: Any
) -> None:
    found = event_data(function, signature)
    assert found is not None
    assert found.place is place
    assert found.convert(data) == value


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        (plain, Signature.CLOUDEVENT),
        (untyped, Signature.CLOUDEVENT),
        (noted, Signature.CLOUDEVENT),
        (checkers, Signature.CLOUDEVENT),
        (with_default, Signature.CLOUDEVENT),
        (untyped_second, Signature.CLOUDEVENT),
        (nothing, Signature.CLOUDEVENT),
        (anything, Signature.CLOUDEVENT),
        (background_dict, Signature.EVENT),
        (background_any, Signature.EVENT),
        (background_bare, Signature.EVENT),
        (background_checkers, Signature.EVENT),
        (background_plain, Signature.EVENT),
        (nothing, Signature.EVENT),
        (anything, Signature.EVENT),
    ],
)
def test_functions_that_ask_for_nothing_stay_as_they_are(
    function: Callable[..., Any], signature: Signature
) -> None:
    assert event_data(function, signature) is None


@pytest.mark.parametrize("data", [{"size": "x"}, b"raw", "text", None, []])
def test_wrong_data_is_a_422(data: Any) -> None:
    found = event_data(second, Signature.CLOUDEVENT)
    assert found is not None
    with pytest.raises(InvalidInput) as caught:
        found.convert(data)
    assert caught.value.http_status == 422
    assert len(caught.value.faults) == (2 if isinstance(data, dict) else 1)


@pytest.mark.parametrize(("function", "text"), [(unsupported, "Plain"), (unresolved, "'Nowhere'")])
def test_a_type_that_cannot_be_used_is_a_start_up_error(
    function: Callable[..., Any], text: str
) -> None:
    with pytest.raises(FunctionsFrameworkException, match=text) as caught:
        event_data(function, Signature.CLOUDEVENT)
    assert f"'{function.__name__}' ({__file__}, line " in str(caught.value)
    assert "'data'" in str(caught.value)
