"""What a typed function must say of itself, and the errors at start-up when it does not."""

from __future__ import annotations

import dataclasses
import functools
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.model.message import Message
from functions_framework.signatures.typed import TypedSignature

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass
class Order:
    count: int


@dataclasses.dataclass
class Other:
    name: str


@dataclasses.dataclass
class Unresolved:
    field: Missing  # type: ignore[name-defined]  # noqa: F821


class Plain:
    pass


def annotated(order: Order) -> None: ...
def bare(order) -> None: ...  # type: ignore[no-untyped-def]
def nothing() -> None: ...
def keyword_only(*, order: Order) -> None: ...
def plain(value: Plain) -> None: ...
def nested(value: dict[str, list[Plain]]) -> None: ...
def mixed(value: int | Plain) -> None: ...
def undefined(value: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821
def broken(value: Unresolved) -> None: ...
def bad_result(value: Order) -> Nowhere: ...  # type: ignore[name-defined]  # noqa: F821
def complex_number(value: complex) -> None: ...


class CallableObject:
    def __call__(self, order: Order) -> None: ...

    def method(self, order: Order) -> None: ...


def with_more(prefix: str, order: Order) -> None: ...


@functools.wraps(annotated)
def wrapped(*args: Any, **kwargs: Any) -> Any:
    return annotated(*args, **kwargs)


@pytest.mark.parametrize(
    ("function", "given"),
    [
        pytest.param(annotated, None, id="string annotation"),
        pytest.param(annotated, Order, id="both, equal"),
        pytest.param(bare, Order, id="decorator alone"),
        pytest.param(CallableObject(), None, id="callable object"),
        pytest.param(CallableObject().method, None, id="bound method"),
        pytest.param(functools.partial(with_more, "x"), None, id="partial"),
        pytest.param(wrapped, None, id="functools.wraps"),
    ],
)
def test_the_input_type_is_found(function: Callable[..., Any], given: Any) -> None:
    signature = TypedSignature(function, given)
    assert signature.input_type is Order
    assert signature.decode(Message("application/json", {}, b'{"count": 2}')) == (Order(2),)


def test_annotations_of_an_enclosing_function_are_found() -> None:
    @dataclasses.dataclass
    class Local:
        count: int

    def function(value: Local) -> int:
        return Local(value.count).count

    assert TypedSignature(function).input_type is Local


def test_a_local_class_is_found_by_the_decorators_argument() -> None:
    @dataclasses.dataclass
    class Local:
        count: int

    def function(value: Local) -> int:
        return value.count

    assert TypedSignature(function, Local).input_type is Local


@pytest.mark.parametrize(
    ("function", "given", "texts"),
    [
        (nothing, None, ["first parameter", "has none"]),
        (nothing, Order, ["first parameter", "has none"]),
        (keyword_only, None, ["has none"]),
        (bare, None, ["'order' has no type", "Annotate it", "typed(Type)"]),
        (annotated, Other, ["Other", "Order", "differ", "Make them equal"]),
        (annotated, Order | None, ["differ"]),
        (plain, None, ["Plain", "not supported", "from_dict"]),
        (nested, None, ["Plain", "not supported", "from_dict"]),
        (mixed, None, ["int | ", "Plain", "from_dict"]),
        (complex_number, None, ["complex", "not supported"]),
        (undefined, None, ["Nowhere", "cannot be resolved", "TYPE_CHECKING"]),
        (broken, None, ["Unresolved", "Missing"]),
        (bad_result, None, ["return annotation", "Nowhere"]),
    ],
)
def test_a_fault_names_function_file_line_and_remedy(
    function: Callable[..., Any], given: Any, texts: list[str]
) -> None:
    with pytest.raises(FunctionsFrameworkException) as caught:
        TypedSignature(function, given)
    message = str(caught.value)
    line = function.__code__.co_firstlineno
    assert f"'{function.__name__}' ({__file__}, line {line})" in message
    for text in texts:
        assert text in message


def test_the_methods_of_a_type_that_is_checked_by_annotation() -> None:
    assert TypedSignature(annotated).methods == {"POST", "GET", "HEAD"}


def test_importing_the_signature_imports_no_web_library_and_no_pydantic() -> None:
    code = (
        "import sys, functions_framework.signatures.typed, functions_framework.signatures.problems;"
        "print(sorted({'flask', 'starlette', 'werkzeug', 'pydantic', 'attr'} & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
