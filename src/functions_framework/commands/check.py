"""`functions-framework check`: says what is wrong with a function, for people and for CI."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from functions_framework.runtime.terminal import progress
from functions_framework.signatures.event_parameters import event_types_of

from .completing import values
from .faults import known_platform
from .findings import ERROR, WARNING, Finding
from .hanging import limited
from .options import Seconds, function_options, settings_of
from .printing import styled, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from functions_framework.model.function import Function

    from .check_source import Report

_HELP = """Load the function, or all of the source, and verify it without serving: parameters and
annotations, calls that block an async function, environment variables it needs, and what its
imports cost. With --for, what of it will not work on a platform.

Exit codes: 0 nothing is wrong, 1 something is, 2 there is no such function.
"""
# Settings that a platform may have something to say to.
_OF_PLATFORMS = ("timeout", "grace_period", "max_body_size", "idempotency_store")


@click.pass_context
def _check(  # noqa: PLR0913 - the options
    ctx: click.Context,
    /,
    target_argument: str | None,
    slow: float,
    limit: float,
    platforms: tuple[str, ...],
    *,
    as_json: bool,
    is_strict: bool,
    **_: Any,
) -> None:
    from .check_source import check

    def shown(report: Report) -> str:
        return _document(report) if as_json else _lines(report)

    with progress("loading the source"):
        wanted = [known_platform(one) for one in platforms]
        settings = settings_of(ctx, target_argument, _OF_PLATFORMS if wanted else ())
        report = check(settings, slow, lambda report: _limited(report, limit, shown), wanted)
    write(shown(report))
    ctx.exit(int(bool(report.count(ERROR) or (is_strict and report.count(WARNING)))))


def _limited(
    report: Report, seconds: float, shown: Callable[[Report], str]
) -> AbstractContextManager[None]:
    """End this process with what was found where the load takes longer."""

    def end(place: str, line: int | None) -> None:
        text = f"Loading did not end within {seconds:g} s: it is in {place}."
        report.findings.append(Finding(ERROR, "hanging", text, line))
        # Standard output stands for standard error while the source is loaded.
        told = shown(report) if os.isatty(1) else click.unstyle(shown(report))
        os.write(1, f"{told}\n".encode())
        os._exit(1)

    return limited(seconds, end, report.source)


def _document(report: Report) -> str:
    return json.dumps(
        {
            "source": str(report.source),
            "functions": [
                {
                    "name": function.name,
                    "signature": str(function.signature),
                    "is_async": function.is_async,
                    "protocol": function.protocol,
                    "event_types": event_types_of(function),
                }
                for function in report.functions
            ],
            "load_ms": report.load_seconds and round(report.load_seconds * 1000, 1),
            "imports": [
                {"module": cost.module, "line": cost.line, "ms": round(cost.seconds * 1000, 1)}
                for cost in report.imports
            ],
            "findings": [finding._asdict() for finding in report.findings],
        },
        indent=2,
    )


def _lines(report: Report) -> str:
    colours = {ERROR: "red", WARNING: "yellow"}
    lines = []
    for finding in report.findings:
        place = (
            report.source.name if finding.line is None else f"{report.source.name}:{finding.line}"
        )
        level = styled(finding.level, colours[finding.level])
        lines.append(f"{place}: {level}: {finding.message}")
    what = ", ".join(map(_described, report.functions)) or report.source.name
    counted = [
        f"{count} {level}{'' if count == 1 else 's'}"
        for level in (ERROR, WARNING)
        if (count := report.count(level))
    ]
    took = "" if report.load_seconds is None else f", loaded in {report.load_seconds * 1000:.0f} ms"
    return "\n".join([*lines, f"{what}: {' and '.join(counted) or 'nothing wrong'}{took}"])


def _described(function: Function) -> str:
    if function.protocol:
        return f"{function.name} ({function.protocol.upper()} application)"
    side = "async" if function.is_async else "sync"
    types = "".join(f", {one}" for one in event_types_of(function))
    return f"{function.name} ({function.signature}, {side}{types})"


command = click.Command(
    "check",
    callback=_check,
    help=_HELP,
    short_help="Load the function and say what is wrong with it.",
    params=[
        click.Argument(
            ["target_argument"], required=False, metavar="[TARGET]", shell_complete=values
        ),
        *function_options(),
        click.Option(
            ["--for", "platforms"],
            multiple=True,
            metavar="PLATFORM",
            shell_complete=values,
            help="Say what will not work there: aws-lambda, azure, cloud-run, heroku, knative, "
            "knative-func, kubernetes, openfaas. May be given several times.",
        ),
        click.Option(["--json", "as_json"], is_flag=True, help="Write one JSON object."),
        click.Option(["--strict", "is_strict"], is_flag=True, help="Exit 1 for warnings too."),
        click.Option(
            ["--limit"],
            type=Seconds(min=0),
            default=60.0,
            show_default=True,
            metavar="SECONDS",
            help="End loading that takes longer, and say where it hangs; 0 for never.",
        ),
        click.Option(
            ["--slow"],
            type=Seconds(min=0),
            default=1.0,
            show_default=True,
            metavar="SECONDS",
            help="Warn of loading that takes longer.",
        ),
    ],
)
