"""`functions-framework replay`: sends recorded requests again and shows what changed."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from functions_framework.runtime.escaping import printable
from functions_framework.runtime.terminal import progress

from .completing import values
from .faults import BadInput
from .options import function_options, settings_of
from .printing import styled, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_framework.settings import Settings

    from .replaying import Outcome

_HELP = """Send recorded requests again, to the function in this process or to a server, and show
what is not as it was recorded: status, headers, body.

PATH is a file that --record wrote, or its directory. What was redacted is not compared.

Exit codes: 0 all as recorded, 1 something changed, 2 there is nothing to replay.
"""


@click.pass_context
def _replay(ctx: click.Context, /, **params: Any) -> None:
    from .invoke_request import header_of
    from .recordings import read_recordings
    from .replaying import replay

    headers = tuple(header_of(text) for text in params["header"])
    tests = Path(params["to_pytest"]) if params["to_pytest"] is not None else None
    if tests is not None:
        _check_test_file(tests, params["url"])
    recordings = read_recordings(Path(params["path"]))
    settings = settings_of(ctx)
    with progress(f"replaying {len(recordings)} requests"):
        outcomes = replay(recordings, settings, params["url"], headers, params["ignore"])
    replayed = [one for one in outcomes if one.skipped is None]
    if not replayed:
        raise BadInput(f"Nothing in {params['path']} can be replayed: {outcomes[0].skipped}.")
    _print(outcomes)
    if tests is not None:
        _write_tests(tests, replayed, settings, params["ignore"])
    ctx.exit(int(any(one.changes for one in replayed)))


def _check_test_file(file: Path, url: str | None) -> None:
    """Refuse what cannot become a test file, before anything runs."""
    if url is not None:
        raise BadInput("--to-pytest writes tests of a source; leave out --url.")
    if not (file.name.startswith("test_") and file.suffix == ".py"):
        raise BadInput(f"--to-pytest takes a file like test_recorded.py, found {file}.")
    if file.exists():
        raise BadInput(f"{file} exists. Delete it, or name another file.")
    if not os.access(file.absolute().parent, os.W_OK | os.X_OK):
        raise BadInput(f"{file} cannot be written: its directory is missing or not yours to write.")


def _print(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        asked = outcome.recorded.recording.request
        target = f"{asked.path}?{asked.query}" if asked.query else asked.path
        line = printable(f"{asked.method} {target}")
        write(f"{_state(outcome)} {line}  ({outcome.recorded.file.name})")
        for change in outcome.changes:
            write("\n".join(f"  {printable(line)}" for line in str(change).split("\n")))
    replayed = [one for one in outcomes if one.skipped is None]
    changed = sum(bool(one.changes) for one in replayed)
    skipped = len(outcomes) - len(replayed)
    parts = [f"{len(replayed) - changed} as recorded"]
    parts += [f"{changed} changed"] if changed else []
    parts += [f"{skipped} skipped"] if skipped else []
    write(", ".join(parts) + _redaction_note(replayed))


def _state(outcome: Outcome) -> str:
    if outcome.skipped is not None:
        word, colour = f"skipped, {outcome.skipped}:", "yellow"
    elif outcome.changes:
        word, colour = "changed", "red"
    else:
        word, colour = "same   ", "green"
    return styled(word, colour)


def _redaction_note(outcomes: Sequence[Outcome]) -> str:
    places = dict.fromkeys(place for one in outcomes for place in one.recorded.recording.redacted)
    if not places:
        return ""
    named = ", ".join(map(printable, places))
    return f"\nRedacted when recorded, so sent as [REDACTED] and not compared: {named}."


def _write_tests(
    file: Path, outcomes: Sequence[Outcome], settings: Settings, ignored: Sequence[str]
) -> None:
    from functions_framework.loading.source import locate
    from functions_framework.recording.pytest_file import tests_of

    is_module = settings.target is not None and ":" in settings.target
    # A module is looked up below the directory.
    main = Path(settings.source or ".") if is_module else locate(settings.source)
    relative = Path(os.path.relpath(main.resolve(), file.absolute().parent)).as_posix()
    recordings = [one.recorded.recording for one in outcomes]
    if settings.target is not None:
        recordings = [replace(one, target=settings.target) for one in recordings]
    text = tests_of(recordings, relative, ignored)
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from None
    changed = sum(bool(one.changes) for one in outcomes)
    fails = " What changed fails there until the response is as recorded." if changed else ""
    count = text.count("\ndef test_")
    write(f"Wrote {file}: {count} test{'' if count == 1 else 's'}.{fails}")


command = click.Command(
    "replay",
    callback=_replay,
    help=_HELP,
    short_help="Send recorded requests again and show what changed.",
    params=[
        click.Argument(["path"], metavar="PATH", shell_complete=values),
        *function_options(),
        click.Option(["--url"], metavar="URL", help="Send them to a server instead."),
        click.Option(
            ["--header"], metavar="'A: b'", multiple=True, help="A header to send instead."
        ),
        click.Option(
            ["--ignore"],
            metavar="NAME",
            multiple=True,
            help="A header or JSON key that is not compared, such as a time.",
        ),
        click.Option(
            ["--to-pytest"],
            metavar="FILE",
            help="Write them as tests as well.",
            shell_complete=values,
        ),
    ],
)
