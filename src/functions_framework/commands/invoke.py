"""`functions-framework invoke`: calls a function once and prints what it answered."""

from __future__ import annotations

import os
import stat
import sys
from typing import TYPE_CHECKING, Any

import click

from functions_framework.runtime.terminal import progress

from .completing import WithFields, values
from .faults import BadInput, option_meant
from .options import FORMS, batch_option, field_options, fields_given, function_options, settings_of
from .printing import is_terminal, styled, write

if TYPE_CHECKING:
    from functions_framework.calls.result import Result
    from functions_framework.events.samples.sample import Sample

    from .invoke_request import Call

_STDIN = "-"
_HELP = """Call a function once, in this process, and print what it answers.

TARGET is the function's name, where there is a choice; a last argument - takes the body from
standard input. The response goes to standard output, logs, prints and the duration to standard
error. Exit codes: 0 fine, 1 the function failed, 2 the call was not possible.

With --event, the fields of the sample are options as well: --event pubsub --message hi.
"""


@click.pass_context
def _invoke(ctx: click.Context, /, **params: Any) -> None:
    sample = _sample(params["event"])
    given, arguments = _leftovers(ctx, sample, list(params["arguments"]))
    target, data = _positional(arguments, params["data"])
    call = _call(params, data, sample, given)
    if params["url"] is not None:
        from functions_framework.calls.over_http import send

        with progress(f"waiting for {params['url']}"):
            result = send(params["url"], call.request_to(None))
    else:
        settings = settings_of(ctx, target)
        from .one_call import call_once

        with progress(f"calling {settings.target or 'the function'}"):
            result = call_once(settings, call.request_to, call.path)
    _print(result)
    if params["url"] is not None and call.method is None and call.is_empty and _is_piped():
        # Not read unasked: a loop of a shell has its own lines there.
        click.echo("Nothing was read from the pipe: add '-' to send what is in it.", err=True)
    if params["url"] is not None and target and result.status == 404 and call.path == "/":
        click.echo(f"A server of several functions has them at /<name>: --path /{target}", err=True)
    ctx.exit(int(result.status >= 500 or not result.is_whole))


def _is_piped() -> bool:
    try:
        return stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)
    except (AttributeError, OSError, ValueError):  # there is no standard input
        return False


def _sample(name: str | None) -> Sample | None:
    if name is None:
        return None
    from functions_framework.events.samples.catalogue import find

    return find(name)


