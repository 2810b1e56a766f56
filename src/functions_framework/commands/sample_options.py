"""The fields of a sample as options of a command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from functions_framework.events.samples.sample import Field, Sample


_METAVARS = {"string": "TEXT", "time": "TIME", "integer": "NUMBER"}


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
    return {
        name: ctx.params[name]
        for name in sample.fields
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
