"""`--help` fits a screen; `--help-all` shows every option."""

from __future__ import annotations

from click.testing import CliRunner

from functions_framework.commands.cli import program
from functions_framework.commands.table import lazy_commands
from functions_framework.settings import options


def shown(flag: str) -> str:
    result = CliRunner().invoke(program, [flag], terminal_width=80)
    assert result.exit_code == 0
    return result.stdout


def test_help_fits_a_screen_of_80_by_24() -> None:
    lines = shown("--help").splitlines()
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80


def test_help_shows_the_daily_options_and_every_command() -> None:
    text = shown("--help")
    for name in ("target", "source", "signature-type", "port", "timeout", "reload"):
        assert f"  --{name} " in text
    assert sum(option.flag in text.split() for option in options().values()) == 7
    assert all(f"\n  {name} " in text for name in lazy_commands())
    assert "--help-all" in text


def test_help_all_shows_every_option_with_its_variable() -> None:
    text = " ".join(shown("--help-all").split())
    for option in options().values():
        assert f" {option.flag} " in text
        assert f"[{option.variable}" in text
    assert "A flag beats its variable" in text
