"""Which object of a source is the target, and what it may be; which one without a name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from functions_framework.exceptions import (
    InvalidConfigurationException,
    InvalidTargetTypeException,
    MissingOptionException,
    MissingSourceException,
    MissingTargetException,
)
from functions_framework.loading.load import load
from functions_framework.settings import Settings

if TYPE_CHECKING:
    from conftest import SourceTree

KINDS = """
import functools, operator

def plain(request): return "plain"
anonymous = lambda request: "anonymous"
def generator(request): yield "generator"
async def coroutine(request): return "coroutine"
async def stream(request): yield "stream"

def _add(text, request): return text
partial = functools.partial(_add, "partial")
async def _later(text, request): return text
async_partial = functools.partial(_later, "async_partial")

class Service:
    made = 0
    def __init__(self): Service.made += 1
    def __call__(self, request): return f"class {Service.made}"
    def method(self, request): return "method"
    @staticmethod
    def still(request): return "still"

class AsyncService:
    async def __call__(self, request): return "async class"

class Derived(Service): pass

instance = AsyncService()
method = Service().method
still = Service.still
builtin = operator.truth

def wrap(function):
    @functools.wraps(function)
    def inner(request): return function(request)
    return inner

@wrap
def wrapped(request): return "wrapped"
cached = functools.lru_cache(plain)
"""


@pytest.mark.parametrize(
    ("target", "answer", "is_async"),
    [
        ("plain", "plain", False),
        ("anonymous", "anonymous", False),
        ("generator", None, False),
        ("coroutine", None, True),
        ("stream", None, True),
        ("partial", "partial", False),
        ("async_partial", None, True),
        ("Service", "class 2", False),
        ("AsyncService", None, True),
        ("Derived", "class 2", False),
        ("instance", None, True),
        ("method", "method", False),
        ("still", "still", False),
        ("builtin", False, False),
        ("wrapped", "wrapped", False),
        ("cached", "plain", False),
    ],
)
def test_a_target_is_any_callable(
    sources: SourceTree, target: str, answer: object, is_async: bool
) -> None:
    sources.write(main=KINDS)
    function = sources.load(target)
    assert (function.name, function.is_async, function.is_asgi) == (target, is_async, is_async)
    if answer is not None:
        assert function.call(None) == answer
        assert function.call(None) == answer, "a class is made once, not for each call"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hello = 1", "<class 'int'>"),
        ("hello = 'text'", "<class 'str'>"),
        ("hello = None", "<class 'NoneType'>"),
        ("class hello: pass", "<class 'type'>"),
        ("import json as hello", "<class 'module'>"),
    ],
)
def test_a_target_that_cannot_be_called_is_refused(
    sources: SourceTree, text: str, kind: str
) -> None:
    sources.write(main=text)
    with pytest.raises(InvalidTargetTypeException) as failure:
        sources.load()
    assert str(failure.value) == (
        f"The function defined in file {sources.root}/main.py as 'hello' "
        f"needs to be of type function. Got: invalid type {kind}"
    )


def test_a_class_that_needs_arguments_is_refused(sources: SourceTree) -> None:
    sources.write(
        main="class hello:\n  def __init__(self, db): ...\n  def __call__(self, request): ..."
    )
    with pytest.raises(InvalidTargetTypeException, match=r"cannot be made without arguments: .*db"):
        sources.load()


def test_an_error_of_the_classs_own_is_not_wrapped(sources: SourceTree) -> None:
    sources.write(
        main="class hello:\n  def __init__(self): raise TypeError('mine')\n"
        "  def __call__(self, request): ..."
    )
    with pytest.raises(TypeError, match=r"^mine$"):
        sources.load()


def test_a_missing_target_names_the_functions_there_are(sources: SourceTree) -> None:
    sources.write(
        main="from os.path import join\nX = 1\nclass C: ...\ndef _own(): ...\n"
        "def zeta(request): ...\nasync def alpha(request): ...\n"
    )
    with pytest.raises(MissingTargetException) as failure:
        sources.load("nothing_like_it")
    assert str(failure.value) == (
        f"File {sources.root}/main.py is expected to contain a function named 'nothing_like_it'. "
        "Found: 'alpha', 'zeta' instead"
    )


@pytest.mark.parametrize(
    ("target", "suggestion"), [("helo", "hello"), ("Hello", "hello"), ("servic", "Service")]
)
def test_a_misspelt_target_is_recognised(sources: SourceTree, target: str, suggestion: str) -> None:
    sources.write(main="def hello(request): ...\nclass Service:\n  def __call__(self, r): ...\n")
    with pytest.raises(MissingTargetException, match=rf"instead\. Did you mean '{suggestion}'\?$"):
        sources.load(target)


def test_a_missing_target_in_an_empty_source(sources: SourceTree) -> None:
    sources.write(main="")
    with pytest.raises(MissingTargetException, match=r"Found: no function instead$"):
        sources.load()


DECORATED = "import functions_framework as ff\n"
ONE = "@ff.http\ndef orders(request): ...\n"


@pytest.mark.parametrize(
    ("text", "name", "signature"),
    [
        (DECORATED + ONE, "orders", "http"),
        (DECORATED + ONE + "def function(request): ...", "orders", "http"),
        (DECORATED + ONE + "alias = orders", "orders", "http"),
        (DECORATED + "@ff.cloud_event\nasync def orders(event): ...", "orders", "cloudevent"),
        (
            DECORATED + "def _inner(request): ...\norders = ff.http(_inner)\ndel _inner",
            "orders",
            "http",
        ),
        (
            DECORATED + "import functools\ndef wrap(f):\n  @functools.wraps(f)\n"
            "  def inner(*a): return f(*a)\n  return inner\n@wrap\n" + ONE,
            "orders",
            "http",
        ),
        (
            DECORATED + "@ff.http\nclass Orders:\n  def __call__(self, request): ...\n",
            "Orders",
            "http",
        ),
        ("def function(request): ...\ndef other(request): ...", "function", "http"),
        ("from flask import request, session, g\ndef function(_): ...", "function", "http"),
        ("from unittest.mock import call\ndef function(_): ...", "function", "http"),
    ],
)  # fmt: skip
def test_without_a_target_the_decorated_function_is_served_else_function(
    sources: SourceTree, text: str, name: str, signature: str
) -> None:
    sources.write(main=text)
    function = sources.load(None)
    assert (function.name, str(function.signature)) == (name, signature)
    assert os.environ["FUNCTION_TARGET"] == name


def test_imported_decorated_functions_count_only_where_there_are_no_own(
    sources: SourceTree,
) -> None:
    sources.write(
        other=DECORATED + "@ff.cloud_event\ndef imported(event): ...",
        main="from other import imported\n" + DECORATED + ONE,
        only="from other import imported\ndef function(request): ...",
    )
    assert sources.load(None).name == "orders"
    assert sources.load(None, "only.py").name == "imported"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "holds no function"),
        ("def a(request): ...\ndef b(request): ...", "holds 'a', 'b'"),
        ("function = 3\ndef a(): ...", "holds 'a'"),
    ],
)
def test_without_a_target_that_follows_the_names_are_listed(
    sources: SourceTree, text: str, found: str
) -> None:
    sources.write(main=text)
    with pytest.raises(MissingOptionException) as failure:
        sources.load(None)
    assert failure.value.exit_code == 2
    assert str(failure.value) == (
        f"Missing option '--target'. {sources.root}/main.py {found}. "
        "Name one with --target or FUNCTION_TARGET."
    )
    assert "FUNCTION_TARGET" not in os.environ


def test_without_target_and_source_the_target_is_what_is_missing(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sources.root)
    with pytest.raises(MissingOptionException, match=r"^Missing option '--target'\. File .*py"):
        load(Settings())


def test_an_explicitly_empty_target_is_refused_in_the_contracts_words(sources: SourceTree) -> None:
    sources.write(main="def function(request): ...")
    with pytest.raises(InvalidConfigurationException) as failure:
        sources.load("")
    assert str(failure.value) == (
        "Target is not specified (FUNCTION_TARGET environment variable not set)"
    )
    assert failure.value.exit_code == 1
    assert os.environ["FUNCTION_TARGET"] == ""


def test_without_a_target_every_decorated_function_is_served(sources: SourceTree) -> None:
    sources.put(
        "main.py", DECORATED + ONE + "@ff.typed\ndef users(x: int): ...\ndef plain(request): ..."
    )
    assert [function.name for function in sources.load_all(None)] == ["orders", "users"]


@pytest.mark.parametrize("target", ["a,c", " a , c "])
def test_several_names_are_served_in_the_order_given(sources: SourceTree, target: str) -> None:
    sources.put("main.py", "def a(request): ...\ndef b(request): ...\ndef c(request): ...")
    assert [function.name for function in sources.load_all(target)] == ["a", "c"]


@pytest.mark.parametrize("target", ["a,", ",", "pkg.m:a,b", "pkg.m:"])
def test_a_malformed_list_of_names_is_refused(sources: SourceTree, target: str) -> None:
    sources.put("main.py", "def a(request): ...\ndef b(request): ...")
    with pytest.raises(InvalidConfigurationException, match="expected a name"):
        sources.load_all(target)


@pytest.mark.parametrize(
    "target", ["pkg.inner:hello", "pkg:root", "pkg.inner:hello,pkg.inner:other"]
)
def test_a_target_may_name_a_module_of_a_package(sources: SourceTree, target: str) -> None:
    sources.put("pkg/__init__.py", "def root(request): return 'root'")
    sources.put("pkg/inner.py", "from . import root\ndef hello(r): return root(r)\nother = hello")
    functions = sources.load_all(target)
    assert [function.call(None) for function in functions] == ["root"] * len(functions)


@pytest.mark.parametrize("depth", ["pk", "pk.sub"])
@pytest.mark.parametrize("has_init", [True, False])
def test_a_package_of_a_target_needs_no_init_file(
    sources: SourceTree, depth: str, has_init: bool
) -> None:
    folder = depth.replace(".", "/")
    if has_init:
        sources.put("pk/__init__.py", "")
    sources.put(f"{folder}/helper.py", "X = 1\n")
    sources.put(
        f"{folder}/mod.py",
        f"""
        from {depth} import helper
        from . import helper as relative
        def hello(request): return __name__, helper is relative, helper.X
        """,
    )
    for _ in range(2):
        (function,) = sources.load_all(f"{depth}.mod:hello")
        assert function.call(None) == (f"{depth}.mod", True, 1)


def test_a_module_that_is_nowhere_is_named(sources: SourceTree) -> None:
    with pytest.raises(MissingSourceException, match="No module 'nowhere'"):
        sources.load_all("nowhere:hello")


SINGLE = "import os\nfrom json import dumps\ndef _helper(): ...\ndef {}: ...\n"


@pytest.mark.parametrize("head", ["hello(request)", "on_event(data, context)", "hello(*all)"])
def test_the_only_public_function_is_taken(sources: SourceTree, head: str) -> None:
    sources.write(main=SINGLE.format(head))
    signature = "event" if "data" in head else "http"
    assert sources.load(None, signature_type=signature).name == head.partition("(")[0]


@pytest.mark.parametrize(
    ("more", "listed"),
    [
        ("def main(): ...\n", "'main'"),
        ("def one(request): ...\ndef two(request): ...\n", "'one', 'two'"),
        ("from json import dumps\n", "'dumps'"),
        ("def _private(request): ...\n", "'_private'"),
    ],
)
def test_none_is_taken_where_it_is_a_guess(sources: SourceTree, more: str, listed: str) -> None:
    sources.write(main=more)
    with pytest.raises(MissingOptionException, match=f"holds {listed}"):
        sources.load(None)


def test_a_function_that_firebase_decorated_is_called_as_its_manifest_says(
    sources: SourceTree,
) -> None:
    sources.write(
        main="""
from types import SimpleNamespace as Endpoint
def on_event(event): ...
on_event.__firebase_endpoint__ = Endpoint(eventTrigger={"eventType": "x"}, httpsTrigger=None)
def on_request(request): ...
on_request.__firebase_endpoint__ = Endpoint(eventTrigger=None, httpsTrigger={})
def helper(): ...
"""
    )
    found = {one.name: str(one.signature) for one in sources.load_all(None)}
    assert found == {"on_event": "cloudevent", "on_request": "http"}
