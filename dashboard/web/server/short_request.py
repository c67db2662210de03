"""Requests with a short body, whose handler begins when the whole body has arrived.

When the headers have arrived, Tornado begins a handler that reads its body itself, and waits twice: until the handler is ready
for the body, and until the body has arrived.  For a feeder's POST of one value, these two waits take longer than everything
else that Tornado does.  Everything that is checked or counted at the beginning is still checked, a moment later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tornado.gen import convert_yielded
from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerRequest, RequestStartLine, ResponseStartLine
from tornado.web import Application

from dashboard.web.server.base import BaseHandler
from dashboard.web.server.quick_heads import short_length
from dashboard.web.server.taken_over import TakenOverStream


class ShortRequest(HTTPMessageDelegate):
    """Delegate of a request with a short body; called by Tornado, like the delegate that it replaces."""

    def __init__(
        self,
        application: Application,
        request: HTTPServerRequest,
        handler: type[BaseHandler[object]],
        arguments: dict[str, object],
        path: Sequence[bytes],
    ) -> None:
        self._application = application
        self._request = request
        self._handler_class = handler
        self._arguments = arguments
        self._path = path
        self._handler: BaseHandler[object]
        self._chunks: list[bytes] = []

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        """Count the request. Its body needs no deadline if it has arrived with the headers."""
        request = self._request
        request._body_future = asyncio.Future()  # by which handlers learn whether the body has arrived
        self._handler = self._handler_class(self._application, request, **self._arguments)
        self._handler.count()
        connection = request.connection
        assert isinstance(connection, HTTP1Connection)
        if isinstance(connection.stream, TakenOverStream):
            self._handler.failed = connection.stream.take_failure()
        if len(connection.stream._read_buffer) >= int(headers["Content-Length"]):
            connection._body_timeout = None

    def data_received(self, chunk: bytes) -> None:
        """Keep a part of the body; all parts together are short."""
        self._chunks.append(chunk)

    def finish(self) -> None:
        """Run the handler with the whole body."""
        self._request._body_future.set_result(None)
        self._handler.arrived = b"".join(self._chunks)
        running = convert_yielded(self._handler._execute([], *self._path))
        running.add_done_callback(_raise_errors)  # as Tornado does

    def on_connection_close(self) -> None:
        """Tell the handler that the client has left before the body was whole."""
        self._handler.on_connection_close()


def waits_for_body(request: HTTPServerRequest, handler: type[BaseHandler[object]]) -> bool:
    """Return whether a request's handler can begin when the body has arrived: a short body, not compressed, of known length.

    Longer bodies are handed over as they arrive, so that they count in the budget of all bodies and can be refused early.
    """
    headers = request.headers
    if not handler.waits_for_body or request.method != "POST" or short_length(headers) is None:
        return False
    framed_otherwise = "Transfer-Encoding" in headers or "Content-Encoding" in headers or "Expect" in headers
    return not framed_otherwise and isinstance(request.connection, HTTP1Connection)


def _raise_errors(running: asyncio.Future[None]) -> None:
    """Raise what escaped the handler, so that the event loop logs it."""
    if not running.cancelled():
        running.result()
