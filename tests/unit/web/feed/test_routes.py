"""Routes for feeders: each address is known once, greets, and has the limit of its format."""

from __future__ import annotations

import pytest

from dashboard.web.feed.feeding import FeedServices
from tests.unit.web.feed.served import Fed, fed

pytestmark = pytest.mark.gen_test


async def test_every_address_is_there_once() -> None:
    templates = [each.template for each in Fed().routes]
    assert len(templates) == len(set(templates))
    assert {"/api/v1/samples", "/write", "/v1/metrics", "/metrics/{group}", "/api/put", "/widgets/{widget}"} <= set(
        templates
    )


async def test_a_format_keeps_its_own_limit() -> None:
    stand = Fed()
    limits = {
        each.template: each.services.max_bytes for each in stand.routes if isinstance(each.services, FeedServices)
    }
    settings = stand.settings
    assert limits["/api/v1/samples"] == limits["/api/put"] == settings.max_json_bytes
    assert limits["/write"] == limits["/api/v3/write_lp"] == settings.max_lines_bytes
    assert limits["/v1/metrics"] == settings.max_otlp_bytes
    assert limits["/api/v1/write"] == settings.max_remote_write_bytes
    assert limits["/widgets/{widget}"] == limits["/metrics/{group}"] == settings.max_ingest_bytes


async def test_line_protocol_of_every_version_feeds_the_same_series() -> None:
    async with fed() as stand:
        for n, path in enumerate(("/write?db=a", "/api/v2/write?bucket=a&org=b", "/api/v3/write_lp?db=a")):
            reply = await stand.site.ask(path, "POST", b"cpu,host=a idle=%d\n" % n)
            assert reply.status == 204
        assert list((await stand.values()).values()) == [2]
