"""The entry point of the console scripts, under the name other programs import it by."""

from .commands.cli import program as _cli

__all__ = ["_cli"]
