"""The documentation's table of settings, written from their declarations."""

from __future__ import annotations

from .fields import Settings, options

_HEADING = "| Flag | Variable | Default | What it does |\n|---|---|---|---|"


def render_table() -> str:
    """Write every setting as Markdown: a heading and a table for each group, in `--help`'s order.

    Ends with a newline.
    """
    groups: dict[str, list[str]] = {}
    for name, option in options().items():
        flag = option.flag if option.is_switch else f"{option.flag} {option.metavar}"
        default = option.show(Settings.default(name))
        variable = f"`{option.variable}`"
        if option.older_variable:
            variable += f", before it `{option.older_variable}`"
        groups.setdefault(option.group, []).append(
            f"| `{flag}` | {variable} | {f'`{default}`' if default else 'none'} | {option.help} |"
        )
    sections = [
        f"## {group}\n\n{_HEADING}\n" + "\n".join(rows) + "\n" for group, rows in groups.items()
    ]
    return "\n".join(sections)
