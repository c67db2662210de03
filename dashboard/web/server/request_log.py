"""Log of requests: status 500 as an error, others at level debug; without queries, and without this server's tokens in paths."""

from __future__ import annotations

import logging

from tornado.web import RequestHandler

from dashboard.ingest.naming import without_secrets
from dashboard.web.server.base import BaseHandler

_log = logging.getLogger(__name__)


def log_request(handler: RequestHandler) -> None:
    """Log a request; called by Tornado."""
    request, status = handler.request, handler.get_status()
    level = logging.ERROR if status == 500 else logging.DEBUG
    if _log.isEnabledFor(level):
        path = without_secrets(handler.shown_path if isinstance(handler, BaseHandler) else request.path)
        _log.log(level, "%d %s %s %.1f ms", status, request.method, path, 1000 * request.request_time())
