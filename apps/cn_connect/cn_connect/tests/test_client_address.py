"""Whose word about the client's address is believed."""

import pytest

from cn_connect.client_address import THIS_MACHINE, client_of


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("127.0.0.1", "203.0.113.9", THIS_MACHINE, "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9", THIS_MACHINE, "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, 203.0.113.9, ::1", THIS_MACHINE, "203.0.113.9"),
        ("127.0.0.1", "6.6.6.6, unknown", THIS_MACHINE, "127.0.0.1"),
        ("127.0.0.1", "", THIS_MACHINE, "127.0.0.1"),
        ("127.0.0.1", "6.6.6.6", [], "127.0.0.1"),
        ("198.51.100.4", "6.6.6.6", THIS_MACHINE, "198.51.100.4"),
        ("10.0.0.3", "6.6.6.6, 203.0.113.9, 10.0.0.2", ["10.0.0.0/24"], "203.0.113.9"),
    ],
)
def test_only_trusted_proxies_tell_the_address(peer, forwarded, trusted, address):
    assert client_of(peer, forwarded, trusted) == address
