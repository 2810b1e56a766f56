"""What a shell completes where the command-line library does not know it by itself.

A value is known by what stands for it in `--help`: files by `PATH`, samples by `SAMPLE`.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import click

from functions_framework.model.function import Signature
from functions_framework.settings.parsers import LOG_FORMATS, LOG_LEVELS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

# Words of which the shell makes names of files and directories.
_PATHS = {"PATH": "file", "FILE": "file", "DIRECTORY": "dir"}


def values(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """What the value of an option or an argument may be, given how it begins."""
    from click.shell_completion import CompletionItem

    kind = "TARGET" if parameter.name == "target" else str(parameter.metavar)
    if kind in _PATHS:
        return [CompletionItem(begun, type=_PATHS[kind])]
    return [CompletionItem(word) for word in _words(ctx, kind) if word.startswith(begun)]


def _words(ctx: click.Context, kind: str) -> list[str]:
    if kind == "SIGNATURE":
        return [str(signature) for signature in Signature]
    if kind == "LOG-LEVEL":
        return list(LOG_LEVELS)
    if kind == "LOG-FORMAT":
        return list(LOG_FORMATS)
    if kind == "SAMPLE":
        from functions_framework.events.samples import catalogue

        return catalogue.names()
    if kind == "PLATFORM":
        from functions_framework.deployment.platforms import PLATFORMS

        return list(PLATFORMS)
    return functions_of(ctx.params.get("source")) if "TARGET" in kind else []


def functions_of(source: str | None) -> list[str]:
    """The names of a source's public functions; it is read and not run. None where it is broken."""
    from functions_framework.exceptions import FunctionsFrameworkException
    from functions_framework.loading.source import locate

    try:
        tree = ast.parse(locate(source).read_bytes())
    except (FunctionsFrameworkException, OSError, SyntaxError, ValueError):
        return []
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    names = [node.name for node in tree.body if isinstance(node, kinds)]
    return [name for name in names if not name.startswith("_")]


class WithFields(click.Command):
    """A command that also has the fields of the sample which its `--event` names."""

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The options that begin so, those of the sample among them."""
        from click.shell_completion import CompletionItem

        found = super().shell_complete(ctx, incomplete)
        return found + [
            CompletionItem(field.flag, help=field.description)
            for field in _fields(ctx.params.get("event"))
            if incomplete.startswith("-") and field.flag.startswith(incomplete)
        ]


def _fields(name: str | None) -> list[Any]:
    from functions_framework.events.samples import catalogue

    return list(catalogue.find(name).fields.values()) if name in catalogue.names() else []
