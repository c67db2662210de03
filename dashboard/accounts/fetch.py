"""Ask another server, by Tornado's client."""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest, HTTPResponse
from tornado.httputil import HTTPInputError
from tornado.iostream import UnsatisfiableReadError

#: What is raised when it is not there, or answers what is no answer.
#: UnsatisfiableReadError: headers beyond the client's limit. ValueError: an address or a status line that is none.
FETCH_FAULTS = (HTTPClientError, HTTPInputError, UnsatisfiableReadError, OSError, ValueError)


async def fetch(client: AsyncHTTPClient, request: HTTPRequest, **options: Any) -> HTTPResponse:
    """``client.fetch``, which may be cancelled: Tornado logs an error when what it was cancelled for fails later."""
    answer = client.fetch(request, **options)
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # perhaps nobody waits for it any more
    return await asyncio.shield(answer)
