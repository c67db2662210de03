"""Places where a feeder may put its token, in every format; and bodies of unknown senders."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.handlers.feeders import basic, bearer, fed, guarded, post, series_in
from tests.handlers.support import answer, fetch
from tests.handlers.test_ingest_agents import METRIC, VALUES
from tests.handlers.test_ingest_events import alert, webhook
from tests.handlers.test_ingest_otlp import JSON, gauge
from tests.handlers.test_ingest_prometheus import REMOTE, body, now_ms
from tests.support.deadline import scaled
from tests.support.inprocess import running

pytestmark = pytest.mark.gen_test

#: Each with whether its body is JSON that may say the token.
REQUESTS: list[tuple[str, str, Any, dict[str, str], bool]] = [
    ("POST", "/api/v1/samples", {"series": "a", "value": 1}, {}, True),
    ("POST", "/api/v1/samples/a", {"value": 1}, {}, True),
    ("PUT", "/api/v1/documents/a", {"text": "1"}, {}, False),
    ("POST", "/write", "a v=1", {}, False),
    ("POST", "/api/v2/write", "a v=1", {}, False),
    ("POST", "/api/live/push/a", "live v=1", {}, False),
    ("POST", "/api/v1/telegraf", METRIC, {}, True),
    ("POST", "/api/v1/collectd", [VALUES], {}, False),
    ("POST", "/api/v1/write", body(("a", 1, now_ms())), REMOTE, False),
    ("PUT", "/metrics/job/a", "a 1\n", {}, False),
    ("DELETE", "/metrics/job/a", None, {}, False),
    ("POST", "/v1/metrics", gauge(1), JSON, True),
    ("POST", "/widgets/a", {"current": 1}, {}, True),
    ("POST", "/dashboards/a", {"event": "reload"}, {}, True),
    ("POST", "/events/", {"what": "x"}, {}, True),
    ("POST", "/api/annotations", {"text": "x"}, {}, True),
    ("POST", "/api/v1/alertmanager", webhook(alert()), {}, True),
    ("POST", "/api/v2/alerts", [alert()], {}, False),
]


async def test_every_way_to_show_a_token_is_known_at_every_address(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        METRIC["timestamp"] = int(time.time())
        for method, path, sent, headers, in_body in REQUESTS:
            ways: list[tuple[str, Any, dict[str, str]]] = [
                (path, sent, {"Authorization": f"Token {token}"}),
                (path, sent, {"Authorization": f"Token any:{token}"}),
                (path, sent, bearer(token)),
                (path, sent, {"Authorization": f"Bearer%20{token}"}),
                (path, sent, basic("", user=token)),
                *((f"{path}?{query}{token}", sent, {}) for query in ("token=", "auth_token=", "u=any&p=")),
            ]
            if in_body:
                ways += [(path, sent | {name: token}, {}) for name in ("auth_token", "api_key")]
            for address, shown, more in ways:
                response = await post(server, address, shown, method=method, headers=headers | more)
                assert response.code in (200, 202, 204), (address, more, response.body)
            for address, more in ((path, {}), (path, bearer("wrong")), (f"{path}?u=any&p=wrong", {})):
                response = await post(server, address, sent, method=method, headers=headers | more)
                assert response.code == 401, (address, response.body)
                assert response.headers["WWW-Authenticate"].startswith("Basic ")


async def test_a_broken_body_that_shows_its_token_is_told_what_is_wrong_with_it(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        for path, broken in (
            ("/widgets/x", '{"auth_token":"%s","current":1,}'),
            ("/widgets/x", '{"current":NaN, "auth_token" : "%s"}'),
            ("/api/v1/samples", '{"api_key":"%s","series":"a"'),
            ("/v1/metrics", '{"api_key":"%s","resourceMetrics":[}'),
        ):
            response = await post(server, path, broken % token, headers=JSON)
            assert response.code == 400, (path, response.body)
            assert (await post(server, path, broken % "dsh_wrong", headers=JSON)).code == 401
        assert series_in(server) == {}
        samples = [{"series": "a", "value": 1, "api_key": token}, {"series": "b", "value": 2}]
        assert (await post(server, "/api/v1/samples", samples)).code == 202
        assert series_in(server) == {"a": 1, "b": 2}


async def test_a_long_body_may_show_its_token_where_it_begins(tmp_path: Path) -> None:
    async with guarded(tmp_path) as (server, token):
        now = int(time.time())
        metrics = [{"name": "m", "tags": {"n": str(n % 9)}, "fields": {"v": n}, "timestamp": now} for n in range(5_000)]
        long = "x" * 300_000
        for path, sent in (
            ("/api/v1/telegraf", {"api_key": "%s", "metrics": metrics}),
            ("/api/v1/samples", [{"series": "s", "value": n, "auth_token": "%s"} for n in range(6_000)]),
            ("/api/annotations", {"auth_token": "%s", "text": long}),
        ):
            body = json.dumps(sent)
            assert len(body) > 262_144
            response = await post(server, path, body.replace("%s", token))
            assert response.code in (200, 202), (path, response.body[:300])
            assert (await post(server, path, body.replace("%s", "dsh_wrong"))).code == 401, path
            assert (await post(server, path, body.replace("%s", ""))).code == 401, path
        assert len(series_in(server)) == 10


@pytest.mark.parametrize(
    "path", ["/write", "/api/v2/write", "/api/v1/collectd", "/v1/metrics", "/api/v1/write", "/metrics/job/a"]
)
@pytest.mark.parametrize("shown", ["", "dsh_wrong"])
async def test_who_writes_a_large_body_before_reading_gets_the_401(path: str, shown: str, tmp_path: Path) -> None:
    large = b"x" * 4_100_000

    def ask(port: int) -> tuple[int, bool]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=scaled(20))
        try:
            connection.request("POST", path, large, bearer(shown) if shown else {})
            response = connection.getresponse()
            return response.status, response.headers["WWW-Authenticate"].startswith("Basic ")
        finally:
            connection.close()

    async with guarded(tmp_path) as (server, _):
        assert await asyncio.to_thread(ask, server.port) == (401, True)
        assert set(fed(server)) <= {("anonymous", name, "refused") for _, name, _ in fed(server)}
        assert series_in(server) == {}


@pytest.mark.parametrize("cut", [1, 8, 12, 20])
async def test_a_gzip_body_that_is_cut_off_is_refused_whole(cut: int) -> None:
    lines = "".join(f"cut{number} v=8351222782\n" for number in range(60))
    whole = gzip.compress(lines.encode())
    packed = {"Content-Encoding": "gzip"}
    async with running() as server:
        response = await post(server, "/write", whole[:-cut], headers=packed)
        assert (response.code, answer(response)["error"]) == (
            400,
            "Content-Encoding: the gzip body is cut off",
        )
        assert series_in(server) == {}
        for name in ("gzip", "x-gzip"):
            assert (await post(server, "/write", whole + whole, headers={"Content-Encoding": name})).code == 204
        assert len(series_in(server)) == 60


async def test_the_newest_sample_is_the_last_whenever_it_came() -> None:
    async with running() as server:
        now = int(time.time() * 1000)
        for value, t in ((3, now - 1_000), (1, now - 600_000)):
            await post(server, "/api/v1/samples", {"series": "late", "value": value, "t": t})
        (row,) = answer(await fetch(server, "/api/v1/series?match=late"))["series"]
        assert row["last"] == {"t": now - 1_000, "value": 3}
