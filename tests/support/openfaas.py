"""A function of OpenFaaS: its image's variables, its `stack.yaml`, and the gateway before it."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import yaml

from support.server_process import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

_WATCHDOG = Path(__file__).with_name("of_watchdog.py")


def image_variables(dockerfile: Path) -> dict[str, str]:
    """What the `ENV` lines of a Dockerfile set."""
    text = dockerfile.read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("ENV "):
            words = [word.split("=", 1) for word in shlex.split(line[4:])]
            found |= {name: value.strip('"') for name, value in words}
    return found


class OpenFaaSFunction:
    """One function of a stack file, run by what plays of-watchdog; a context manager.

    Args:
        folder: holds `stack.yaml`, with a Dockerfile in the function's handler.
        name: the function's.
        variables: more variables, which beat those of both files.
    """

    def __init__(self, folder: Path, name: str, variables: Mapping[str, str] | None = None) -> None:
        stack = yaml.safe_load((folder / "stack.yaml").read_text(encoding="utf-8"))
        described: dict[str, Any] = stack["functions"][name]
        assert described["lang"] == "dockerfile"
        self._directory = folder / described["handler"]
        said = image_variables(self._directory / "Dockerfile") | described.get("environment", {})
        upstream = str(free_port())
        self.port = free_port()
        inner = said["PORT"]
        kept = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
        said = {**said, **(variables or {})}
        # In a container of its own it would have these ports.
        said = {key: str(value).replace(f":{inner}", f":{upstream}") for key, value in said.items()}
        own = {"PORT": upstream, "port": str(self.port), "PATH": path}
        self._environ = {**kept, **said, **own, "OPENFAAS_NAME": name}

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, str(_WATCHDOG)],
            cwd=self._directory,
            env=self._environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=20
        )
        try:
            wait_until(self._is_ready, "the function behind the watchdog", 20)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.client.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, "the watchdog has ended"
        try:
            return self.client.get("/_/ready").status_code == 200
        except httpx.TransportError:
            return False

    def send(self, method: str, target: str, **said: Any) -> httpx.Response:
        """A client's request, with what the gateway adds to it."""
        added = {
            "X-Call-Id": str(uuid.uuid4()),
            "X-Start-Time": "1714979289000000000",
            "X-Forwarded-For": "203.0.113.9:51234",
            "X-Forwarded-Host": "gateway.example.com",
        }
        headers = {**added, **said.pop("headers", {})}
        return self.client.request(method, target, headers=headers, **said)
