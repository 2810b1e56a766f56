"""PyCharm's page: what its run configuration starts stops at breakpoints of PyCharm's debugger."""

from __future__ import annotations

import os
import re
import shlex
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from support.debugged_program import LINE, TEXT, ask, started, stops_after_a_restart
from support.pycharm_client import PyCharm
from support.served_source import written
from support.server_process import free_port

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
    pytest.mark.skipif(find_spec("pydevd_pycharm") is None, reason="needs pydevd-pycharm"),
]

PAGE = Path(__file__).parents[2] / "docs" / "debugging.md"


def configuration() -> dict[str, str]:
    """The options of the run configuration on the page about debugging."""
    (text,) = re.findall(r"```xml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    found = ET.fromstring(text).find("configuration")
    assert found is not None
    assert found.get("type") == "PythonConfigurationType"
    return {one.get("name", ""): one.get("value", "") for one in found.iter("option")}


def started_by_pycharm(options: dict[str, str], debugger: int, port: int) -> list[str]:
    """The command PyCharm makes of a configuration, with "attach to subprocess" ticked."""
    spec = find_spec("pydevd")
    assert spec is not None
    assert spec.origin is not None
    module = ["--module"] if options["MODULE_MODE"] == "true" else []
    return [
        spec.origin, *module, "--multiprocess", "--qt-support=auto", "--client", "127.0.0.1",
        "--port", str(debugger), "--file", options["SCRIPT_NAME"],
        *shlex.split(options["PARAMETERS"]), "--port", str(port),
    ]  # fmt: skip


@pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])
def test_the_pages_configuration_stops_in_the_function_and_after_a_restart(
    prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = configuration()
    assert options["WORKING_DIRECTORY"] == "$PROJECT_DIR$"
    assert "--reload" in options["PARAMETERS"]
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")  # as PyCharm sets it
    source = written(tmp_path.resolve(), f"{prefix}{TEXT}")
    port = free_port()
    with (
        PyCharm(source, LINE) as editor,
        started(source.parent, *started_by_pycharm(options, editor.port, port)) as output,
    ):
        answer = ask(port)
        stop = editor.wait_for_stop()
        assert (stop.line, stop.evaluate("value")) == (LINE, "20")
        stop.go_on()
        assert answer() == "21"
        stops_after_a_restart(editor, source, output, port)
    assert "Traceback" not in output.read_text()
