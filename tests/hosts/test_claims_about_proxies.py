"""A host believes nothing of what a client claims about a proxy; the server may."""

from __future__ import annotations

from typing import Any

import pytest

from support.in_memory import HOSTS, serve

FORWARDED = {
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "elsewhere.example",
    "X-Forwarded-For": "192.0.2.1",
    "Forwarded": "for=192.0.2.1;proto=https;host=elsewhere.example",
}


@pytest.mark.parametrize("host", HOSTS)
def test_forwarded_headers_do_not_change_url_and_peer(host: str) -> None:
    def function(request: Any) -> str:
        peer = request.remote_addr if host == "wsgi" else request.client.host
        return f"{request.url} {peer}"

    ask = serve(host, function)
    plain = ask("GET", "/p")
    assert b"://localhost/p" in plain.body
    assert ask("GET", "/p", FORWARDED).body == plain.body


@pytest.mark.parametrize("host", HOSTS)
def test_the_function_can_read_them(host: str) -> None:
    def function(request: Any) -> str:
        return str(request.headers["X-Forwarded-Proto"])

    assert serve(host, function)("GET", "/", FORWARDED).body == b"https"
