"""Cross-origin requests (Fetch standard, section 3.2), over a real server and both Python APIs."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest

import functions_framework
from functions_framework import CORS, aio
from functions_framework.api.origins import matches, read_origins
from functions_framework.exceptions import InvalidConfigurationException
from support.served_source import Given, Served, refused, written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from support.served_source import Served

pytestmark = pytest.mark.once

A, B = "https://a.example", "https://b.example"

SOURCE = """
import functions_framework
from functions_framework import CORS

@functions_framework.http(cors=True)
{word}def anybody(request):
    if request.headers.get("x-crash"):
        raise ValueError("broken")
    return "anybody"

@functions_framework.http(cors="https://a.example")
{word}def only_a(request):
    if request.headers.get("x-crash"):
        raise ValueError("broken")
    return "only a", 200, {{"Vary": "Accept"}}

@functions_framework.http(cors=CORS(
    origins=["https://a.example", "https://b.example"], methods=["GET", "PUT"],
    headers=["x-token"], expose=["x-count"], credentials=True, max_age=60,
))
{word}def strict(request):
    return "strict", 200, {{"x-count": "3"}}

@functions_framework.http(cors=CORS(credentials=True))
{word}def named(request):
    return "named"

@functions_framework.http
{word}def none(request):
    return request.method

@functions_framework.typed
def double(number: int) -> int:
    return number * 2
