"""Which value a setting gets: given, from its variable, or its default; and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.model.function import Signature
from functions_framework.settings import Option, Settings, options


def load(environ: dict[str, str], given: dict[str, Any] | None = None) -> Settings:
    return Settings.load(given, environ)


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("FUNCTION_TARGET", " hello ", "target", " hello "),
        ("FUNCTION_SOURCE", "a b", "source", "a b"),
        ("FUNCTION_SIGNATURE_TYPE", "event", "signature_type", Signature.EVENT),
        ("FUNCTION_USE_ASGI", "Yes", "asgi", True),
        ("HOST", "::1", "host", "::1"),
        ("PORT", " 9 ", "port", 9),
        ("WORKERS", "2", "workers", 2),
        ("THREADS", "1", "threads", 1),
        ("CLOUD_RUN_TIMEOUT_SECONDS", "1.5", "timeout", 1.5),
        ("DEBUG", "True", "debug", True),
        ("DEBUG", "False", "debug", False),
        ("RELOAD", "on", "reload", True),
        ("LOG_LEVEL", "ERROR", "log_level", "error"),
        ("GUNICORN_LOG_LEVEL", "debug", "log_level", "debug"),
    ],
)
def test_a_variable_is_read(variable: str, text: str, name: str, value: Any) -> None:
    assert getattr(load({variable: text}), name) == value


def test_defaults_are_the_contracts() -> None:
    settings = Settings()
    assert load({}) == settings
    assert (settings.host, settings.port) == ("0.0.0.0", 8080)
    assert (settings.target, settings.source) == (None, None)
    assert settings.signature_type is Signature.HTTP
    assert (settings.debug, settings.asgi, settings.workers) == (False, False, 1)


def test_empty_variables_count_as_unset() -> None:
    assert load({option.variable: "" for option in options().values()}) == Settings()


def test_a_given_value_beats_its_variable_even_a_bad_one() -> None:
    assert load({"PORT": "x"}, {"port": 9}).port == 9
    assert load({"PORT": "7"}, {"port": None}).port == 7
    assert load({"FUNCTION_TARGET": "hello"}, {"target": ""}).target == ""


@pytest.mark.parametrize(
    ("variable", "text", "exit_code"),
    [
        ("PORT", "x", 2),
        ("PORT", "65536", 2),
        ("FUNCTIONS_CUSTOMHANDLER_PORT", "x", 2),
        ("FUNCTION_SIGNATURE_TYPE", "HTTP", 2),
        ("FUNCTION_USE_ASGI", "maybe", 2),
        ("WORKERS", "x", 1),
        ("WORKERS", "0", 1),
        ("THREADS", "1.5", 1),
        ("CLOUD_RUN_TIMEOUT_SECONDS", "soon", 1),
    ],
)
def test_a_bad_variable_is_named_with_what_was_expected(
    variable: str, text: str, exit_code: int
) -> None:
    with pytest.raises(InvalidConfigurationException) as failure:
        load({variable: text})
    assert failure.value.exit_code == exit_code
    assert str(failure.value).startswith(f"Invalid value {text!r} for {variable}: expected ")
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [("DEBUG", "app:*"), ("LOG_LEVEL", "chatty"), ("GUNICORN_LOG_LEVEL", "x"), ("RELOAD", "later")],
)
def test_a_variable_that_others_use_too_is_ignored_with_a_warning(variable: str, text: str) -> None:
    warnings: list[str] = []
    assert Settings.load(None, {variable: text}, warnings.append) == Settings()
    assert len(warnings) == 1
    assert warnings[0].startswith(f"Invalid value {text!r} for {variable}: expected ")
    assert warnings[0].endswith("It is ignored.")


@pytest.mark.parametrize(("new", "level"), [("error", "error"), ("", "debug"), ("chatty", "debug")])
def test_the_newer_name_of_a_variable_wins(new: str, level: str) -> None:
    assert load({"LOG_LEVEL": new, "GUNICORN_LOG_LEVEL": "debug"}).log_level == level


@pytest.mark.parametrize(
    ("given", "port", "found"),
    [
        ({}, "", 7071),
        ({}, "9000", 9000),
        ({"port": 9001}, "9000", 9001),
        ({"port": 9001}, "", 9001),
    ],
)
def test_a_platforms_port_counts_where_nobody_else_names_one(
    given: dict[str, int], port: str, found: int
) -> None:
    environ = {"PORT": port, "FUNCTIONS_CUSTOMHANDLER_PORT": "7071"}
    assert Settings.load(given, environ).port == found


def test_only_the_named_variables_are_read() -> None:
    environ = {"PORT": "x", "FUNCTION_TARGET": "hello"}
    assert Settings.load(None, environ, names=["target"]) == Settings(target="hello")


def test_debug_implies_reload() -> None:
    assert Settings(debug=True).is_reloading
    assert Settings(reload=True).is_reloading
    assert not Settings().is_reloading


@pytest.mark.parametrize("name", options())
def test_every_option_has_flag_variable_and_help(name: str) -> None:
    option = options()[name]
    assert option.flag.startswith("--")
    assert option.flag == option.flag.lower()
    assert option.variable == option.variable.upper()
    assert option.variable.replace("_", "").isalpha()
    assert len(option.help) > 10
    assert option.help.endswith(".")
    assert "\n" not in option.help


def test_options_differ_in_flag_and_variable() -> None:
    flags = [option.flag for option in options().values()]
    variables = [option.variable for option in options().values()]
    assert len(set(flags)) == len(flags)
    assert len(set(variables)) == len(variables)


@pytest.mark.parametrize("name", options())
def test_a_default_is_shown_as_its_parser_reads_it(name: str) -> None:
    option: Option = options()[name]
    default = Settings.default(name)
    shown = option.show(default)
    assert (option.parse(shown) if shown else None) == (default if shown else default or None)
