"""Requests to a server in the test's loop, by Tornado's own client."""

from __future__ import annotations

import json
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from dashboard.app.build import Dashboard
from tests.support.deadline import scaled


async def fetch(server: Dashboard, path: str, *, method: str = "GET", body: Any = None, **options: Any) -> HTTPResponse:
    """Send one request; any status is an answer. Bodies that are neither bytes nor text are sent as JSON."""
    if body is not None and not isinstance(body, bytes | str):
        body = json.dumps(body)
    return await AsyncHTTPClient(force_instance=True).fetch(
        f"http://127.0.0.1:{server.port}{path}",
        method=method,
        body=body,
        allow_nonstandard_methods=True,
        raise_error=False,
        follow_redirects=False,
        decompress_response=False,
        **{"connect_timeout": scaled(60), "request_timeout": scaled(60), **options},
    )


def answer(response: HTTPResponse) -> Any:
    """Return the body as JSON."""
    return json.loads(response.body)
