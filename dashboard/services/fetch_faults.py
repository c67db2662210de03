"""What Tornado's client raises when another server is not there, or answers what is no answer."""

from __future__ import annotations

from tornado.httpclient import HTTPClientError
from tornado.httputil import HTTPInputError
from tornado.iostream import UnsatisfiableReadError

#: UnsatisfiableReadError: headers beyond the client's limit. ValueError: an address or a status line that is none.
FETCH_FAULTS = (HTTPClientError, HTTPInputError, UnsatisfiableReadError, OSError, ValueError)
