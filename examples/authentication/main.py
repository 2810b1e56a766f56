"""Lets in only callers with a verified OpenID Connect token, such as those Google signs.

ISSUER    who signs the tokens: https://accounts.google.com
JWKS_URL  the issuer's public keys: https://www.googleapis.com/oauth2/v3/certs
AUDIENCE  whom the token is for: the URL of this service
"""

import os
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import flask
import jwt

import functions_framework
from functions_framework import Invocation

ISSUER = os.environ["ISSUER"]
AUDIENCE = os.environ["AUDIENCE"]
# Fetched at the first call, then kept for five minutes.
KEYS = jwt.PyJWKClient(os.environ["JWKS_URL"], timeout=5)

caller: ContextVar[dict[str, Any]] = ContextVar("caller")


@functions_framework.middleware
def require_token(invocation: Invocation, call_next: Callable[[Invocation], Any]) -> Any:
    try:
        claims = verified(bearer_token(invocation.request))
    except jwt.PyJWKClientConnectionError:
        return "The keys of the issuer can't be fetched.\n", 503
    except jwt.PyJWTError:
        return "A valid token is needed.\n", 401, {"WWW-Authenticate": "Bearer"}
    caller.set(claims)
    return call_next(invocation)


def bearer_token(request: flask.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""


def verified(token: str) -> dict[str, Any]:
    """The token's claims.

    Raises:
        jwt.PyJWTError: the token is missing, forged, expired, or for another service.
    """
    key = KEYS.get_signing_key_from_jwt(token)
    # The algorithm is fixed here: one that the token chooses could be `none`.
    required = ["exp", "iat", "iss", "aud", "sub"]
    claims: dict[str, Any] = jwt.decode(
        token, key, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER,
        options={"require": required}, leeway=10,
    )  # fmt: skip
    return claims


@functions_framework.http
def hello(request: flask.Request) -> str:
    return f"Hello {caller.get()['email']}!\n"
