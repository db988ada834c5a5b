"""The address that a request comes from. Stock Frappe believes whatever a client writes into X-Forwarded-For.

Believed are the proxies of `trusted_proxies` in common_site_config.json or site_config.json (addresses and networks; unless set,
this machine). The embedded runtime has done the same before, and taken the header away.
"""

import ipaddress
from collections.abc import Sequence

import frappe

THIS_MACHINE = ("127.0.0.0/8", "::1")


def before_request() -> None:
    """Hook: `frappe.local.request_ip`, by which tries are counted and which logs show, is the true one."""
    environ = frappe.request.environ
    trusted = frappe.conf.get("trusted_proxies")
    frappe.local.request_ip = client_of(
        environ.get("REMOTE_ADDR") or "127.0.0.1",
        environ.get("HTTP_X_FORWARDED_FOR", ""),
        THIS_MACHINE if trusted is None else trusted,
    )


def client_of(peer: str, forwarded: str, trusted: Sequence[str]) -> str:
    """From the peer leftwards through X-Forwarded-For, the first address that is no trusted proxy.

    >>> client_of("127.0.0.1", "6.6.6.6, 203.0.113.9", ["127.0.0.1"])
    '203.0.113.9'
    >>> client_of("198.51.100.4", "6.6.6.6", ["127.0.0.1"])
    '198.51.100.4'
    """
    networks = [ipaddress.ip_network(text, strict=False) for text in trusted]
    found = peer
    for hop in (peer, *reversed(forwarded.split(","))):
        try:
            address = ipaddress.ip_address(hop.strip())
        except ValueError:
            break
        found = str(address)
        if not any(address in network for network in networks):
            break
    return found
