"""The names that secrets go under, which are listed here; names only, no values."""

from __future__ import annotations

import re
from functools import lru_cache

# Of names without case and punctuation: `X-Api-Key`, `apiKey` and `api_key` are one name.
_PARTS = (
    "accesskey", "accountkey", "apikey", "assertion", "authkey", "authorization",
    "connectionstring", "cookie", "credential", "encryptionkey", "functionskey", "jwt", "masterkey",
    "passcode", "passphrase", "passwd", "password", "privatekey", "samlresponse", "secret",
    "sessionid", "sessionkey", "sessid", "sharedkey", "signingkey", "subscriptionkey",
)  # fmt: skip
_WHOLE = frozenset({
    "auth", "bearer", "code", "codeverifier", "csrf", "cvc", "cvv", "pwd", "sess", "tokens",
    "xauth", "xsrf",
})  # fmt: skip
_ENDS = ("otp", "pass", "session", "sig", "signature", "token")
_NO_ENDS = ("bypass", "compass", "overpass", "surpass", "trespass", "underpass")
# A code is a secret by itself, and where one of these says which.
_CODES = tuple(
    f"{kind}code"
    for kind in (
        "2fa", "access", "auth", "backup", "confirmation", "device", "login", "mfa", "oauth",
        "onetime", "otp", "recovery", "reset", "security", "user", "verification",
    )
)  # fmt: skip

_NOT_IN_NAMES = re.compile(r"[\W_]+")


@lru_cache(maxsize=2048)
def normal_name(name: str) -> str:
    """A name without case and punctuation."""
    return _NOT_IN_NAMES.sub("", name).lower()


@lru_cache(maxsize=2048)
def is_secret_name(normal: str) -> bool:
    """Whether what goes under a name, as `normal_name` gives it, is a secret."""
    return (
        normal in _WHOLE
        or (normal.endswith(_ENDS) and not normal.endswith(_NO_ENDS))
        or normal.endswith(_CODES)
        or any(part in normal for part in _PARTS)
    )
