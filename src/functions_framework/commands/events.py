"""`functions-framework events`: lists the sample events and shows one in any of its forms."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import click

from functions_framework.events.samples import catalogue

from .faults import BadInput, read_json
from .options import FORMS, batch_option, field_options, fields_given
from .printing import is_terminal, write

if TYPE_CHECKING:
    from functions_framework.model.request import Request

_LAMBDA = "aws-lambda"
_FORMATS = (*FORMS, _LAMBDA, "curl")


def _list(*, has_types: bool) -> None:
    samples = [catalogue.find(name) for name in catalogue.names()]
    rows = [(one.name, one.kind if has_types else one.title) for one in samples]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {text}" for name, text in rows]
    columns = shutil.get_terminal_size().columns
    if is_terminal() and columns < max(map(len, lines)):
        table = click.HelpFormatter(width=columns)
        table.write_dl(rows)
        write(table.getvalue(), has_end=False)
    else:
        write("\n".join(lines))


class _Samples(click.Group):
    """Has a command for each sample, with the sample's fields as its options."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's form
        """The names of the samples."""
        return catalogue.names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:  # noqa: ARG002
        """The command that shows one sample."""
        sample = catalogue.find(cmd_name)
        sources = "\n".join(f"  {source}" for source in sample.sources)
        return click.Command(
            cmd_name,
            callback=_show,
            short_help=sample.title,
            help=f"{sample.title}.\n\n\b\nIts shape is that of\n{sources}",
            params=[
                *field_options(sample),
                click.Option(["--data"], metavar="JSON", help="The event's data instead."),
                batch_option(),
                click.Option(
                    ["--format", "form"],
                    type=click.Choice(_FORMATS),
                    help=f"How to write it. [default {sample.sent_as}, as the service sends it]",
                ),
                click.Option(
                    ["--url"],
                    default="http://localhost:8080",
                    show_default=True,
                    help="Where the curl command sends it.",
                ),
            ],
        )


@click.pass_context
def _show(
    ctx: click.Context,
    /,
    form: str | None,
    data: str | None,
    url: str,
    batch: int | None,
    **_: Any,
) -> None:
    from functions_framework.events.samples import forms

    sample = catalogue.find(ctx.info_name or "")
    given = fields_given(ctx, sample)
    wanted = sample.sent_as if form in {None, "curl"} else form
    value = forms.UNSET if data is None else read_json(data, "--data")
    if form == _LAMBDA and batch is None:
        write(json.dumps(forms.invocation(sample, given, value), indent=2, ensure_ascii=False))
        return
    if batch is None:
        request = forms.request_in(str(wanted), sample, given, value)
    elif form in {None, "structured", "curl"}:
        wanted = "structured"
        request = forms.batch(sample, given, value, number=batch)
    else:
        raise BadInput(f"A batch is JSON: leave out --format {form}, or give curl.")
    write(forms.curl_of(request, url) if form == "curl" else _written(request, wanted))


def _written(request: Request, form: str | None) -> str:
    """A request for people: its headers where they are part of the event, and its body."""
    from functions_framework.events.samples.forms import pretty

    body = pretty(request.body, request.header("content-type"))
    if form in {"structured", "background"} or len(request.headers) == 1:
        return body
    return "\n".join([*(f"{name}: {value}" for name, value in request.headers), "", body])


command = click.Group(
    "events",
    no_args_is_help=False,
    help="Show sample events of the services people use.",
    commands=[
        click.Command(
            "list",
            callback=_list,
            help="Name every sample, and what it is.",
            params=[
                click.Option(
                    ["--types", "has_types"],
                    is_flag=True,
                    help="Show the types of the events instead.",
                )
            ],
        ),
        _Samples(
            "show",
            no_args_is_help=False,
            help="Show one sample; its fields are options: show storage --bucket b.",
        ),
    ],
)
