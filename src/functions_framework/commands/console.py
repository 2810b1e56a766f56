"""`functions-framework console`: opens the developer console of a server that runs."""

from __future__ import annotations

import webbrowser

import click

from functions_framework.console.address import PATH
from functions_framework.settings import Settings

from .completing import values
from .faults import BadInput
from .printing import write

_HELP = """Open the developer console of a server that runs with --debug.

The browser is the system's, or that of the variable BROWSER; the address is printed as well.

Exit codes: 0 it is there, 2 it is not.
"""
_SECONDS = 10.0


def _open(url: str | None) -> None:
    from functions_framework.calls.over_http import send
    from functions_framework.model.request import Request

    base = url or f"http://localhost:{Settings.load(names=['port']).port}"
    result = send(base, Request("GET", PATH), _SECONDS)
    if result.status == 403:
        raise BadInput(f"The server at {base}: {result.text.strip()}")
    if result.status != 200 or b"Functions console" not in result.body:
        raise BadInput(
            f"The server at {base} has no console. Start it with: functions-framework --debug"
        )
    address = f"{base.rstrip('/')}{PATH}"
    write(address)
    webbrowser.open(address)


command = click.Command(
    "console",
    callback=_open,
    help=_HELP,
    params=[
        click.Option(
            ["--url"],
            shell_complete=values,
            help="The server's URL. [default http://localhost and PORT, or 8080]",
        )
    ],
)