"""


SERVERS = {word: Given(SOURCE.format(word=word)) for word in ("", "async ")}
SERVERS |= {
    f"{word}server": given._replace(flags=("--cors", f"{A},{B}")) for word, given in SERVERS.items()
}


@pytest.fixture(params=["", "async "], ids=["def", "async def"])
def word(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def client(servers: dict[str, Served], word: str) -> httpx.Client:
    return servers[word].client


@pytest.fixture
def open_server(servers: dict[str, Served], word: str) -> httpx.Client:
    return servers[f"{word}server"].client


def _rules(headers: Mapping[str, str]) -> dict[str, str]:
    """What a browser reads, without its prefix."""
    kept = {name.lower(): value for name, value in headers.items()}
    prefix = "access-control-"
    return {
        name.removeprefix(prefix): value
        for name, value in kept.items()
        if name.startswith(prefix) or name == "vary"
    }


def _preflight(client: httpx.Client, path: str, origin: str, **more: str) -> httpx.Response:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    return client.options(path, headers=headers | more)


@pytest.mark.parametrize(
    ("path", "origin", "rules"),
    [
        ("/anybody", A, {"allow-origin": "*"}),
        ("/anybody", "null", {"allow-origin": "*"}),
        ("/anybody", None, {"allow-origin": "*"}),
        ("/only_a", A, {"allow-origin": A, "vary": "Accept, Origin"}),
        ("/only_a", B, {"vary": "Accept, Origin"}),
        ("/only_a", "https://a.example.evil.example", {"vary": "Accept, Origin"}),
        ("/only_a", None, {"vary": "Accept, Origin"}),
        (
            "/strict",
            B,
            {
                "allow-origin": B,
                "allow-credentials": "true",
                "expose-headers": "x-count",
                "vary": "Origin",
            },
        ),
        ("/strict", "https://c.example", {"vary": "Origin"}),
        ("/named", A, {"allow-origin": A, "allow-credentials": "true", "vary": "Origin"}),
        ("/named", "https://\xe9.example", {"vary": "Origin"}),
        ("/none", A, {}),
    ],
)
def test_what_a_browser_is_told(
    client: httpx.Client, path: str, origin: str | None, rules: dict[str, str]
) -> None:
    headers = httpx.Headers({"Origin": origin} if origin else {}, encoding="latin-1")
    answer = client.get(path, headers=headers)
    assert answer.status_code == 200
    assert _rules(answer.headers) == rules


@pytest.mark.parametrize(
    ("path", "origin", "rules"),
    [
        (
            "/anybody",
            A,
            {
                "allow-origin": "*",
                "allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
                "allow-headers": "x-token, content-type",
                "max-age": "600",
            },
        ),
        (
            "/strict",
            A,
            {
                "allow-origin": A,
                "allow-credentials": "true",
                "allow-methods": "GET, PUT",
                "allow-headers": "x-token",
                "expose-headers": "x-count",
                "max-age": "60",
                "vary": "Origin",
            },
        ),
        ("/strict", "https://c.example", {"vary": "Origin"}),
    ],
)
def test_a_preflight_is_answered_without_the_function(
    client: httpx.Client, path: str, origin: str, rules: dict[str, str]
) -> None:
    asked = {"Access-Control-Request-Headers": "x-token, content-type"}
    answer = _preflight(client, path, origin, **asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert _rules(answer.headers) == rules


def test_other_options_requests_reach_the_function(client: httpx.Client) -> None:
    assert client.options("/none", headers={"Origin": A}).text == "OPTIONS"
    assert client.options("/anybody", headers={"Origin": A}).text == "anybody"
    assert _preflight(client, "/none", A).text == "OPTIONS"


@pytest.mark.parametrize("path", ["/anybody", "/only_a"])
def test_an_error_carries_the_headers_too(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Origin": A, "x-crash": "1"})
    assert (answer.status_code, answer.headers["x-google-status"]) == (500, "crash")
    assert answer.headers["access-control-allow-origin"] in {"*", A}


@pytest.mark.parametrize(
    ("path", "origin", "status", "allowed"),
    [
        ("/none", A, 200, A),
        ("/none", B, 200, B),
        ("/none", "https://c.example", 200, None),
        ("/double?number=2", A, 200, A),
        ("/double?number=x", A, 422, A),
        ("/nowhere", A, 404, A),
        ("/anybody", "https://c.example", 200, "*"),
        ("/only_a", B, 200, None),
    ],
)
def test_the_servers_rules_hold_where_a_function_has_none(
    open_server: httpx.Client, path: str, origin: str, status: int, allowed: str | None
) -> None:
    answer = open_server.get(path, headers={"Origin": origin})
    assert answer.status_code == status
    assert answer.headers.get("access-control-allow-origin") == allowed


def _ask_wsgi(source: Path, target: str, headers: dict[str, str], method: str) -> Any:
    app = functions_framework.create_app(target, source)
    return app.test_client().open("/", method=method, headers=headers)


def _ask_asgi(source: Path, target: str, headers: dict[str, str], method: str) -> Any:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(aio.create_asgi_app(target, source))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            return await client.request(method, "/", headers=headers)

    return asyncio.run(ask())


@pytest.mark.parametrize("ask", [_ask_wsgi, _ask_asgi])
def test_the_python_api_applies_both_kinds_of_rules(
    ask: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(tmp_path, SOURCE.format(word=""))
    asked = {"Origin": A, "Access-Control-Request-Method": "PUT"}
    answer = ask(source, "strict", asked, "OPTIONS")
    assert (answer.status_code, _rules(answer.headers)["allow-methods"]) == (204, "GET, PUT")
    answer = ask(source, "only_a", {"Origin": A}, "GET")
    assert answer.text == "only a"
    assert _rules(answer.headers)["allow-origin"] == A
    crashed = ask(source, "only_a", {"Origin": A, "x-crash": "1"}, "GET")
    assert (crashed.status_code, _rules(crashed.headers)["allow-origin"]) == (500, A)
    assert _rules(ask(source, "none", {"Origin": A}, "GET").headers) == {}
    monkeypatch.setenv("FUNCTION_CORS", B)
    assert _rules(ask(source, "none", {"Origin": B}, "GET").headers)["allow-origin"] == B


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        ("*", "*"),
        (f"{A}, {B}", (A, B)),
        (f"{A},*", "*"),
        (["null", "http://localhost:8080"], ("null", "http://localhost:8080")),
        ("capacitor://localhost", ("capacitor://localhost",)),
        ("chrome-extension://AbC", ("chrome-extension://AbC",)),
        ("HTTPS://A.Example:443", (A,)),
        (f"{A},{A}:0443,{A}:", (A,)),
        (
            "http://a.example:80,http://a.example:8080",
            ("http://a.example", "http://a.example:8080"),
        ),
        ("http://a.example:443", ("http://a.example:443",)),
        ("https://bücher.example", ("https://xn--bcher-kva.example",)),
        ("https://BÜCHER。example", ("https://xn--bcher-kva.example",)),
        ("https://straße.example", ("https://xn--strae-oqa.example",)),
        ("https://xn--bcher-kva.example", ("https://xn--bcher-kva.example",)),
        ("http://[0:0:0:0:0:0:0:1]:3000", ("http://[::1]:3000",)),
        ("http://[2001:DB8::1]", ("http://[2001:db8::1]",)),
        ("http://[::ffff:1.2.3.4]", ("http://[::ffff:102:304]",)),
        ("https://a\u00ad.exa\u200bmple", (A,)),
        ("http://127.0.0.1:*", ("http://127.0.0.1:*",)),
        ("https://*.A.example:443", ("https://*.a.example",)),
        ("https://*.bücher.example", ("https://*.xn--bcher-kva.example",)),
        ("NULL", ("null",)),
    ],
)
def test_origins_are_read(given: Any, origins: Any) -> None:
    assert read_origins(given) == origins


@pytest.mark.parametrize(
    "given",
    [
        "",
        "a.example",
        "https://a.example/",
        "https://a.example/x",
        "https://",
        "https://a,,",
        [],
        ["a"],
        "https://a.example:99999",
        "https://a.example:http",
        "https://user@a.example",
        "https://a.*.example",
        "https://*a.example",
        "https://*",
        "https://*:8443",
        "https://*.127.0.0.1",
        "*.a.example",
        "*://a.example",
        "http://a..example",
        "http://a%62.example",
        "http://[::1",
        "http://[a]",
        "http://::1",
        "http://1.2.3",
        "http://a.256",
        "http://a.example:4*",
    ],
)
def test_what_is_not_an_origin_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        read_origins(given)
    with pytest.raises(InvalidConfigurationException, match="cors="):
        CORS.of(CORS(origins=given))


@pytest.mark.parametrize(
    ("allowed", "origin", "is_allowed"),
    [
        ("http://localhost:*", "http://localhost:3000", True),
        ("http://localhost:*", "http://localhost", True),
        ("http://localhost:*", "https://localhost:3000", False),
        ("http://localhost:*", "http://localhost.evil.example:3000", False),
        ("http://localhost:*", "http://localhost:3000.evil.example", False),
        ("https://*.a.example", "https://b.a.example", True),
        ("https://*.a.example", "https://c.b.a.example", True),
        ("https://*.a.example", "https://a.example", False),
        ("https://*.a.example", "https://b-a.example", False),
        ("https://*.a.example", "https://b.a.example:8443", False),
        ("https://*.a.example", "http://b.a.example", False),
        ("https://*.a.example", "https://b.a.example.evil.example", False),
        ("https://*.a.example", "https://bxa.example", False),
        ("https://*.a.example", "https://evil.example/.a.example", False),
        ("https://*.a.example", "https://b.a.example\n", False),
        ("https://*.a.example:*", "https://b.a.example:1", True),
        ("http://[::1]:*", "http://[::1]:3000", True),
        ("capacitor://localhost:*", "capacitor://localhost:1", True),
    ],
)
def test_wildcards_match_what_they_say(allowed: str, origin: str, is_allowed: bool) -> None:
    assert matches(origin, read_origins(allowed)) is is_allowed
    rules = CORS.of(CORS(allowed, credentials=True))
    assert rules
    found = dict(rules.headers_for(origin))
    assert found.get("access-control-allow-origin") == (origin if is_allowed else None)
    assert found["vary"] == "Origin"


@pytest.mark.parametrize("given", [7, ["https://a.example"], {"origins": "*"}])
def test_what_is_not_a_rule_is_refused(given: Any) -> None:
    with pytest.raises(InvalidConfigurationException, match="neither True, nor an origin"):
        CORS.of(given)


def test_names_are_read_from_one_text_or_several() -> None:
    rules = CORS.of(CORS(A, methods="GET, PUT", headers="x-token,x-b", expose="x-count"))
    assert rules
    answer = dict(rules.preflight(A, "x-token").headers)
    assert answer["access-control-allow-methods"] == "GET, PUT"
    assert answer["access-control-allow-headers"] == "x-token, x-b"
    assert answer["access-control-expose-headers"] == "x-count"
    assert rules == CORS.of(
        CORS(A, methods=["GET", "PUT"], headers=["x-token", "x-b"], expose=["x-count"])
    )


@pytest.mark.parametrize("field", ["methods", "headers", "expose"])
@pytest.mark.parametrize("name", ["", "x\r\ny: 1", "x y", "\xe9"])
def test_names_that_no_header_can_hold_are_refused(field: str, name: str) -> None:
    with pytest.raises(InvalidConfigurationException, match=re.escape(f"found {name!r}")):
        CORS.of(CORS(A, **{field: ["x-count", name]}))  # type: ignore[arg-type]


def test_a_wrong_setting_is_one_line(tmp_path: Path) -> None:
    text = SOURCE.format(word="")
    code, said = refused(tmp_path, text, "--cors", "a.example")
    assert code == 2
    assert "'--cors': 'a.example': expected '*', or a scheme and host" in said
    code, said = refused(tmp_path, text, FUNCTION_CORS="a.example")
    assert code == 2
    assert "FUNCTION_CORS" in said
