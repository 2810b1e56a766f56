"""What a load reads from and writes to the environment, and the Python API's form of it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from functions_framework.exceptions import (
    FunctionsFrameworkException,
    InvalidConfigurationException,
    MissingSourceException,
)
from functions_framework.loading.load import is_legacy_mode, load, load_target
from functions_framework.model.function import Signature
from functions_framework.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import SourceTree

DECORATED = "import functions_framework as ff\n"
ONE = "@ff.http\ndef orders(request): ...\n"
NOTES = """
import functions_framework as ff, os
SEEN = {name: value for name, value in os.environ.items() if name.startswith("FUNCTION_")}
def plain(*_): return SEEN
@ff.cloud_event
def marked(event): return SEEN
"""


@pytest.mark.parametrize(
    ("target", "given", "resolved"),
    [
        ("plain", Signature.HTTP, "http"),
        ("plain", Signature.EVENT, "event"),
        ("plain", Signature.TYPED, "typed"),
        ("marked", Signature.HTTP, "cloudevent"),
        ("marked", Signature.EVENT, "cloudevent"),
    ],
)
def test_the_decorator_decides_and_environ_tells_after_the_load(
    sources: SourceTree, target: str, given: Signature, resolved: str
) -> None:
    sources.write(main=NOTES)
    os.environ["FUNCTION_SIGNATURE_TYPE"] = "inherited"
    function = sources.load(target, signature_type=given)
    assert str(function.signature) == resolved
    assert function.call(None) == {
        "FUNCTION_TARGET": target,
        "FUNCTION_SIGNATURE_TYPE": "inherited",
    }
    assert os.environ["FUNCTION_SIGNATURE_TYPE"] == resolved
    assert "FUNCTION_SOURCE" not in os.environ


@pytest.mark.parametrize(("service", "name"), [(None, "marked"), ("my-service", "my-service")])
def test_entry_point_makes_the_first_runtimes_variables(
    sources: SourceTree, service: str | None, name: str
) -> None:
    sources.write(main=NOTES)
    os.environ["ENTRY_POINT"] = "anything"
    if service:
        os.environ["K_SERVICE"] = service
    assert sources.load("marked").call(None) == {"FUNCTION_TARGET": "marked", "FUNCTION_NAME": name}
    assert os.environ["FUNCTION_TRIGGER_TYPE"] == "cloudevent"


def test_without_entry_point_they_are_not_made(sources: SourceTree) -> None:
    sources.write(main=NOTES)
    sources.load("marked")
    assert not is_legacy_mode()
    assert {"FUNCTION_NAME", "FUNCTION_TRIGGER_TYPE"}.isdisjoint(os.environ)


def test_an_alias_keeps_its_type_and_equal_names_elsewhere_keep_theirs(
    sources: SourceTree,
) -> None:
    sources.write(
        other=DECORATED + "@ff.cloud_event\ndef hello(event): ...",
        main="import other\nfrom other import hello as alias\ndef hello(request): ...",
    )
    assert str(sources.load("alias").signature) == "cloudevent"
    assert str(sources.load("hello").signature) == "http"


def test_coroutine_functions_keep_their_nature(sources: SourceTree) -> None:
    sources.write(
        main=DECORATED + "@ff.http\nasync def marked(request): ...\nasync def bare(request): ..."
    )
    assert sources.load("marked").is_async
    assert sources.load("bare").is_asgi


def test_the_asgi_setting_serves_a_plain_function_from_the_loop(sources: SourceTree) -> None:
    sources.write(main="def hello(request): ...")
    assert sources.load(asgi=True).is_asgi
    assert not sources.load(asgi=True).is_async
    assert not sources.load().is_asgi


def test_the_source_runs_inside_what_is_put_around_it(sources: SourceTree) -> None:
    sources.write(main="import os\nos.environ['ORDER'] += 'run '\ndef hello(request): ...")
    os.environ["ORDER"] = ""

    @contextmanager
    def around(path: Path) -> Iterator[None]:
        os.environ["ORDER"] += f"before {path.name} "
        yield
        os.environ["ORDER"] += "after"

    load(Settings(target="hello", source=str(sources.root)), around)
    assert os.environ["ORDER"] == "before main.py run after"


def test_the_python_api_reads_what_is_not_given_from_the_environment(sources: SourceTree) -> None:
    sources.write(main="def hello(*_): ...\ndef other(*_): ...\n", fn="def third(*_): ...")
    os.environ.update(
        FUNCTION_TARGET="hello",
        FUNCTION_SOURCE=str(sources.root),
        FUNCTION_SIGNATURE_TYPE="event",
        PORT="none of the API's business",
    )
    assert load_target().signature is Signature.EVENT
    assert os.environ["FUNCTION_TARGET"] == "hello"
    assert load_target("other", signature_type="typed").name == "other"
    assert load_target("third", sources.root / "fn.py").name == "third"


def test_empty_variables_count_as_unset_for_the_python_api(
    sources: SourceTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.write(main="def function(*_): ...")
    monkeypatch.chdir(sources.root)
    os.environ.update(FUNCTION_TARGET="", FUNCTION_SOURCE="", FUNCTION_SIGNATURE_TYPE="")
    function = load_target()
    assert (function.name, function.signature) == ("function", Signature.HTTP)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (
            (None, None, None),
            InvalidConfigurationException,
            "Target is not specified (FUNCTION_TARGET environment variable not set)",
        ),
        (
            ("", None, None),
            InvalidConfigurationException,
            "Target is not specified (FUNCTION_TARGET environment variable not set)",
        ),
        (("hello", "fn.py", "zz"), FunctionsFrameworkException, "Invalid signature type: zz"),
        (("hello", "fn.py", "HTTP"), FunctionsFrameworkException, "Invalid signature type: HTTP"),
        (("hello", "nope.py", None), MissingSourceException, "File nope.py that is expected to "),
    ],
)
def test_the_python_api_raises_the_contracts_errors(
    sources: SourceTree,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[Any, ...],
    error: type[Exception],
    text: str,
) -> None:
    sources.write(fn="def hello(request): ...")
    monkeypatch.chdir(sources.root)
    with pytest.raises(error) as failure:
        load_target(*arguments)
    assert str(failure.value).startswith(text)


def test_the_python_api_says_what_was_found_as_the_cause(sources: SourceTree) -> None:
    sources.write(main="def a(request): ...\ndef b(request): ...")
    with pytest.raises(InvalidConfigurationException) as failure:
        load_target(source=sources.root)
    assert "holds 'a', 'b'" in str(failure.value.__cause__)


def test_a_decorated_function_needs_no_valid_signature_type(sources: SourceTree) -> None:
    sources.write(main=DECORATED + ONE)
    assert load_target("orders", sources.root, "zz").signature is Signature.HTTP
