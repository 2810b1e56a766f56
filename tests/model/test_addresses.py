"""Addresses as HTTP and sockets write them."""

from __future__ import annotations

import pytest

from functions_framework.model.addresses import host_and_port, ip_address, is_loopback


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("example.com:8080", ("example.com", 8080)),
        ("example.com", ("example.com", None)),
        ("example.com:", ("example.com", None)),
        ("192.0.2.1:80", ("192.0.2.1", 80)),
        ("[2001:db8::1]:8080", ("2001:db8::1", 8080)),
        ("[2001:db8::1]", ("2001:db8::1", None)),
        ("2001:db8::1", ("2001:db8::1", None)),
        ("example.com:http", ("example.com", None)),
        ("example.com:\u00b2", ("example.com", None)),
        ("", ("", None)),
    ],
)
def test_a_host_and_its_port(text: str, expected: tuple[str, int | None]) -> None:
    assert host_and_port(text) == expected


@pytest.mark.parametrize(
    ("text", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.8.9.10", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:7f00:1", True),
        ("192.0.2.1", False),
        ("0.0.0.0", False),
        ("::ffff:192.0.2.1", False),
        ("localhost", False),
        ("127.1", False),
        ("", False),
    ],
)
def test_the_addresses_of_this_machine_alone(text: str, *, is_own: bool) -> None:
    assert is_loopback(text) is is_own


def test_a_mapped_address_is_the_one_of_ipv4() -> None:
    assert ip_address("::ffff:192.0.2.1") == ip_address("192.0.2.1")
    assert ip_address("unix:") is None
