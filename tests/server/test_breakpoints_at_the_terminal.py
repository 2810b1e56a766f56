"""breakpoint() in a function that is served: a prompt at the terminal that nothing disturbs."""

from __future__ import annotations

import contextlib
import http.client
import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from support.served_source import written
from support.server_process import wait_until

if sys.platform == "win32":
    pytest.skip("needs a pseudo-terminal", allow_module_level=True)
else:
    from support.terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STOPPING = """
def hello(request):
    value = 20
    breakpoint()
    return f"{value + 1} answered"
"""
KINDS = pytest.mark.parametrize("prefix", ["", "async "], ids=["def", "async def"])


def text_of(prefix: str, source: str = STOPPING) -> str:
    return source.replace("def hello", f"{prefix}def hello")


def ask(port: int) -> Callable[[], tuple[int, str]]:
    """Send a request in the background; what is returned waits for its response."""
    answers: list[tuple[int, str]] = []

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        with contextlib.suppress(ConnectionError), connection.getresponse() as response:
            answers.append((response.status, response.read().decode()))
        connection.close()

    client = threading.Thread(target=send, daemon=True)
    client.start()

    def wait() -> tuple[int, str]:
        client.join(30)
        assert answers, "no response"
        return answers[0]

    return wait


@KINDS
@pytest.mark.parametrize("flag", ["--reload", "--debug", "--threads=4"])
def test_a_prompt_shows_and_changes_what_the_call_holds(
    flag: str, prefix: str, tmp_path: Path
) -> None:
    written(tmp_path, text_of(prefix))
    flags = ["--target", "hello", *flag.split("=")]
    with Terminal(tmp_path, *flags) as terminal:
        answer = ask(terminal.port())
        terminal.read_until("(Pdb) ")
        assert "main.py" in terminal.shown
        terminal.type("value")
        assert "20" in terminal.read_until("(Pdb) ")
        terminal.type("!value = 41")
        terminal.read_until("(Pdb) ")
        terminal.type("c")
        assert answer() == (200, "42 answered")
        assert terminal.shows_typing()


def test_neither_time_limits_nor_prints_as_records_end_it(tmp_path: Path) -> None:
    written(tmp_path, STOPPING)
    flags = ["--target", "hello", "--debug", "--log-execution-id"]
    with Terminal(tmp_path, *flags, variables={"CLOUD_RUN_TIMEOUT_SECONDS": "0.2"}) as terminal:
        answer = ask(terminal.port())
        terminal.read_until("(Pdb) ")
        terminal.type("import time; time.sleep(0.5); value")
        assert "20" in terminal.read_until("(Pdb) ")
        terminal.type("c")
        assert answer() == (200, "21 answered")


@KINDS
def test_a_change_waits_until_the_prompt_is_left(prefix: str, tmp_path: Path) -> None:
    source = written(tmp_path, text_of(prefix))
    with Terminal(tmp_path, "--target", "hello", "--reload") as terminal:
        port = terminal.port()
        answer = ask(port)
        terminal.read_until("(Pdb) ")
        source.write_text(f"{prefix}def hello(request):\n    return 'changed'\n")
        terminal.read_until("main.py changed: restarting once the prompt is left (c, q).")
        terminal.type("value")
        assert "20" in terminal.read_until("(Pdb) ")
        terminal.type("c")
        assert answer() == (200, "21 answered")
        terminal.read_until("Restarted in")
        assert ask(port)() == (200, "changed")


@KINDS
def test_steps_lead_out_of_the_call_and_let_it_restart(prefix: str, tmp_path: Path) -> None:
    source = written(tmp_path, text_of(prefix).replace("return", "value += 1\n    return"))
    with Terminal(tmp_path, "--target", "hello", "--reload") as terminal:
        port = terminal.port()
        answer = ask(port)
        terminal.read_until("(Pdb) ")
        if sys.version_info >= (3, 13):
            # It stops at the breakpoint's own line, before at the one that follows.
            terminal.type("n")
            terminal.read_until("(Pdb) ")
        terminal.type("n")
        terminal.read_until("(Pdb) ")
        source.write_text(f"{prefix}def hello(request):\n    return 'changed'\n")
        terminal.read_until("restarting once the prompt is left")
        # In a coroutine the next step is out of it: no prompt follows, before 3.13.
        terminal.type("n" if prefix else "c")
        if prefix and sys.version_info >= (3, 13):
            terminal.read_until("(Pdb) ")
            terminal.type("c")
        assert answer() == (200, "22 answered")
        terminal.read_until("Restarted in")
        assert ask(port)() == (200, "changed")


@KINDS
def test_quitting_ends_the_call_and_not_the_server(prefix: str, tmp_path: Path) -> None:
    written(tmp_path, text_of(prefix))
    with Terminal(tmp_path, "--target", "hello", "--reload") as terminal:
        port = terminal.port()
        for _ in range(2):
            answer = ask(port)
            terminal.read_until("(Pdb) ")
            terminal.type("q")
            if sys.version_info >= (3, 14):
                terminal.type("y")
            assert answer()[0] == 500


@KINDS
@pytest.mark.parametrize("flag", ["--reload", "--threads=4"])
def test_ctrl_c_at_the_prompt_ends_the_server_and_leaves_a_usable_terminal(
    flag: str, prefix: str, tmp_path: Path
) -> None:
    written(tmp_path, text_of(prefix))
    with Terminal(tmp_path, "--target", "hello", *flag.split("=")) as terminal:
        ask(terminal.port())
        terminal.read_until("(Pdb) ")
        terminal.interrupt()
        wait_until(lambda: terminal.process.poll() is not None, "the end", 5)
        assert terminal.process.returncode == 0
        assert terminal.shows_typing()


def test_two_calls_are_asked_one_after_the_other(tmp_path: Path) -> None:
    written(tmp_path, STOPPING)
    with Terminal(tmp_path, "--target", "hello", "--reload") as terminal:
        port = terminal.port()
        answers = [ask(port), ask(port)]
        for _ in answers:
            terminal.read_until("(Pdb) ")
            terminal.type("c")
        assert [answer() for answer in answers] == [(200, "21 answered")] * 2


def test_a_breakpoint_while_the_source_is_loaded(tmp_path: Path) -> None:
    written(tmp_path, "VALUE = 7\nbreakpoint()\ndef hello(request):\n    return str(VALUE)\n")
    with Terminal(tmp_path, "--target", "hello", "--reload") as terminal:
        terminal.read_until("(Pdb) ")
        terminal.type("VALUE += 1")
        terminal.read_until("(Pdb) ")
        terminal.type("c")
        assert ask(terminal.port())() == (200, "8")


def test_another_hook_named_by_the_environment_is_kept(tmp_path: Path) -> None:
    written(tmp_path, STOPPING)
    with Terminal(tmp_path, "--target", "hello", variables={"PYTHONBREAKPOINT": "0"}) as terminal:
        assert ask(terminal.port())() == (200, "21 answered")
    assert os.environ.get("PYTHONBREAKPOINT") is None