def _leftovers(
    ctx: click.Context, sample: Sample | None, arguments: list[str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The sample's fields among the arguments, and what isn't an option.

    Raises:
        BadInput: there is an option that neither the command nor the sample has.
    """
    params = [*(field_options(sample) if sample else ()), click.Argument(["rest"], nargs=-1)]
    parser = click.Command("invoke", params=params, add_help_option=False)
    try:
        parsed = parser.make_context("invoke", arguments, parent=ctx.parent)
    except click.NoSuchOption as error:
        own = [flag for param in ctx.command.params for flag in param.opts]
        fields = [flag for param in params for flag in param.opts]
        raise _no_option(error.option_name, sample, own + fields) from None
    except click.UsageError as error:
        raise BadInput(error.format_message()) from None
    return fields_given(parsed, sample) if sample else {}, parsed.params["rest"]


def _no_option(name: str, sample: Sample | None, flags: list[str]) -> BadInput:
    from functions_framework.events.samples.catalogue import names_with_field

    hint = option_meant(name, flags)
    if sample is None and (having := names_with_field(name)):
        hint = f" It is a field of sample events: give --event NAME, such as --event {having[0]}."
    where = f", nor has the sample {sample.name!r}" if sample else ""
    return BadInput(f"invoke has no option {name}{where}.{hint}")


def _positional(arguments: tuple[str, ...], data: str | None) -> tuple[str | None, str | None]:
    names = [argument for argument in arguments if argument != _STDIN]
    if len(names) > 1:
        raise BadInput(f"invoke takes one function's name, found {' and '.join(names)}.")
    if len(names) < len(arguments):
        if data is not None:
            raise BadInput("Give --data or -, not both.")
        data = _STDIN
    return (names[0] if names else None), data


def _call(
    params: dict[str, Any], data: str | None, sample: Sample | None, fields: dict[str, Any]
) -> Call:
    from .invoke_request import Call, body_of, header_of, pair_of

    headers = tuple(header_of(text) for text in params["header"])
    query = tuple(pair_of(text, "=", "--query", "a=1") for text in params["query"])
    path: str = params["path"]
    if not path.startswith("/"):
        raise BadInput(f"--path starts with '/', found {path!r}.")
    method = params["method"].upper() if params["method"] else None
    if method and not method.isalpha():
        raise BadInput(f"--method takes an HTTP method, such as PUT; found {method!r}.")
    if params["form"] and sample is None:
        raise BadInput("--format says how an event is sent; give --event NAME as well.")
    batch = params["batch"]
    if batch and sample is None:
        raise BadInput("--batch says how often a sample event is sent; give --event NAME as well.")
    if batch and params["form"] not in {None, "structured"}:
        raise BadInput(f"A batch is JSON: leave out --format {params['form']}.")
    body, said = body_of(data, params["file"], headers)
    return Call(method, path, query, (*headers, *said), body, sample, fields, params["form"], batch)


def _print(result: Result) -> None:
    kind = result.headers.get("content-type", "no content type")
    from functions_framework.signatures.problems import phrase_of

    status = f"{result.status} {phrase_of(result.status)}".rstrip()
    colour = "green" if result.status < 400 else "red" if result.status >= 500 else "yellow"
    end = "" if result.is_whole else ", broken off"
    click.echo(
        f"{styled(status, colour)}, {kind}, {len(result.body)} bytes, "
        f"{result.duration * 1000:.1f} ms{end}",
        err=True,
    )
    _print_events(result)
    if not is_terminal():
        write(result.body, has_end=False)
    elif b"\0" in result.body:
        click.echo("The body is binary and not shown; write it to a file with '> FILE'.", err=True)
    elif result.body:
        write(_for_people(result, kind))


def _print_events(result: Result) -> None:
    """What the body does not show of replies, and what of a batch is not done."""
    for event in result.events:
        said = f"reply: {event['type']} from {event['source']}, id {event['id']}"
        click.echo(styled(said, "cyan"), err=True)
    for failure in result.failures:
        why = f", {failure['detail']}" if "detail" in failure else ""
        name = failure["itemIdentifier"] or "without an id"
        said = f"not done: event {failure['index']} ({name}), {failure['reason']}{why}"
        click.echo(styled(said, "yellow"), err=True)


def _for_people(result: Result, kind: str) -> str:
    from functions_framework.events.samples.forms import pretty
    from functions_framework.model.json_text import is_json

    try:
        return pretty(result.body, kind) if is_json(kind) else result.text
    except ValueError:
        return result.text  # it says JSON and is none


def _option(*names: str, **kwargs: Any) -> click.Option:
    return click.Option(names, shell_complete=values if "metavar" in kwargs else None, **kwargs)


command = WithFields(
    "invoke",
    callback=_invoke,
    help=_HELP,
    short_help="Call the function once, without a server.",
    context_settings={"ignore_unknown_options": True},
    params=[
        click.Argument(
            ["arguments"],
            nargs=-1,
            metavar="[TARGET] [-]",
            type=click.UNPROCESSED,
            shell_complete=values,
        ),
        *function_options(),
        _option("--data", metavar="JSON", help="The body, - for standard input."),
        _option("--file", metavar="PATH", help="A file with the body, - for standard input."),
        _option("--event", metavar="SAMPLE", help="Send a sample event; see 'events list'."),
        _option(
            "--format",
            "form",
            type=click.Choice(FORMS),
            help="How the event is sent. [default: as the function takes it]",
        ),
        batch_option(),
        _option("--method", metavar="M", help="The HTTP method. [default POST with a body]"),
        _option("--path", metavar="PATH", default="/", help="The URL's path. [default /]"),
        _option("--query", metavar="A=1", multiple=True, help="Part of the query string."),
        _option("--header", metavar="'A: b'", multiple=True, help="A header."),
        _option("--url", metavar="URL", help="Send it to a server instead, local or remote."),
    ],
)
