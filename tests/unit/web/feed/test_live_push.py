"""Grafana Live's push by POST, and which requests become WebSockets. Messages are in tests/handlers/test_ingest_influx.py."""

from __future__ import annotations

import pytest

from dashboard.web.feed.live_push import LivePushHandler, LivePushServices
from tests.unit.web.feed.served import fed
from tests.unit.web.server.asked import asked

pytestmark = pytest.mark.gen_test
PUSH = "/api/live/push/shop"


async def test_lines_are_stored_and_a_reader_is_greeted() -> None:
    async with fed() as stand:
        assert (await stand.site.ask(PUSH, "POST", b"orders value=3\n")).status == 200
        assert list((await stand.values()).values()) == [3]
        assert (await stand.site.ask(PUSH)).status == 200


async def test_beyond_the_most_connections_another_is_refused_for_now() -> None:
    async with fed() as stand:
        (services,) = (each.services for each in stand.routes if each.handler is LivePushHandler)
        assert isinstance(services, LivePushServices)
        services.open.most = 0
        reply = await stand.site.ask(PUSH, Upgrade="websocket", Connection="upgrade", Sec_WebSocket_Version="13")
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(
    ("method", "upgrade", "is_fed"), [("POST", "", True), ("GET", "WebSocket", True), ("GET", "", False)]
)
def test_an_upgrade_brings_data_as_a_post_does(method: str, upgrade: str, is_fed: bool) -> None:
    headers = {"Upgrade": upgrade} if upgrade else {}
    assert LivePushHandler.is_fed_by(asked(PUSH, method, **headers)) is is_fed
