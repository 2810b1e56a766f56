"""X-Forwarded-For and -Proto count only where a configured proxy sent them."""

from __future__ import annotations

from typing import Any

import pytest

from functions_framework.exceptions import InvalidConfigurationException
from functions_framework.server.wire.forwarded import Proxies, peer_of

pytestmark = pytest.mark.once

LOOPBACK = "127.0.0.1,::1"


def seen(trusted: str, peer: str, forwarded_for: str = "", proto: str = "") -> tuple[str, str]:
    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    environ |= {"HTTP_X_FORWARDED_FOR": forwarded_for, "HTTP_X_FORWARDED_PROTO": proto}
    scope: dict[str, Any] = {"client": (peer, 5) if peer else None, "scheme": "http"}
    headers = {"x-forwarded-for": forwarded_for, "x-forwarded-proto": proto}
    proxies = Proxies(trusted)
    proxies.amend_environ(environ)
    proxies.amend_scope(scope, headers)
    found = environ["REMOTE_ADDR"], environ["wsgi.url_scheme"]
    assert ((scope["client"] or ("",))[0], scope["scheme"]) == found
    assert peer_of(environ) == peer
    return found


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded_for", "proto", "expected"),
    [
        (LOOPBACK, "127.0.0.1", "1.2.3.4", "https", ("1.2.3.4", "https")),
        (LOOPBACK, "::1", "1.2.3.4", "HTTPS", ("1.2.3.4", "https")),
        (LOOPBACK, "::ffff:127.0.0.1", "1.2.3.4", "", ("1.2.3.4", "http")),
        (LOOPBACK, "10.0.0.1", "1.2.3.4", "https", ("10.0.0.1", "http")),
        ("", "127.0.0.1", "1.2.3.4", "https", ("127.0.0.1", "http")),
        ("*", "10.0.0.1", "9.9.9.9, 1.2.3.4", "https", ("9.9.9.9", "https")),
        ("10.0.0.0/8", "10.0.0.1", "9.9.9.9, 1.2.3.4, 10.2.2.2", "", ("1.2.3.4", "http")),
        (LOOPBACK, "127.0.0.1", "1.2.3.4, nonsense", "", ("127.0.0.1", "http")),
        (LOOPBACK, "127.0.0.1", "", "gopher", ("127.0.0.1", "http")),
        (LOOPBACK, "127.0.0.1", "", "http, https", ("127.0.0.1", "https")),
        # Traefik names the scheme of a handshake so.
        (LOOPBACK, "127.0.0.1", "", "wss", ("127.0.0.1", "https")),
        (LOOPBACK, "127.0.0.1", "", "https, ws", ("127.0.0.1", "http")),
        (LOOPBACK, "127.0.0.1", "2001:db8::1", "", ("2001:db8::1", "http")),
        (LOOPBACK, "127.0.0.1", "1.2.3.4:51234", "", ("1.2.3.4", "http")),
        (LOOPBACK, "127.0.0.1", "[2001:db8::1]:51234", "", ("2001:db8::1", "http")),
        ("10.0.0.0/8,127.0.0.1", "127.0.0.1", "1.2.3.4:5, 10.0.0.1:80", "", ("1.2.3.4", "http")),
        (LOOPBACK, "127.0.0.1", "nonsense:80", "", ("127.0.0.1", "http")),
        # By a Unix domain socket, which has no addresses.
        (LOOPBACK, "", "1.2.3.4", "https", ("", "http")),
        ("0.0.0.0/0", "", "1.2.3.4", "https", ("", "http")),
        ("*", "", "9.9.9.9, 1.2.3.4", "https", ("9.9.9.9", "https")),
    ],
)
def test_what_is_believed(
    trusted: str, peer: str, forwarded_for: str, proto: str, expected: tuple[str, str]
) -> None:
    assert seen(trusted, peer, forwarded_for, proto) == expected


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidConfigurationException, match=r"'10\.0\.0\.0/99' in --forwarded"):
        Proxies("127.0.0.1, 10.0.0.0/99")
