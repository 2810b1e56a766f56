"""Plays a scenario: writes its files, starts its server, compares what its commands print."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from docs import curl
from docs.pages import Block, Command, commands
from support.nested_pytest import PYTEST

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from typing_extensions import Self

# These need an account, a cluster or a container engine; what they serve is not here to be asked.
ELSEWHERE = frozenset({
    "aws", "az", "docker", "faas-cli", "func", "gcloud", "gunicorn", "heroku", "kubectl", "pack",
    "skaffold", "uvicorn",
})  # fmt: skip
SETUP = frozenset({"cd", "git", "pip"})
SERVE = "functions-framework"
# What the command does without serving; a page may show one fail.
SUB_COMMANDS = frozenset({"check", "console", "deploy-files", "events", "invoke", "new", "replay"})
_LANGUAGES = frozenset(
    {
        "console",
        "dockerfile",
        "html",
        "ini",
        "json",
        "nginx",
        "python",
        "sh",
        "text",
        "toml",
        "xml",
        "yaml",
    }
)
_PORT = "8080"
_ANNOUNCED = re.compile(r"^(?!Metrics ).*(?:http://\S+:(\d+)| on unix:\S+).*\n", re.MULTILINE)
_SECONDS = 20.0


class Console:
    """A directory and at most one server, on a port that was free; ended on exit."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._port = _PORT
        self._log = directory.parent / f"{directory.name}.log"
        self._server: subprocess.Popen[bytes] | None = None
        self._is_elsewhere = False
        self._is_reloading = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end_server()

    def play(self, blocks: Sequence[Block]) -> None:
        """Do what each block says, in order.

        Raises:
            AssertionError: a command printed something else than the page says.
        """
        for block in blocks:
            assert block.language in _LANGUAGES, f"line {block.line}: no such language here"
            if block.language == "console":
                for command in commands(block):
                    self._run(command)
            elif block.file_name is not None:
                path = self.directory / block.file_name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
            elif block.language == "python":
                self._python("-c", block.text)

    def _run(self, command: Command) -> None:
        words = shlex.split(command.text, comments=True)
        environ = {}
        while "=" in words[0]:
            name, _, environ[name] = words.pop(0).partition("=")
        program, *arguments = words
        program = Path(program).name
        is_serving = self._is_server(program, arguments)
        if not is_serving:
            arguments = [word.replace(_PORT, self._port) for word in arguments]
        if program in ELSEWHERE:
            self._is_elsewhere = True
        elif program in SETUP or (program == "curl" and self._is_elsewhere):
            self._set_up(program, arguments)
        elif program == "curl":
            self._ask(command, arguments)
        elif program in {"python", "python3"} and not is_serving:
            self._expect(command, self._python(*arguments, environ=environ))
        elif program == "pytest":
            asked = (*PYTEST[1:], *arguments)
            self._expect(command, self._python(*asked, fails=_is_failure(command)))
        elif is_serving:
            self._is_elsewhere = False
            module = [] if program != SERVE else ["-m", "functions_framework"]
            printed = self._start_server([*module, *arguments], environ)
            is_failure = "Error: " in "".join(command.output)
            assert self.is_serving is not is_failure, f"line {command.line}: {printed}"
            self._expect(command, printed)
        elif program == SERVE:
            asked = ("-m", "functions_framework", *arguments)
            fails = _is_failure(command)
            self._expect(command, self._python(*asked, environ=environ, fails=fails))
        else:
            raise AssertionError(f"line {command.line}: the console cannot run {program!r}")

    def _is_server(self, program: str, arguments: list[str]) -> bool:
        """Whether a command serves: the framework's own, or a program that calls `serve`."""
        if program == SERVE:
            others = {"--help", "--version", "--openapi"}
            return not SUB_COMMANDS & set(arguments[:1]) and not others & set(arguments)
        path = self.directory / (arguments[0] if arguments else "")
        is_program = program in {"python", "python3"} and path.suffix == ".py"
        return is_program and "functions_framework.serve(" in path.read_text(encoding="utf-8")

    def _ask(self, command: Command, arguments: list[str]) -> None:
        """Run curl; a server that reloads may take a moment to notice that a file was saved."""
        deadline = time.monotonic() + (_SECONDS if self._is_reloading else 0.0)
        while True:
            printed = self._curl(arguments)
            if time.monotonic() >= deadline or self._is_shown(command, printed):
                self._expect(command, printed)
                return
            time.sleep(0.02)

    def _set_up(self, program: str, arguments: list[str]) -> None:
        if program == "cd" and (self.directory / arguments[0]).is_dir():
            self.directory /= arguments[0]

    def _expect(self, command: Command, printed: str) -> None:
        assert self._is_shown(command, printed), (
            f"line {command.line}: $ {command.text}\n"
            f"--- the page shows\n{self._shown(command)}\n--- it printed\n{printed}"
        )

    def _is_shown(self, command: Command, printed: str) -> bool:
        return not command.output or matches(self._shown(command), printed)

    def _shown(self, command: Command) -> str:
        return "\n".join(command.output).replace(_PORT, self._port)

    def _environ(self, extra: dict[str, str]) -> dict[str, str]:
        kept = {
            name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ
        }
        return {**kept, "PYTHONUNBUFFERED": "1", **extra}

    def _python(
        self, *arguments: str, environ: dict[str, str] | None = None, fails: bool = False
    ) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.directory,
            env=self._environ(environ or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        printed = done.stdout.decode()
        outcome = "did not fail" if fails else "failed"
        assert (done.returncode != 0) is fails, (
            f"python {shlex.join(arguments)} {outcome}:\n{printed}"
        )
        return printed

    def _curl(self, arguments: list[str]) -> str:
        try:
            return curl.run(arguments, self.directory)
        except OSError as error:
            log = self._log.read_text() if self._log.exists() else "no server was started"
            raise AssertionError(f"curl {shlex.join(arguments)}: {error}\n{log}") from error

    def _start_server(self, arguments: list[str], environ: dict[str, str]) -> str:
        self._end_server()
        self._is_reloading = bool({"--reload", "--debug"} & set(arguments))
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=self.directory,
                env=self._environ({**environ, "PORT": "0"}),
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self._await_announcement(time.monotonic() + _SECONDS)

    def _await_announcement(self, deadline: float) -> str:
        """What the server printed until it named its port or path, or until it failed."""
        while True:
            is_serving = self.is_serving
            printed = self._log.read_text(encoding="utf-8")
            if found := _ANNOUNCED.search(printed):
                self._port = found[1] or self._port
                return printed
            if not is_serving:
                assert self._server is None or self._server.returncode, f"it ended:\n{printed}"
                return printed
            assert time.monotonic() < deadline, f"not serving:\n{printed}"
            time.sleep(0.02)

    @property
    def is_serving(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def _end_server(self) -> None:
        server, self._server = self._server, None
        if server is None or server.poll() is not None:
            return
        server.send_signal(signal.SIGTERM)
        try:
            assert server.wait(timeout=_SECONDS) == 0, f"it failed:\n{self._log.read_text()}"
        finally:
            server.kill()


def _is_failure(command: Command) -> bool:
    """Whether the page shows a command that fails."""
    shown = "\n".join(command.output)
    return (
        re.search(
            r"^Error: |\berrors?\b|\b[1-9]\d* (failed|changed)|^5\d\d |: (not there|differs)",
            shown,
            re.MULTILINE,
        )
        is not None
    )


def matches(shown: str, printed: str) -> bool:
    """Whether `printed` is what a page shows; `...` stands for any text, of several lines too."""
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("..."))
    return re.fullmatch(pattern, _lines(printed), flags=re.DOTALL) is not None


def _lines(printed: str) -> str:
    return "\n".join(line.rstrip() for line in printed.strip().splitlines())
