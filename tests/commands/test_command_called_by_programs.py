"""The command's object in other programs: `Context.invoke`, `Context.forward`, its callback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import httpx
import pytest
from click.testing import CliRunner

from functions_framework import _cli
from functions_framework.exceptions import (
    FunctionsFrameworkException,
    InvalidTargetTypeException,
    MissingSourceException,
)
from support.served_source import written
from support.server_process import ServerProcess, free_port

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.once, pytest.mark.usefixtures("own_environment")]

PROGRAM = """
import sys
from pathlib import Path
import click
from functions_framework import _cli

HERE = Path(__file__).parent

@click.command()
@click.option("--target")
@click.option("--port", type=int)
@click.pass_context
def outer(ctx, target, port):
    {call}

if __name__ == "__main__":
    {start}
"""
OPTIONS = (
    "target='hello', source=HERE / 'fn.py', signature_type='http', host='127.0.0.1', port={port}, "
    "debug=False, asgi=False"
)
OUTER = "outer(['--target', 'hello', '--port', '{port}'])"


@pytest.mark.parametrize(
    ("call", "start"),
    [
        (f"ctx.invoke(_cli._cli, {OPTIONS})", OUTER),
        ("ctx.invoke(_cli._cli, target=target, source=str(HERE / 'fn.py'))", OUTER),
        ("ctx.forward(_cli._cli, source=str(HERE / 'fn.py'), host='127.0.0.1')", OUTER),
        (f"_cli._cli.callback({OPTIONS})", OUTER),
        ("", f"_cli._cli.callback({OPTIONS})"),
        ("", "_cli._cli.callback(target='hello', source=HERE / 'fn.py', port='{port}')"),
        ("", "_cli._cli(['--target', 'hello', '--source', str(HERE / 'fn.py')])"),
        ("", "_cli._cli.main(['--source', str(HERE / 'fn.py')], standalone_mode=False)"),
    ],
)
def test_a_program_serves_by_the_command(tmp_path: Path, call: str, start: str) -> None:
    port = free_port()
    written(tmp_path, PROGRAM.format(call=call or "...", start=start).replace("{port}", str(port)))
    (tmp_path / "fn.py").write_text("def hello(request): return {'/': 'hi'}[request.path]\n")
    # The variables are those of a platform; what a program hands over wins.
    variables = {"PORT": str(port), "FUNCTION_TARGET": "hello", "DEBUG": "1", "HOST": "127.0.0.1"}
    if "port=" in call + start:
        variables["PORT"] = "1"
    process = subprocess.Popen(
        [sys.executable, "main.py"],
        env={**os.environ, **variables},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        cwd=tmp_path,
    )
    with ServerProcess(process) as server:
        server.ready()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert client.get("/").text == "hi"
            assert ("KeyError" in client.get("/shown").text) == ("debug=False" not in call + start)
        server.signal(signal.SIGTERM)
        assert server.exit_code() == 0
        assert "click" not in server.log
    assert process.returncode == 0


@click.command()
@click.argument("how")
@click.pass_context
def outer(ctx: click.Context, how: str) -> None:
    given: dict[str, Any] = ctx.obj
    if how == "invoke":
        ctx.invoke(_cli._cli, **given)
    else:
        callback = _cli._cli.callback
        assert callback is not None
        callback(**given)


@pytest.mark.parametrize("how", ["invoke", "callback"])
@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"target": "a", "source": "none.py"}, (MissingSourceException, "none.py")),
        ({"target": "a", "port": "x"}, (FunctionsFrameworkException, "'x' for --port")),
        ({"target": "a", "signature_type": "HTTP"}, (FunctionsFrameworkException, "HTTP")),
        ({"target": "", "source": "main.py"}, (FunctionsFrameworkException, "is not specified")),
        (
            {"target": "a", "source": "main.py", "port": 0},
            (InvalidTargetTypeException, "'a' needs"),
        ),
    ],
)
def test_what_is_wrong_is_raised(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    given: dict[str, Any],
    fault: tuple[type[Exception], str],
) -> None:
    written(tmp_path, "a = 1")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(outer, [how], obj=given)
    assert isinstance(result.exception, fault[0])
    assert fault[1] in str(result.exception)
