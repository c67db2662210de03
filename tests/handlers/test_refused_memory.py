"""Refused requests leave nothing behind: no cycle keeps a handler, and with it the body, until the collector comes."""

from __future__ import annotations

import gc
import gzip
import zlib
from collections.abc import Iterator

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from dashboard.web.server.base import BaseHandler
from tests.support.inprocess import running
from tests.support.write_request import snappy

pytestmark = pytest.mark.gen_test

Refused = tuple[str, str, bytes, dict[str, str]]
BAD_TIMES = snappy(
    b"\x0a\x1e\x0a\x10\x0a\x08__name__\x12\x04late\x12\x0a\x10" + b"\xff" * 8 + b"\x7f"
)  # one series, one sample in the far future
BAD_GZIP = gzip.compress(b"x" * 200_000)[:-9] + b"garbage, not a trailer"
FEEDING = (
    "/api/v1/samples",
    "/api/v1/samples/a",
    "/api/v1/documents/a",
    "/write",
    "/api/v2/write",
    "/api/v3/write_lp",
    "/api/live/push/a",
    "/api/put",
    "/api/v1/telegraf",
    "/api/v1/collectd",
    "/metrics/job/a",
    "/api/v1/write",
    "/v1/metrics",
    "/widgets/a",
    "/dashboards/a",
    "/events/",
    "/api/annotations",
    "/api/v1/alertmanager",
    "/api/v2/alerts",
    "/api/push/a",
    "/ping/a",
)


def refusals() -> Iterator[Refused]:
    for path in FEEDING:
        yield "POST", path, b"\xff\xfe no format at all {", {}
        yield "POST", path, BAD_GZIP, {"Content-Encoding": "gzip"}
        yield "POST", path, b"x", {"Content-Encoding": "nonsense"}
        yield "POST", path, b"x", {"Authorization": "Bearer dsh_wrong"}
        yield "DELETE", path, b"x", {}
    yield "POST", "/api/v1/write", BAD_TIMES, {}
    yield "POST", "/v1/metrics", b'{"resourceMetrics":[{"x":', {"Content-Type": "application/json"}
    yield "POST", "/v1/metrics", b"\x0a\xff\xff", {"Content-Type": "application/x-protobuf"}
    yield (
        "POST",
        "/v1/metrics",
        zlib.compress(b"x" * 9)[:-3],
        {"Content-Encoding": "zlib", "Content-Type": "application/json"},
    )
    yield "POST", "/api/v1/login", b'{"name":"a","password":"b"}', {}
    yield "POST", "/api/v1/login", b"{", {}
    yield "POST", "/api/v1/users", b"{", {}
    yield "POST", "/api/message", b'{"text":"x"}', {}
    yield "GET", "/api/v1/series?match=%7B", b"", {}
    yield "GET", "/boards/none", b"", {}
    yield "GET", "/nothing/here", b"", {}
    yield "POST", "/explore", b"x", {}
    yield "GET", "/ws", b"", {}
    yield "GET", "/explore", b"", {"Host": "elsewhere"}
    yield "POST", "/write", b"x", {"Origin": "http://elsewhere"}


def alive() -> int:
    return sum(isinstance(each, BaseHandler) for each in gc.get_objects())


async def test_no_refused_request_is_kept_by_a_cycle() -> None:
    client = AsyncHTTPClient(force_instance=True)
    async with running() as server:
        url, kept = f"http://127.0.0.1:{server.port}", list[Refused]()
        gc.collect()
        gc.freeze()  # so that only what the requests make is looked through
        gc.disable()
        try:
            for method, path, body, headers in refusals():
                before = alive()
                for _ in range(5):
                    request = HTTPRequest(
                        url + path, method, headers, body if method != "GET" else None, allow_nonstandard_methods=True
                    )
                    response = await client.fetch(request, raise_error=False)
                    assert response.code != 500, (method, path)
                    del response, request
                if alive() > before + 1:  # the last one may not have ended yet
                    kept.append((method, path, body[:20], headers))
                    gc.collect()
        finally:
            gc.enable()
            client.close()
        assert [each[:2] for each in kept] == []
