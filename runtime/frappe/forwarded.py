"""Behind a reverse proxy: the client's address, scheme and host, which only a trusted proxy may tell.

`trusted_proxies` of common_site_config.json or site_config.json lists addresses and networks. Unless set, it is this machine:
`bench start` listens there only, so whoever else is forwarded came through a proxy of the operator's.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

THIS_MACHINE = ("127.0.0.0/8", "::1")
_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def unwrap(environ: dict[str, Any], trusted: Sequence[str] | None = None) -> None:
    """Put what trusted proxies say into `environ`, and take out what anybody else claims."""
    told = {name: environ.pop(f"HTTP_X_FORWARDED_{name}", "") for name in ("FOR", "PROTO", "HOST")}
    proxies = _networks(THIS_MACHINE if trusted is None else tuple(trusted))
    peer = _address(environ.get("REMOTE_ADDR") or "127.0.0.1")
    if peer is None or not _is_one_of(peer, proxies):
        return
    environ["REMOTE_ADDR"] = str(_client(peer, told["FOR"], proxies))
    # Each proxy appends; what the last one says is what the nearest proxy saw.
    scheme, host = (told[name].rpartition(",")[2].strip() for name in ("PROTO", "HOST"))
    if scheme in ("http", "https"):
        environ["wsgi.url_scheme"] = scheme
    if _HOST.fullmatch(host):
        environ["HTTP_HOST"] = host


def _client(peer: Address, told: str, proxies: tuple[Any, ...]) -> Address:
    """From the right, the first address that is no trusted proxy; what stands left of it is the client's own claim."""
    for text in reversed(told.split(",")):
        hop = _address(text)
        if hop is None:
            break
        peer = hop
        if not _is_one_of(hop, proxies):
            break
    return peer


def _address(text: str) -> Address | None:
    """With or without a port; an IPv4 address in IPv6 clothes is the IPv4 address."""
    bare = re.sub(r"^\[(.*)\](:\d+)?$|^([\d.]+):\d+$", lambda found: found[1] or found[3], text.strip())
    try:
        found = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _is_one_of(address: Address, networks: tuple[Any, ...]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=8)
def _networks(texts: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)
