"""The host of Azure Functions, as far as a custom handler sees it.

It reads an app's `host.json` and each `function.json`, starts the handler with the port in
`FUNCTIONS_CUSTOMHANDLER_PORT`, asks `GET /` until something answers, sends HTTP requests on as they
are or as an invocation, and reads what comes back.

Sources: Azure Functions, "Custom handlers" (configuration, request payload, response payload) and
"Azure Queue storage trigger" (poison messages); how values are encoded, which headers are added,
what counts as a failure and what is made of `ReturnValue` was seen on the public host, 4.x.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import shutil
import signal
import subprocess
import sys
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx

from support.server_process import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from typing_extensions import Self

VERSION = "4.1040.300"
_BINARY = ("application/octet-stream", "multipart/")


class Invocation(NamedTuple):
    """What the host made of the handler's response; all but the status is None for a failure."""

    status: int
    outputs: dict[str, Any] | None = None
    returned: Any = None
    logs: list[str] | None = None
    text: str = ""

    @property
    def is_success(self) -> bool:
        """Only then it looks at the rest."""
        return 200 <= self.status < 300


class Answer(NamedTuple):
    """What a client of an HTTP function gets."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class FunctionsHost:
    """Runs one app; a context manager.

    Args:
        folder: holds `host.json` and a folder for each function.
        variables: application settings, which the handler gets as variables.
        settings: what stands in `customHandler` instead.

    Attributes:
        port: the handler's.
        poison: texts of messages that failed as often as they may, by function.
    """

    def __init__(
        self, folder: Path, variables: Mapping[str, str] | None = None, **settings: Any
    ) -> None:
        host = _read(folder / "host.json")
        self._handler = {**host["customHandler"], **settings}
        http = host.get("extensions", {}).get("http", {})
        queues = host.get("extensions", {}).get("queues", {})
        self._prefix = http.get("routePrefix", "api").strip("/")
        self._most = queues.get("maxDequeueCount", 5)
        self._bindings = {
            path.parent.name: _read(path)["bindings"] for path in folder.glob("*/function.json")
        }
        self.port = free_port()
        self.poison: dict[str, list[str]] = {}
        self._folder = folder
        self._log = subprocess.PIPE
        known = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._environ = {
            **known,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{known.get('PATH', '')}",
            **(variables or {}),
            "FUNCTIONS_CUSTOMHANDLER_PORT": str(self.port),
            "FUNCTIONS_CUSTOMHANDLER_WORKER_ID": str(uuid.uuid4()),
            "FUNCTIONS_HTTPWORKER_PORT": str(self.port),
            "FUNCTIONS_HTTPWORKER_ID": str(uuid.uuid4()),
        }

    def __enter__(self) -> Self:
        described = self._handler["description"]
        program = shutil.which(
            described["defaultExecutablePath"], path=self._environ["PATH"]
        ) or str(self._folder / described["defaultExecutablePath"])
        self._process = subprocess.Popen(
            [program, *described.get("arguments", ())],
            cwd=self._folder / described.get("workingDirectory", ""),
            env=self._environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", trust_env=False, timeout=20
        )
        try:
            wait_until(self._is_up, "the custom handler's first response", 20)
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
        self._client.close()
        self._process.kill()
        self._process.wait()

    def _is_up(self) -> bool:
        assert self._process.poll() is None, f"the handler ended with {self._process.poll()}"
        try:
            self._client.get("/")
        except httpx.TransportError:
            return False
        return True

    def stop(self) -> int:
        """End the handler as a container that is stopped does; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(15)

    def http(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """A client's request to the app."""
        path = urlsplit(target).path.strip("/")
        name = self._function_at(path)
        headers = {"Host": "app.azurewebsites.net", **(headers or {})}
        asked = [binding["type"] for binding in self._bindings[name]]
        is_sent_on = self._handler.get("enableForwardingHttpRequest") or self._handler.get(
            "enableProxyingHttpRequest"
        )
        if is_sent_on and sorted(asked) == ["http", "httpTrigger"]:
            sent = self._client.request(
                method, target, headers={**headers, **self._added(headers)}, content=body
            )
            return Answer(sent.status_code, sent.headers, sent.content)
        return self._http_invocation(name, method, target, headers, body)

    def _function_at(self, path: str) -> str:
        for name, bindings in self._bindings.items():
            (trigger,) = (one for one in bindings if one["type"].endswith("Trigger"))
            route = trigger.get("route", name)
            at = "/".join(filter(None, (self._prefix, route.partition("{")[0].strip("/"))))
            is_open = "{*" in route
            if path == at or (is_open and f"{path}/".startswith(f"{at}/".lstrip("/"))):
                return name
        raise AssertionError(f"no function has the route {path}")

    def _added(self, headers: Mapping[str, str]) -> dict[str, str]:
        agent = next((headers[name] for name in headers if name.lower() == "user-agent"), "")
        return {
            "X-Azure-Functions-HostVersion": VERSION,
            "X-Azure-Functions-InvocationId": str(uuid.uuid4()),
            "User-Agent": f"{agent} Azure-Functions-Host/{VERSION}".strip(),
        }

    def _http_invocation(
        self, name: str, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> Answer:
        parts = urlsplit(target)
        kind = next((headers[key] for key in headers if key.lower() == "content-type"), "")
        request: dict[str, Any] = {
            "Url": parts._replace(scheme="https", netloc=headers["Host"]).geturl(),
            "Method": method,
            "Query": dict(parse_qsl(parts.query)),
            "Headers": {key: [value] for key, value in headers.items()},
            "Params": {},
            "Identities": [{"AuthenticationType": None, "IsAuthenticated": False}],
        }
        if body:
            is_binary = kind.startswith(_BINARY)
            request["Body"] = base64.b64encode(body).decode() if is_binary else body.decode()
        (trigger,) = (one for one in self._bindings[name] if one["type"] == "httpTrigger")
        (out,) = (one for one in self._bindings[name] if one["type"] == "http")
        done = self._invoke(name, {trigger["name"]: request}, {})
        if not done.is_success:
            return Answer(500, {}, b"")
        found = done.returned if out["name"] == "$return" else (done.outputs or {}).get(out["name"])
        return _http_answer(found)

    def trigger(
        self, name: str, value: Any, metadata: Mapping[str, Any] | None = None, **inputs: Any
    ) -> Invocation:
        """Something other than HTTP triggers a function; `inputs` are its further bindings."""
        (trigger,) = (one for one in self._bindings[name] if one["type"].endswith("Trigger"))
        data = {key: encoded(item) for key, item in {trigger["name"]: value, **inputs}.items()}
        known = {key: encoded(item) for key, item in (metadata or {}).items()}
        system = {"MethodName": name, "UtcNow": _now(), "RandGuid": str(uuid.uuid4())}
        return self._invoke(name, data, {**known, "sys": system})

    def queue(self, name: str, text: str) -> list[Invocation]:
        """Deliver a message until it is done, or goes to the poison queue."""
        message = {
            "Id": str(uuid.uuid4()),
            "InsertionTime": datetime.now(timezone.utc),
            "ExpirationTime": datetime.now(timezone.utc),
            "NextVisibleTime": datetime.now(timezone.utc),
            "PopReceipt": "AgAAAAMAAAAAAAAAAgtnj8x+1QE=",
        }
        done: list[Invocation] = []
        while len(done) < self._most:
            done.append(self.trigger(name, text, {**message, "DequeueCount": len(done) + 1}))
            if done[-1].is_success:
                return done
        self.poison.setdefault(name, []).append(text)
        return done

    def _invoke(
        self, name: str, data: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> Invocation:
        sent = self._client.post(
            f"/{name}", json={"Data": data, "Metadata": metadata}, headers=self._added({})
        )
        if not sent.is_success:
            return Invocation(sent.status_code, text=sent.text)
        assert sent.headers["content-type"].startswith("application/json"), sent.headers
        read = sent.json()
        assert isinstance(read, dict)
        outputs = {key: _bound(value) for key, value in (read.get("Outputs") or {}).items()}
        logs = read.get("Logs") or []
        assert all(isinstance(line, str) for line in logs)
        return Invocation(sent.status_code, outputs, _bound(read.get("ReturnValue")), logs)


def encoded(value: Any) -> Any:
    """A value as it stands in an invocation: objects and times as they are, the rest as JSON."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, dict) else json.dumps(value)


def _bound(value: Any) -> Any:
    """What an output binding gets: bytes of every text that happens to be base64."""
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else value
    except binascii.Error:
        return value


def _http_answer(found: Any) -> Answer:
    """The response that an HTTP output stands for; one that lacks a member fails."""
    if not isinstance(found, dict):
        body = found if isinstance(found, bytes) else str(found or "").encode()
        return Answer(200, {}, body)
    named = {key.lower(): value for key, value in found.items()}
    headers = {key.lower(): str(value) for key, value in named["headers"].items()}
    assert named["status"]
    body = named["body"]
    text = body if isinstance(body, str) else json.dumps(body)
    return Answer(int(named["statuscode"]), headers, text.encode())


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
