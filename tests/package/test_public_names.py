"""Names that other people's code imports, and whose classes they are."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import logging
import subprocess
import sys
from typing import Any

import cloudevents.http
import flask
import pytest
import werkzeug

import functions_framework
from functions_framework import aio, exceptions
from functions_framework.model.function import Signature, mark_of

# -- 0, 2.1, 2.3, 2.6 ----------------------------------------------------------------------------

NAMES = {
    "functions_framework": (
        "http cloud_event typed errorhandler create_app app LazyWSGIApp DummyErrorHandler "
        "setup_logging read_request crash_handler CloudEventFunction HTTPFunction logging flask "
        "werkzeug CloudEvent Context BackgroundEvent from_http is_binary "
        "FunctionsFrameworkException MissingSourceException EventConversionException "
        "exceptions execution_id event_conversion background_event"
    ),
    "functions_framework.aio": (
        "http cloud_event create_asgi_app app LazyASGIApp HTTPResponse HTTPFunction "
        "CloudEventFunction ExceptionHandlerMiddleware"
    ),
    "functions_framework.exceptions": (
        "FunctionsFrameworkException InvalidConfigurationException InvalidTargetTypeException "
        "MissingSourceException MissingTargetException EventConversionException "
        "RequestTimeoutException"
    ),
    "functions_framework.event_conversion": (
        "background_event_to_cloud_event cloud_event_to_background_event "
        "is_convertable_cloud_event marshal_background_event_data"
    ),
    "functions_framework.execution_id": (
        "execution_context_var ExecutionContext LoggingHandlerAddExecutionId WsgiMiddleware "
        "AsgiMiddleware EXECUTION_ID_REQUEST_HEADER TRACE_CONTEXT_REQUEST_HEADER"
    ),
    "functions_framework.background_event": "BackgroundEvent",
    "functions_framework._cli": "_cli",
    "google.cloud.functions.context": "Context",
    "google.cloud.functions_v1.context": "Context",
    "google.cloud.functions_v1beta2.context": "Context",
}


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, names in NAMES.items() for name in names.split()],
)
def test_names_are_importable(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CloudEvent", cloudevents.http.CloudEvent),
        ("from_http", cloudevents.http.from_http),
        ("is_binary", cloudevents.http.is_binary),
        ("logging", logging),
        ("flask", flask),
        ("werkzeug", werkzeug),
    ],
)
def test_classes_and_modules_are_the_third_partys_own(name: str, expected: Any) -> None:
    assert getattr(functions_framework, name) is expected


def test_the_firebase_sdk_takes_logging_from_here() -> None:
    namespace: dict[str, Any] = {}
    exec("from functions_framework import logging", namespace)
    assert namespace["logging"] is logging


@pytest.mark.parametrize(
    "name", ["background_event", "event_conversion", "exceptions", "execution_id"]
)
def test_submodules_are_there_without_an_import_of_their_own(name: str) -> None:
    text = f"import functions_framework as ff; print(ff.{name}.__name__)"
    ran = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert ran.stdout == f"functions_framework.{name}\n"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = functions_framework.nothing
    assert {"http", "create_app", "logging"} <= set(dir(functions_framework))


@pytest.mark.parametrize("name", ["cloudevent", "cloud__event", "createapp"])
def test_a_name_with_other_underscores_is_told_the_right_one(name: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", f"import functions_framework as ff; ff.{name}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    right = "create_app" if name == "createapp" else "cloud_event"
    assert ran.stderr.splitlines()[-1].startswith(
        f"AttributeError: module 'functions_framework' has no attribute {name!r}. "
        f"Did you mean: {right!r}?"
    )


@pytest.mark.parametrize("name", ["http", "event", "cloud_event", "typed", "websocket"])
def test_a_path_that_is_not_named_is_told_its_name(name: str) -> None:
    with pytest.raises(TypeError, match=r"takes its path by name: path='/x'"):
        getattr(functions_framework, name)("/x")


def test_an_unknown_name_of_aio_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'typed'"):
        _ = aio.typed


def test_the_crash_handler() -> None:
    text, status, headers = functions_framework.crash_handler(ValueError("text"))
    assert (text, status, headers) == ("text", 500, {"X-Google-Status": "crash"})


def test_the_dummy_error_handler_returns_itself() -> None:
    dummy = functions_framework.DummyErrorHandler()
    assert dummy(ValueError)(lambda: None) is dummy


# -- 2.4 -----------------------------------------------------------------------------------------


def test_context_is_one_class_under_two_names() -> None:
    from google.cloud.functions import context
    from google.cloud.functions_v1 import context as v1
    from google.cloud.functions_v1beta2 import context as v1beta2

    assert context.Context is v1.Context is functions_framework.Context
    assert v1beta2.Context is not v1.Context
    assert context.__all__ == v1.__all__ == v1beta2.__all__ == ["Context"]


@pytest.mark.parametrize("package", ["functions", "functions_v1", "functions_v1beta2"])
def test_the_packages_hold_nothing_of_their_own(package: str) -> None:
    module = importlib.import_module(f"google.cloud.{package}")
    assert module.__file__ is None, "a namespace package, so that Google's own SDK fits in"
    assert not hasattr(module, "Context")


@pytest.mark.parametrize("package", ["functions", "functions_v1", "functions_v1beta2"])
def test_context(package: str) -> None:
    made = importlib.import_module(f"google.cloud.{package}.context").Context
    context = made(eventId="E", timestamp="T", eventType="Y", resource={"name": "R"})
    assert vars(context) == {
        "event_id": "E",
        "timestamp": "T",
        "event_type": "Y",
        "resource": {"name": "R"},
    }
    assert str(context) == "{event_id: E, timestamp: T, event_type: Y, resource: {'name': 'R'}}"
    assert repr(context).startswith("<google.cloud.functions_v1")
    assert str(made()) == "{event_id: , timestamp: , event_type: , resource: }"
    assert made() != made()
    with pytest.raises(TypeError):
        made(event_id="E")


# -- 2.5 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES["functions_framework.exceptions"].split())
def test_exceptions_take_free_form_arguments(name: str) -> None:
    kind = getattr(exceptions, name)
    assert issubclass(kind, exceptions.FunctionsFrameworkException)
    assert kind("a", 1).args == ("a", 1)
    assert kind().args == ()


# -- decorators ----------------------------------------------------------------------------------


def _sync(value: functions_framework.CloudEvent) -> Any:
    return value


async def _async(value: functions_framework.CloudEvent) -> Any:
    return value


DECORATORS = {
    "http": (functions_framework.http, Signature.HTTP, False),
    "cloud_event": (functions_framework.cloud_event, Signature.CLOUDEVENT, False),
    "event": (functions_framework.event, Signature.EVENT, False),
    "aio.http": (aio.http, Signature.HTTP, True),
    "aio.cloud_event": (aio.cloud_event, Signature.CLOUDEVENT, True),
}


@pytest.mark.parametrize("name", DECORATORS)
@pytest.mark.parametrize("kind", ["sync", "async"])
def test_decorators_mark_the_function_and_return_it(name: str, kind: str) -> None:
    decorate, signature, is_asgi = DECORATORS[name]

    def function(value: Any) -> Any:
        """Keep this."""
        return value

    async def coroutine_function(value: Any) -> Any:
        """Keep this."""
        return value

    original: Any = function if kind == "sync" else coroutine_function
    decorated: Any = decorate(original)
    assert decorated is original
    assert inspect.iscoroutinefunction(decorated) == (kind != "sync")
    result = decorated(5)
    assert (asyncio.run(result) if kind != "sync" else result) == 5
    mark = mark_of(decorated)
    assert mark is not None
    assert (mark.signature, mark.is_asgi) == (signature, is_asgi)


def test_typed_marks_with_the_input_type() -> None:
    class Input:
        @classmethod
        def from_dict(cls, _: Any) -> Input:
            return cls()

    def function(value: Any) -> Any:
        return value

    del function.__annotations__["value"]
    decorated = functions_framework.typed(Input)(function)
    mark = mark_of(decorated)
    assert decorated is function
    assert mark is not None
    assert (mark.signature, mark.input_type) == (Signature.TYPED, Input)


def test_an_alias_and_a_wrapper_keep_the_signature() -> None:
    import functools

    @functions_framework.cloud_event
    def function(event: Any) -> Any:
        return event

    @functools.wraps(function)
    def renamed(event: Any) -> Any:
        return function(event)

    renamed.__name__ = "other"
    alias = function
    for found in (alias, renamed, functools.partial(function)):
        mark = mark_of(found)
        assert mark is not None
        assert mark.signature is Signature.CLOUDEVENT


def test_errorhandler_returns_the_function() -> None:
    from functions_framework.api.registrations import pending

    def handler(error: Exception) -> str:
        return str(error)

    assert functions_framework.errorhandler(LookupError)(handler) is handler
    assert pending().error_handlers.pop() == (LookupError, handler)


def test_reading_an_async_app_needs_no_build() -> None:
    assert isinstance(aio.app, aio.LazyASGIApp)
    assert vars(aio.LazyASGIApp("t", "s", "http")) == {
        "target": "t",
        "source": "s",
        "signature_type": "http",
        "app": None,
        "_app_initialized": False,
    }


def test_reading_an_app_needs_no_build() -> None:
    assert isinstance(functions_framework.app, functions_framework.LazyWSGIApp)
    assert vars(functions_framework.LazyWSGIApp("t", "s", "http")) == {
        "target": "t",
        "source": "s",
        "signature_type": "http",
        "app": None,
    }
