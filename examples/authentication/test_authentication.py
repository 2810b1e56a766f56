"""An issuer of the test's own signs tokens; only those that are right get in."""

import json
import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from functions_framework.testing import Client

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
JWKS = json.dumps({"keys": [{**PUBLIC, "kid": "k1", "use": "sig"}]}).encode()


class Keys(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(JWKS)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Keys) as issuer:
        Thread(target=issuer.serve_forever, daemon=True).start()
        environ = {
            "ISSUER": "https://issuer.example",
            "AUDIENCE": "https://hello.example",
            "JWKS_URL": f"http://127.0.0.1:{issuer.server_port}/keys",
        }
        yield Client(Path(__file__).with_name("main.py"), target="hello", environ=environ)
        issuer.shutdown()


def signed(key: Any = KEY, algorithm: str = "RS256", **changed: Any) -> str:
    claims = {
        "iss": "https://issuer.example",
        "aud": "https://hello.example",
        "sub": "1",
        "iat": time.time(),
        "exp": time.time() + 60,
        "email": "ada@example.com",
    }
    kept = {name: value for name, value in (claims | changed).items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": "k1"})


def test_a_valid_token_gets_in(client: Client) -> None:
    result = client.get("/", headers={"Authorization": f"Bearer {signed()}"})
    assert (result.status, result.text) == (200, "Hello ada@example.com!\n")


REFUSED = {
    "expired": partial(signed, exp=time.time() - 60),
    "without an end": partial(signed, exp=None),
    "for another service": partial(signed, aud="https://other.example"),
    "of another issuer": partial(signed, iss="https://evil.example"),
    "signed with another key": partial(signed, OTHER_KEY),
    "not signed": partial(signed, None, "none"),
    "signed with a shared secret": partial(signed, "k" * 32, "HS256"),
    "not a token": lambda: "abc",
    "empty": lambda: "",
}


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED)
def test_any_other_token_is_refused(client: Client, token: Any) -> None:
    result = client.get("/", headers={"Authorization": f"Bearer {token()}"})
    assert result.status == 401
    assert result.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YTpi"}], ids=["none", "Basic"])
def test_a_request_without_a_token_is_refused(client: Client, headers: dict[str, str]) -> None:
    assert client.get("/", headers=headers).status == 401
