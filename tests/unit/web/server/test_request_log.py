"""What is logged of a request."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tornado.web import RequestHandler

from dashboard.web.server.request_log import log_request


def handler(path: str, status: int) -> RequestHandler:
    request = SimpleNamespace(method="GET", path=path, request_time=lambda: 0.001)
    made: Any = SimpleNamespace(request=request, get_status=lambda: status)
    return cast(RequestHandler, made)


def test_a_token_in_a_path_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "dashboard.web.server.request_log"):
        log_request(handler("/wrong/dsh_canary-token/x", 404))
    (record,) = caplog.records
    assert (record.levelname, record.getMessage()) == ("DEBUG", "404 GET /wrong/***/x 1.0 ms")
