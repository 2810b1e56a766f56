"""`functions-framework check`: says what is wrong with a function, for people and for CI."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from .findings import ERROR, WARNING
from .function_options import function_options, settings_of
from .progress import progress

if TYPE_CHECKING:
    from .checking import Report

_HELP = """Load the function and verify it without serving: its parameters and annotations, calls
that block an async function, environment variables it needs, and what its imports cost.

Exit codes: 0 nothing is wrong, 1 something is, 2 there is no such function.
"""


@click.pass_context
def _check(
    ctx: click.Context,
    /,
    target_argument: str | None,
    slow: float,
    *,
    as_json: bool,
    is_strict: bool,
    **_: Any,
) -> None:
    from .checking import check

    with progress("loading the source"):
        report = check(settings_of(ctx, target_argument), slow)
    click.echo(_document(report) if as_json else _lines(report))
    ctx.exit(int(bool(report.count(ERROR) or (is_strict and report.count(WARNING)))))


def _document(report: Report) -> str:
    function = report.function
    return json.dumps(
        {
            "source": str(report.source),
            "function": function and function.name,
            "signature": function and str(function.signature),
            "is_async": function and function.is_async,
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
    colors = {ERROR: "red", WARNING: "yellow"}
    is_plain = bool(os.environ.get("NO_COLOR"))  # no-color.org
    lines = []
    for finding in report.findings:
        place = (
            report.source.name if finding.line is None else f"{report.source.name}:{finding.line}"
        )
        level = finding.level if is_plain else click.style(finding.level, fg=colors[finding.level])
        lines.append(f"{place}: {level}: {finding.message}")
    function = report.function
    if function is None:
        what = str(report.source.name)
    else:
        what = f"{function.name} ({function.signature}, {'async' if function.is_async else 'sync'})"
    counted = [
        f"{count} {level}{'' if count == 1 else 's'}"
        for level in (ERROR, WARNING)
        if (count := report.count(level))
    ]
    took = "" if report.load_seconds is None else f", loaded in {report.load_seconds * 1000:.0f} ms"
    return "\n".join([*lines, f"{what}: {' and '.join(counted) or 'nothing wrong'}{took}"])


command = click.Command(
    "check",
    callback=_check,
    help=_HELP,
    short_help="Load the function and say what is wrong with it.",
    params=[
        click.Argument(["target_argument"], required=False, metavar="[TARGET]"),
        *function_options(),
        click.Option(["--json", "as_json"], is_flag=True, help="Write one JSON object."),
        click.Option(["--strict", "is_strict"], is_flag=True, help="Exit 1 for warnings too."),
        click.Option(
            ["--slow"],
            type=click.FloatRange(min=0),
            default=1.0,
            show_default=True,
            metavar="SECONDS",
            help="Warn of loading that takes longer.",
        ),
    ],
)
