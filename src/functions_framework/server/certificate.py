"""The TLS certificate, looked at before anything is started: a bad one is a line, not a crash."""

from __future__ import annotations

import ssl

from functions_framework.exceptions import InvalidConfigurationException


def check_certificate(chain: str | None, key: str | None) -> None:
    """See that both files are there and belong together.

    Raises:
        InvalidConfigurationException: one is missing, unreadable, no PEM, or does not fit.
    """
    if not chain or not key:
        given, missing = ("--certfile", "--keyfile") if chain else ("--keyfile", "--certfile")
        raise InvalidConfigurationException(f"{given} needs {missing} as well: give both.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
    except OSError as error:
        raise InvalidConfigurationException(
            f"Cannot use the certificate {chain!r} with the key {key!r}: "
            f"{error.strerror or error}. Give PEM files that belong together."
        ) from None
