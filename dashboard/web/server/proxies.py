"""Trusted reverse proxies: which client a request comes from, and by which scheme.

Only values that a configured proxy has appended count: in ``X-Forwarded-For`` the rightmost address that is not a configured
proxy, in ``X-Forwarded-Proto`` the last word.  Clients can write anything into these headers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tornado.httputil import HTTPServerRequest

from dashboard.domain.ip_addresses import plain_address

#: Port after an IPv4 address, or after an IPv6 address in brackets, which some proxies append.
_PORT = re.compile(r"^([\d.]+|\[[^\]]*\]):\d+$")


class TrustedProxies:
    """Configured reverse proxies. ``addresses``: their IP addresses."""

    def __init__(self, addresses: Iterable[str]) -> None:
        self._addresses = frozenset(plain_address(each) or each for each in addresses)

    def apply(self, request: HTTPServerRequest) -> None:
        """Set ``remote_ip`` and ``protocol`` of a request."""
        peer = plain_address(request.remote_ip or "")
        if not peer:  # a Unix socket
            return
        request.remote_ip = peer
        if peer not in self._addresses:
            return
        for text in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
            address = plain_address(_PORT.sub(r"\1", text.strip()))
            if not address:
                break
            request.remote_ip = address
            if address not in self._addresses:
                break
        scheme = request.headers.get("X-Forwarded-Proto", "").rpartition(",")[2].strip().lower()
        if scheme in ("http", "https"):
            request.protocol = scheme
