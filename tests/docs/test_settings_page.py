"""The settings page says what the code says, of every option."""

from __future__ import annotations

import pytest

from docs.settings_page import PAGE, tables, updated
from functions_framework.settings import options

TEXT = PAGE.read_text(encoding="utf-8")


def test_the_tables_are_up_to_date() -> None:
    assert updated(TEXT) == TEXT, "run: python tests/docs/settings_page.py"


@pytest.mark.parametrize("name", list(options()))
def test_every_option_has_flag_variable_help_and_a_row(name: str) -> None:
    option = options()[name]
    (row,) = (line for line in tables().splitlines() if f"| `{option.variable}` |" in line)
    assert row in TEXT
    assert row.startswith(f"| `{option.flag}")
    assert option.help.endswith(".")
    assert option.help in row


def test_each_group_has_one_heading() -> None:
    headings = [line for line in tables().splitlines() if line.startswith("## ")]
    assert len(headings) == len(set(headings)) == len({item.group for item in options().values()})
