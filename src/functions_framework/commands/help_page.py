"""What `--help` shows of the options: the daily ones on one screen; `--help-all` shows all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from functions_framework.settings import Option, Settings, options

from .printing import write

if TYPE_CHECKING:
    from collections.abc import Iterator

# Short enough for a line each; `--help-all` has the whole truth.
_DAILY = {
    "target": "function to serve, or several",
    "source": "its file or directory",
    "signature_type": "how it is called",
    "port": "port to listen on",
    "timeout": "seconds for a call",
    "reload": "restart when the source changes",
    "debug": "tracebacks in the browser, and --reload",
}
_ALSO_DAILY = ("version", "help", "help_all")
_WHOLE = "functions_framework.commands.help_page"


def option() -> click.Option:
    """`--help-all`."""
    return click.Option(
        ["--help-all"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_show_all,
        help="Show all options and exit.",
    )


def _show_all(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if value and not ctx.resilient_parsing:
        ctx.meta[_WHOLE] = True
        write(ctx.get_help())
        ctx.exit()


def is_whole(ctx: click.Context) -> bool:
    """Whether all options were asked for."""
    return _WHOLE in ctx.meta


def write_options(
    command: click.Command, ctx: click.Context, formatter: click.HelpFormatter
) -> None:
    """Write the daily options with their variables, or all under their groups' headings."""
    others = [param for param in command.get_params(ctx) if param.name not in options()]
    if is_whole(ctx):
        groups = dict(_groups())
        groups["Other"] = _records(ctx, others)
    else:
        daily = [
            (_flag(option), f"{_DAILY[name]} [{option.variable}]")
            for name, option in options().items()
            if name in _DAILY
        ]
        groups = {"Options": daily + _records(ctx, [one for one in others if _is_daily(one)])}
    for group, records in groups.items():
        with formatter.section(group):
            formatter.write_dl(records, col_max=28)


def _is_daily(parameter: click.Parameter) -> bool:
    return parameter.name in _ALSO_DAILY


def _records(ctx: click.Context, parameters: list[click.Parameter]) -> list[tuple[str, str]]:
    found = [parameter.get_help_record(ctx) for parameter in parameters]
    return [record for record in found if record]


def _groups() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    rows: dict[str, list[tuple[str, str]]] = {}
    for name, one in options().items():
        rows.setdefault(one.group, []).append((_flag(one), _help_of(name, one)))
    yield from rows.items()


def _flag(option: Option) -> str:
    return option.flag if option.is_switch else f"{option.flag} {option.metavar}"


def _help_of(name: str, option: Option) -> str:
    default = option.show(Settings.default(name))
    return f"{option.help} [{option.variable}{f'; default {default}' if default else ''}]"
