"""HTTP requests to other servers, by Tornado's client."""

from __future__ import annotations

import asyncio

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPInputError
from tornado.iostream import UnsatisfiableReadError

#: Errors of a server that does not answer, or not in valid HTTP.
#: UnsatisfiableReadError: headers beyond the client's limit. ValueError: an invalid URL or status line.
FETCH_FAULTS = (HTTPClientError, HTTPInputError, UnsatisfiableReadError, OSError, ValueError)


async def fetch(client: AsyncHTTPClient, request: HTTPRequest, *, raise_error: bool = True) -> HTTPResponse:
    """Fetch like ``client.fetch``, but safe to cancel: Tornado logs an error if a cancelled request fails later."""
    answer = client.fetch(request, raise_error=raise_error)
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # the caller may be cancelled by then
    return await asyncio.shield(answer)
