"""Options that several commands have: of the function, of variables, of sample events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from functions_framework.settings import Option, Settings, options, project_file, quoted

from .completing import values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions_framework.events.samples.sample import Field, Sample


_FUNCTION = ("target", "source", "signature_type")
# Of the server's settings those that matter to a function that is not served.
_READ = (*_FUNCTION, "log_level", "log_format")

FORMS = ("binary", "structured", "background", "push")
"""How a sample event may be sent."""


class Seconds(click.FloatRange):
    """A range of seconds, named for people where something else was given."""

    name = "number of seconds"


class Count(click.IntRange):
    """A range of whole numbers, likewise."""

    name = "whole number"


def function_options() -> list[click.Parameter]:
    """`--target`, `--source`, `--signature-type` and `--env-file`."""
    return [*(parameter(name, options()[name]) for name in _FUNCTION), env_file_option()]


def env_file_option() -> click.Option:
    """`--env-file`; `set_variables` does what it says. No setting: it says where settings are."""
    return click.Option(
        ["--env-file"],
        metavar="FILE",
        shell_complete=values,
        help="File with environment variables, NAME=value a line; one that is set already stays.",
    )


def set_variables(ctx: click.Context) -> None:
    """Set the variables of the `--env-file` of a context, before settings are read.

    Raises:
        InvalidSettingException: the file cannot be read, or a line of it is wrong.
    """
    if ctx.params.get("env_file") is not None:
        from functions_framework.settings import env_file

        env_file.apply(ctx.params["env_file"])


def parameter(name: str, option: Option, text: str = "") -> click.Option:
    """A setting as an option of the command line.

    Args:
        name: of its field.
        option: the setting.
        text: its help where that of the server does not fit.
    """

    def parse(ctx: click.Context, parameter: click.Parameter, text: str | None) -> Any:
        try:
            return None if text is None else option.parse(text)
        except ValueError as error:
            raise click.BadParameter(f"{quoted(text)}: {error}.", ctx, parameter) from None

    if option.is_switch:
        # No default: what a program leaves out is told from its False.
        return click.Option([option.flag, name], is_flag=True, default=None, help=option.help)
    return click.Option(
        [option.flag, name],
        metavar=option.metavar,
        callback=parse,
        help=text or option.help,
        shell_complete=values,
    )


def flags_given(ctx: click.Context, names: Iterable[str]) -> dict[str, Any]:
    """The values of those options that stand on the command line, by name."""
    return {
        name: ctx.params[name]
        for name in names
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }


def settings_of(
    ctx: click.Context, target: str | None = None, more: Iterable[str] = ()
) -> Settings:
    """The settings of a sub-command: its flags, those before its name, the environment.

    Args:
        ctx: the sub-command's context.
        target: the function's name where it was given as an argument.
        more: further settings that matter to the command, by their fields.

    Raises:
        InvalidSettingException: a variable holds what its option cannot take, or the file of
            variables is wrong.
    """
    names = (*_READ, *more)
    given = given_to(ctx, names)
    if target is not None:
        given["target"] = target
    return Settings.load(given, names=names, project=project_file.read())


def given_to(ctx: click.Context, names: Iterable[str]) -> dict[str, Any]:
    """Set the variables of `--env-file`, and find the flags of a sub-command and before its name.

    Raises:
        InvalidSettingException: the file of variables is wrong.
    """
    given: dict[str, Any] = {}
    for level in filter(None, (ctx, ctx.parent)):
        set_variables(level)
    for level in filter(None, (ctx.parent, ctx)):
        given |= flags_given(level, names)
    return given


_METAVARS = {"string": "TEXT", "time": "TIME", "integer": "NUMBER"}


def batch_option() -> click.Option:
    """How many times a sample is in a batch."""
    return click.Option(
        ["--batch"],
        type=Count(1, 10_000),
        metavar="N",
        help="That many of it as one batch, each with an id of its own.",
    )


def field_options(sample: Sample) -> list[click.Parameter]:
    """An option for each field."""
    return [_option(field) for field in sample.fields.values()]


def _option(field: Field) -> click.Option:
    def read(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> Any:
        return None if text is None else field.read(text)

    default = field.default if isinstance(field.default, str) else json.dumps(field.default)
    shown = "" if field.default is None else f" [default {default}]"
    return click.Option(
        [field.flag, field.name],
        metavar=_METAVARS.get(field.type, "JSON"),
        callback=read,
        help=f"{field.description}{shown}",
    )


def fields_given(ctx: click.Context, sample: Sample) -> dict[str, Any]:
    """The fields that were given on the command line, by name."""
    return flags_given(ctx, sample.fields)
