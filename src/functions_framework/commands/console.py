"""`functions-framework console`: opens the developer console of a server that runs."""

from __future__ import annotations

import webbrowser
from typing import Any

import click

from functions_framework.console.address import PATH
from functions_framework.server.parent.startup_line import reached_at
from functions_framework.settings import Settings, env_file, options, project_file

from .completing import values
from .faults import BadInput
from .options import env_file_option, given_to, parameter
from .printing import write

_HELP = """Open the developer console of a server that runs with --debug.

The server is that of --url, else the one that these options, variables and pyproject.toml would
start here. The browser is the system's, or that of the variable BROWSER; the address is printed.

Exit codes: 0 it is there, 2 it is not.
"""
_SECONDS = 10.0
_READ = ("source", "host", "port", "certfile")
_FLAGS = {
    "source": "What it serves: a .env beside that is read.",
    "host": "Its address [HOST; default localhost].",
    "port": "Its port [PORT; default 8080].",
}


@click.pass_context
def _open(ctx: click.Context, /, url: str | None, **_: Any) -> None:
    from functions_framework.calls.over_http import send
    from functions_framework.model.request import Request

    base = _started_here(ctx) if url is None else url
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


def _started_here(ctx: click.Context) -> str:
    """The URL of a server that was started in this directory, with the same settings.

    Raises:
        BadInput: they leave its port to the system.
    """
    given, project = given_to(ctx, _READ), project_file.read()
    settings = Settings.load(given, names=_READ, project=project)
    if ctx.params["env_file"] is None and env_file.apply_own(settings.source):
        settings = Settings.load(given, names=_READ, project=project)
    if settings.port == 0:
        raise BadInput("Port 0 is any free one: give --port the one that the server has named.")
    scheme = "https" if settings.certfile else "http"
    return f"{scheme}://{reached_at(settings.host)}:{settings.port}"


command = click.Command(
    "console",
    callback=_open,
    help=_HELP,
    params=[
        click.Option(
            ["--url"],
            shell_complete=values,
            help="The server's URL, in place of --host and --port.",
        ),
        *(parameter(name, options()[name], text) for name, text in _FLAGS.items()),
        env_file_option(),
    ],
)
