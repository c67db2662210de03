"""What InfluxDB's and Grafana's clients ask before they write."""

from __future__ import annotations

import pytest

from tests.unit.web.feed.served import fed

pytestmark = pytest.mark.gen_test


async def test_a_database_that_was_created_is_listed() -> None:
    async with fed() as stand:
        created = await stand.site.ask("/query", "POST", b"q=CREATE+DATABASE+telegraf")
        assert created.json["results"][0].get("error") is None
        shown = (await stand.site.ask("/query?q=SHOW+DATABASES")).json
        assert ["telegraf"] in shown["results"][0]["series"][0]["values"]
        missing = await stand.site.ask("/query")
        assert (missing.status, missing.json["error"]) == (400, 'missing required parameter "q"')


async def test_a_query_needs_a_writer_and_a_ping_nobody() -> None:
    async with fed(open_=False) as stand:
        assert (await stand.site.ask("/query?q=SHOW+DATABASES")).status == 401
        shown = await stand.site.ask("/query?q=SHOW+DATABASES&u=any&p=dsh_writer")
        assert shown.status == 200
        for path, status in (("/ping", 204), ("/ping?verbose=true", 200), ("/health", 200), ("/ready", 200)):
            assert (await stand.site.ask(path)).status == status
        ping = await stand.site.ask("/ping", "HEAD")
        assert (ping.body, ping.headers["X-Influxdb-Build"]) == (b"", "OSS")
        assert (await stand.site.ask("/health")).json["status"] == "pass"
        assert (await stand.site.ask("/ready")).json == {"status": "ready"}
        assert (await stand.site.ask("/api/health")).json["database"] == "ok"
