"""HTTP requests that the host of Azure Functions sends on to the server as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from support.functions_host import FunctionsHost
from support.server_process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.once

SOURCE = """
import flask
import functions_framework
from starlette.responses import RedirectResponse

def seen(method, url, client, headers, body):
    named = {name.lower(): value for name, value in headers.items()}
    return {"method": method, "url": url, "client": client, "headers": named, "body": body.hex()}

@functions_framework.http
def plain(request):
    if request.path == "/plain/moved":
        return flask.redirect("/elsewhere", 307)
    return seen(request.method, request.url, request.remote_addr, request.headers, request.data)

@functions_framework.http
async def waiting(request):
    if request.url.path == "/waiting/moved":
        return RedirectResponse("/elsewhere", 307)
    url, client = str(request.url), request.client.host
    return seen(request.method, url, client, request.headers, await request.body())
"""
# As the front end of the service adds them.
FRONT_END = {
    "X-Forwarded-For": "203.0.113.9:51234",
    "X-Forwarded-Proto": "https",
    "X-ARR-SSL": "2048|256|CN=Microsoft|CN=*.azurewebsites.net",
    "X-Original-URL": "/plain?code=0",
    "DISGUISED-HOST": "app.azurewebsites.net",
    "Max-Forwards": "10",
    "User-Agent": "curl/8",
}
KINDS = ["plain", "waiting"]


def written(folder: Path) -> Path:
    """An app whose two functions get every path below their own."""
    (folder / "main.py").write_text(SOURCE, encoding="utf-8")
    host = {
        "version": "2.0",
        "customHandler": {
            "description": {
                "defaultExecutablePath": "functions-framework",
                "arguments": ["--target", "plain,waiting"],
            },
            "enableProxyingHttpRequest": True,
        },
        "extensions": {"http": {"routePrefix": ""}},
    }
    (folder / "host.json").write_text(json.dumps(host), encoding="utf-8")
    for name in KINDS:
        trigger = {
            "type": "httpTrigger", "direction": "in", "name": "req", "route": f"{name}/{{*rest}}",
        }  # fmt: skip
        bindings = [trigger, {"type": "http", "direction": "out", "name": "res"}]
        (folder / name).mkdir()
        (folder / name / "function.json").write_text(json.dumps({"bindings": bindings}))
    return folder


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FunctionsHost]:
    with FunctionsHost(written(tmp_path_factory.mktemp("app"))) as started:
        yield started


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_arrives_as_its_client_sent_it(host: FunctionsHost, kind: str) -> None:
    headers = {**FRONT_END, "Content-Type": "application/octet-stream"}
    answer = host.http("PUT", f"/{kind}/a%20b?q=%C3%A9&q=2", headers, b"\0\xff")
    assert answer.status == 200
    found = json.loads(answer.body)
    assert found["method"] == "PUT"
    assert unquote(found["url"]) == f"https://app.azurewebsites.net/{kind}/a b?q=é&q=2"
    assert found["client"] == "203.0.113.9"
    assert found["body"] == "00ff"
    assert found["headers"]["x-azure-functions-invocationid"]
    assert found["headers"]["user-agent"].startswith("curl/8 Azure-Functions-Host/")
    assert found["headers"]["max-forwards"] == "10"


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_is_the_clients_to_follow(host: FunctionsHost, kind: str) -> None:
    answer = host.http("GET", f"/{kind}/moved", FRONT_END)
    assert (answer.status, answer.headers["location"]) == (307, "/elsewhere")


@pytest.mark.parametrize("kind", KINDS)
def test_what_looks_like_an_invocation_is_not_one(host: FunctionsHost, kind: str) -> None:
    body = b'{"Data":{"item":"1"},"Metadata":{}}'
    headers = {**FRONT_END, "Content-Type": "application/json"}
    answer = host.http("POST", f"/{kind}", headers, body)
    assert bytes.fromhex(json.loads(answer.body)["body"]) == body


def test_port_counts_first_and_sigterm_ends_it(tmp_path: Path) -> None:
    host = FunctionsHost(written(tmp_path), {"PORT": str(port := free_port())})
    host.port = port
    with host:
        assert host.stop() == 0
