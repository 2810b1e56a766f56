"""Which sub-commands there are, and loading one when it runs, so that `--help` loads none."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each is `command` in the module of its name.
_SUMMARIES = {
    "check": "Load the function and say what is wrong, without serving.",
    "console": "Open the developer console of a server that runs with --debug.",
    "deploy-files": "Write the files with which a platform runs these functions.",
    "events": "Show sample events of the services people use.",
    "invoke": "Call the function once, without a server or on one.",
    "new": "Write a new project: function, tests, container, CI.",
    "replay": "Send recorded requests again and show what changed.",
}


class LazyCommand(click.Command):
    """Stands for a sub-command until it is used."""

    def load(self) -> click.Command:
        """Import the sub-command itself."""
        module = importlib.import_module(f"{__package__}.{str(self.name).replace('-', '_')}")
        found: click.Command = module.command
        return found

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Make the context of the sub-command itself."""
        try:
            return self.load().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            # Not every error of the parser says whose help describes the option.
            error.ctx = error.ctx or click.Context(self, parent, info_name)
            raise


def lazy_commands(names: Sequence[str] = tuple(_SUMMARIES)) -> dict[str, click.Command]:
    """The sub-commands by name."""
    return {name: LazyCommand(name, short_help=_SUMMARIES[name]) for name in names}
