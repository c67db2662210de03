"""Heads of requests that can be answered without a handler, parsed once: a feeder sends the same head with every sample.

A head is the first line and the headers, as bytes.  What is decided here depends only on the head and the client's address: the
guard, the route, the length of the body.  Everything that may change between two requests is decided for each request (``QuickWork``).
Requests that are unusual in any way are left to Tornado, which answers or refuses them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from tornado.httputil import HTTPHeaders, HTTPInputError, HTTPServerRequest, parse_request_start_line

#: Heads that are remembered, of all connections; beyond it the oldest is forgotten. Longer heads are left to Tornado.
_MOST_HEADS = 256
_MOST_BYTES = 2_048
#: Bodies up to this length may be handled without Tornado's steps.
SHORT_BYTES = 16_384
#: A request with one of these headers is left to Tornado.
_UNUSUAL = (
    "Content-Encoding",
    "Cookie",
    "Expect",
    "Origin",
    "Sec-Fetch-Site",
    "Transfer-Encoding",
    "Upgrade",
)


class LeftToHandler(Exception):
    """Raised by the work on a request that has changed nothing, if a handler has to do it."""


class QuickWork(Protocol):
    """Work on the requests with one head."""

    def begin(self, body: bytes) -> Awaitable[bytes] | None:
        """Return work that handles a body and gives the whole answer; None if a handler has to do it.

        Nothing may be changed before the work is awaited. The work raises LeftToHandler, or what a handler has to answer.
        """


class QuickHead(NamedTuple):
    """A known head: the length of the body, and the work on the body."""

    length: int
    work: QuickWork


class QuickHeads:
    """Cache of heads. ``work_for`` returns the work on a request, None if a handler has to do it."""

    def __init__(self, work_for: Callable[[HTTPServerRequest], QuickWork | None]) -> None:
        self._work_for = work_for
        self._known: dict[tuple[str, bytes], QuickHead | None] = {}

    def find(self, address: str, head: bytes) -> QuickHead | None:
        """Return a known or new head; None if the request is left to Tornado. ``head``: with the empty line at its end."""
        if len(head) > _MOST_BYTES or not head.startswith(b"POST /"):
            return None
        key = address, head
        if key in self._known:
            return self._known[key]
        if len(self._known) >= _MOST_HEADS:
            del self._known[next(iter(self._known))]
        found = self._known[key] = self._parse(address, head)
        return found

    def _parse(self, address: str, head: bytes) -> QuickHead | None:
        if head.count(b"\n") != head.count(b"\r\n"):  # Tornado ends lines there, too
            return None
        line, _, rest = head.decode("latin-1").partition("\r\n")
        try:
            start_line, headers = parse_request_start_line(line), HTTPHeaders.parse(rest)
            request = HTTPServerRequest(headers=headers, start_line=start_line)
        except HTTPInputError:
            return None
        request.remote_ip = address
        length = short_length(headers)
        if length is None or start_line.version != "HTTP/1.1" or request.query or "?" in start_line.path:
            return None
        if any(name in headers for name in _UNUSUAL) or headers.get("Connection", "").lower() not in ("", "keep-alive"):
            return None
        work = self._work_for(request)
        return None if work is None else QuickHead(length, work)


def short_length(headers: HTTPHeaders) -> int | None:
    """Return the length of a short body; None if the body may be long, or its length is not stated."""
    length = headers.get("Content-Length", "")
    if not (length.isdecimal() and length.isascii() and len(length) < 6 and int(length) <= SHORT_BYTES):
        return None
    return int(length)
