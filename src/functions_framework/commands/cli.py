"""The command: flags to settings, settings to a running server, errors to a line and an exit code.

What an option is called and how it is read is declared in `settings`; serving is `server`'s.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import click

from functions_framework.exceptions import FunctionsFrameworkException
from functions_framework.runtime.terminal import are_colours_forced, fail, tell, warn
from functions_framework.server.start import run
from functions_framework.settings import Settings, options, project_file
from functions_framework.settings.options import InvalidSettingException, text_of

from . import help_page
from .options import env_file_option, flags_given, parameter, set_variables
from .printing import write
from .table import lazy_commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DISTRIBUTION = "functions-framework"
_EPILOG = (
    "A flag beats its variable, a variable beats the default, and an empty variable counts as "
    "unset. Of a flag given twice the last one counts."
)


@contextmanager
def _failures(name: str) -> Iterator[None]:
    """Print the errors of the command line and of the framework, and exit with their codes."""
    try:
        yield
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else name
        _fail(f"{_told(error)}\nTry '{path} --help' for help.", error.exit_code)
    except FunctionsFrameworkException as error:
        raise click.exceptions.Exit(tell(error)) from None


def _told(error: click.UsageError) -> str:
    """What is wrong with the arguments, with the one option that is most like an unknown one."""
    if isinstance(error, click.NoSuchOption):
        from .faults import option_meant

        params = error.ctx.command.get_params(error.ctx) if error.ctx else ()
        flags = [flag for one in params for flag in one.opts if flag.startswith("--")]
        return f"No such option {error.option_name!r}.{option_meant(error.option_name, flags)}"
    return error.format_message()


def _fail(message: str, exit_code: int) -> NoReturn:
    fail(message)
    raise click.exceptions.Exit(exit_code)


class Program(click.Group):
    """The command itself: without a sub-command it serves the function."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the arguments; a fault in them is one line on stderr and exit code 2."""
        with _failures(self.name or DISTRIBUTION):
            ctx = super().make_context(*args, **kwargs)
        ctx.color = are_colours_forced() or None
        return ctx

    def invoke(self, ctx: click.Context) -> Any:
        """Run; every error of the framework's own is one line on stderr and exit code 2."""
        with _failures(ctx.command_path):
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the sub-command, or say what the argument may have been meant for."""
        if args and args[0] not in self.commands:
            ctx.fail(
                f"Got unexpected extra argument ({args[0]}). {_meant_by(args[0], self.commands)}"
            )
        return super().resolve_command(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Name sub-commands in the usage line only where there are some."""
        pieces = click.Command.collect_usage_pieces(self, ctx)
        return [*pieces, "[COMMAND ...]"] if self.commands else pieces

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what is needed daily, or all, and the sub-commands; see `help_page`."""
        help_page.write_options(self, ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write how options and variables go together, below all options."""
        if help_page.is_whole(ctx):
            super().format_epilog(ctx, formatter)


_SERVE = frozenset({"serve", "run", "start", "dev", "server"})
_TRUTH = frozenset({"true", "false", "yes", "no", "on", "off", "1", "0"})
# What word processors and web pages make of a hyphen or two.
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"


def _meant_by(word: str, commands: Iterable[str]) -> str:
    """What to type instead of a word that isn't a command."""
    import difflib

    if word in _SERVE:
        return "It serves without a command: functions-framework --target NAME"
    if word[:1] in _DASHES:
        option = word.lstrip(f"{_DASHES}-")
        return f"{word[0]!r} isn't the hyphen of options. Did you mean --{option}?"
    if word.lower() in _TRUTH:
        return "Switches such as --debug take no value: leave it out."
    close = difflib.get_close_matches(word, [*commands, "--help"], n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    if word.endswith(".py") or "/" in word or os.sep in word or os.path.isdir(word):  # noqa: PTH112
        return f"Did you mean --source {word}?"
    return f"Did you mean --target {word}?"


def _print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        write(f"{DISTRIBUTION} {version(DISTRIBUTION)}")
        ctx.exit()


def _print_document(settings: Settings) -> None:
    """Print the OpenAPI document of what would be served; the source's own prints go to stderr."""
    import contextlib
    import json
    import sys

    from functions_framework.hosts import build
    from functions_framework.hosts.openapi.document import document
    from functions_framework.loading.load import load, precheck

    with contextlib.redirect_stdout(sys.stderr):
        try:
            functions = load(settings, around=build.FlaskContext().around)
        except FunctionsFrameworkException:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's code
            from functions_framework.loading.diagnosis import diagnosis
            from functions_framework.loading.failure import load_failure_text

            if text := diagnosis(error, precheck(settings)):
                _fail(text, 1)
            click.echo(load_failure_text(error), err=True)
            raise click.exceptions.Exit(1) from None
    write(json.dumps(document(functions), indent=2, ensure_ascii=False))


def settings_of(ctx: click.Context, values: dict[str, Any] | None = None) -> Settings:
    """Combine the flags that were given with the environment.

    Args:
        ctx: of the command.
        values: what a program gave instead of flags, by option; None stands for nothing.

    Raises:
        InvalidSettingException: a variable, or a value, is not what its option can take, or the
            file of variables is wrong.
    """
    set_variables(ctx)
    if values is None:
        given = flags_given(ctx, options())
    else:
        given = {name: _as_given(name, values[name]) for name in options() if name in values}
    project = project_file.read()
    settings = Settings.load(given, warn=warn, project=project)
    if settings.is_reloading and ctx.params.get("env_file") is None:
        from functions_framework.settings import env_file

        if env_file.apply_own(settings.source):
            return Settings.load(given, warn=lambda _: None, project=project)
    return settings


def _as_given(name: str, value: Any) -> Any:
    """A value that a program hands over, parsed as a flag's text is."""
    option = options()[name]
    if value is None or type(value) is type(Settings.default(name)) or option.is_switch:
        return value
    try:
        text = text_of(value)
    except ValueError as error:
        raise InvalidSettingException(
            f"Invalid value {value!r} for {option.flag}: {error}."
        ) from None
    return option.read(option.flag, text)


def _run(**values: Any) -> None:
    """Serve: called by the command line, by `Context.invoke`, or by a program with options.

    Of the two latter the values are what they hand over, and a context need not be there.
    """
    ctx = click.get_current_context(silent=True)
    if ctx is None or ctx.command is not program:
        ctx = click.Context(program)
        ctx.params.update(values)
        code = _serve(ctx, values)
        if code is not None:
            raise SystemExit(code)
    elif ctx.invoked_subcommand is None:
        is_parsed = any(ctx.get_parameter_source(name) is not None for name in options())
        code = _serve(ctx, None if is_parsed else values)
        if code is not None:
            ctx.exit(code)


def _serve(ctx: click.Context, values: dict[str, Any] | None) -> int | None:
    settings = settings_of(ctx, values)
    if ctx.params.get("openapi"):
        _print_document(settings)
        return None
    return run(settings)


program = Program(
    DISTRIBUTION,
    callback=_run,
    invoke_without_command=True,
    help="Serve the Python function --target of the file --source over HTTP.",
    epilog=_EPILOG,
    commands=lazy_commands(),
    params=[
        *(parameter(name, option) for name, option in options().items()),
        env_file_option(),
        click.Option(
            ["--openapi"],
            is_flag=True,
            help="Print the OpenAPI document of the typed functions and exit.",
        ),
        help_page.option(),
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help="Show the version and exit.",
        ),
    ],
)
