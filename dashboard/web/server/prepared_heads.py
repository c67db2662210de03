"""Heads of answers, prepared once: the status line and headers of a feeder's answer are always the same, except date and length.

Tornado checks, normalises and joins each header of each answer anew, which takes longer than accepting a sample.
"""

from __future__ import annotations

import http
import re
import time
from collections.abc import Callable

from tornado.httputil import HTTPHeaders, format_timestamp

#: Different heads that are kept; beyond it all are forgotten.
_MAX_HEADS = 200
_NEWLINES = re.compile("[\r\n]")
_BODILESS = (204, 304)

#: Headers of all answers.
COMMON_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}

Headers = tuple[tuple[str, str], ...]


class PreparedHeads:
    """Cache of heads. ``wall_s``: the time of day, in seconds since 1970, for the header Date."""

    def __init__(self, wall_s: Callable[[], float] = time.time) -> None:
        self._wall_s = wall_s
        self._heads: dict[tuple[int, str, Headers], bytes] = {}
        self._date_s = 0
        self._date = b""

    def head(self, status: int, content_type: str, headers: Headers, length: int) -> bytes:
        """Return the head of an answer to a request of HTTP/1.1. ``headers`` replace ``COMMON_HEADERS`` of the same name.

        ``content_type``: empty if the answer has none. ``length``: the body's length in bytes. Raises ValueError if a
        header has a line break.
        """
        key = status, content_type, headers
        fixed = self._heads.get(key)
        if fixed is None:
            if len(self._heads) >= _MAX_HEADS:
                self._heads.clear()
            fixed = self._heads[key] = self._make(status, content_type, headers)
        if status in _BODILESS:
            return b"%s%s\r\n" % (fixed, self._date_line())
        return b"%s%sContent-Length: %d\r\n\r\n" % (fixed, self._date_line(), length)

    def _make(self, status: int, content_type: str, headers: Headers) -> bytes:
        every = HTTPHeaders()
        if content_type and status not in _BODILESS:
            every["Content-Type"] = content_type
        for name, value in (*COMMON_HEADERS.items(), *headers):
            every[name] = value
        lines = [f"HTTP/1.1 {status} {http.HTTPStatus(status).phrase}", *(f"{n}: {v}" for n, v in every.get_all())]
        if any(map(_NEWLINES.search, lines)):
            raise ValueError(f"a header has a line break: {lines!r}")
        return "".join(f"{line}\r\n" for line in lines).encode("latin-1")

    def _date_line(self) -> bytes:
        """Return the line with the date, which is made once a second."""
        now_s = int(self._wall_s())
        if now_s != self._date_s:
            self._date_s, self._date = now_s, f"Date: {format_timestamp(now_s)}\r\n".encode()
        return self._date
