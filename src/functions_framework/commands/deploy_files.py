"""`functions-framework deploy-files`: writes what a platform needs for this source, and no more."""

from __future__ import annotations

import ast
import contextlib
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from functions_framework.deployment.platforms import PLATFORMS, commands_for, files_for
from functions_framework.deployment.project import IMAGE, LONGEST_NAME, label_of
from functions_framework.deployment.suitability import shortcomings
from functions_framework.deployment.written import compare, write_files
from functions_framework.loading.load import precheck
from functions_framework.runtime.terminal import progress, warn
from functions_framework.settings import Settings, options, project_file

from .completing import values
from .faults import BadInput, known_platform
from .one_call import load_only
from .options import env_file_option, given_to, parameter
from .printing import write
from .project_of import Wanted, project_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_framework.deployment.written import Comparison

_READ = (
    "target", "source", "signature_type", "timeout", "concurrency", "workers", "threads",
    "grace_period", "idempotency_store",
)  # fmt: skip

_HELP = f"""Write the files with which PLATFORM runs this source: made of its functions, their event
types, the variables they need and the settings.

Platforms: {", ".join(PLATFORMS)}.

Exit codes: 0 written, or all as they would be; 1 --check found a difference; 2 wrong arguments, or
a file is there already that differs.
"""


@click.pass_context
def _deploy_files(  # noqa: PLR0913 - the options
    ctx: click.Context,
    /,
    platform: str,
    output: str | None,
    name: str | None,
    image: str | None,
    *,
    is_forced: bool,
    is_check: bool,
    **_: Any,
) -> None:
    platform = known_platform(platform)
    directory = Path(output or ".")
    settings, given = _settings(ctx)
    with progress("loading the source"), contextlib.redirect_stdout(sys.stderr):
        functions = load_only(settings)
    tree = ast.parse(precheck(settings).read_bytes())
    wanted = Wanted(platform, name, image, directory)
    project = project_of(functions, settings, given, tree, wanted)
    files = files_for(platform, project)
    with _problems("read"):
        found = compare(directory, files)
    if is_check:
        ctx.exit(_report(platform, found))
    for one in shortcomings(platform, functions, settings, tree):
        warn(one.text)
    if found.other and not is_forced:
        raise BadInput(
            f"Already here, and different: {', '.join(found.other)}. Use --force to overwrite."
        )
    changed = {file: files[file] for file in (*found.missing, *found.other)}
    with _problems("written"):
        write_files(directory, changed)
    for file in files:
        write(f"{'Wrote' if file in changed else 'Unchanged:'} {directory / file}")
    write("\n".join(["Deploy:", *(f"  {one}" for one in commands_for(platform, project))]))
    if project.image == IMAGE and any(name.startswith("Dockerfile") for name in files):
        write(f"{IMAGE} stands for the image's name: give it by --image.")


@contextlib.contextmanager
def _problems(done: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BadInput(f"{error.filename} cannot be {done}: {error.strerror}.") from None


def _settings(ctx: click.Context) -> tuple[Settings, dict[str, Any]]:
    """The settings, and those that flags and variables give; the project's own stay there."""
    given = given_to(ctx, _READ)
    alone = Settings.load(given, names=_READ)
    settings = Settings.load(given, names=_READ, project=project_file.read())
    changed = {
        field: getattr(alone, field)
        for field in _READ
        if getattr(alone, field) != Settings.default(field)
    }
    return settings, changed


def _report(platform: str, found: Comparison) -> int:
    for file in found.same:
        write(f"{file}: as deploy-files {platform} writes it")
    for file in found.missing:
        write(f"{file}: not there")
    for file in found.other:
        write(f"{file}: differs from what deploy-files {platform} writes")
    return int(bool(found.missing or found.other))


def _name(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and label_of(text) != text:
        raise click.BadParameter(
            f"{text!r}: expected small letters, digits and hyphens, {LONGEST_NAME} at most, "
            f"such as {label_of(text)!r}."
        )
    return text


def _image(_ctx: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and (not text or shlex.quote(text) != text):
        raise click.BadParameter(f"{text!r}: expected an image, such as registry.example/hello:1.")
    return text


command = click.Command(
    "deploy-files",
    callback=_deploy_files,
    help=_HELP,
    short_help="Write the files with which a platform runs these functions.",
    params=[
        click.Argument(["platform"], metavar="PLATFORM", shell_complete=values),
        *(parameter(name, options()[name]) for name in _READ),
        env_file_option(),
        click.Option(
            ["--output"],
            metavar="DIRECTORY",
            shell_complete=values,
            help="Where to. Default: the working directory.",
        ),
        click.Option(
            ["--name"],
            callback=_name,
            help="What the service is called. Default: the function's name; of several, the "
            "directory's.",
        ),
        click.Option(["--image"], callback=_image, help="The image's name, with its registry."),
        click.Option(["--force", "is_forced"], is_flag=True, help="Overwrite what differs."),
        click.Option(
            ["--check", "is_check"],
            is_flag=True,
            help="Write nothing; exit 1 and say which files differ from what would be written.",
        ),
    ],
)
