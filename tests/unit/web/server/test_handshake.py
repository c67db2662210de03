"""Handshakes of WebSockets: who asks, whether there is a place, and what else is no upgrade."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.settings import Settings
from dashboard.web.server.route import Route
from dashboard.web.server.socket import SocketHandler, SocketServices
from tests.support.histories import T0
from tests.support.hubs import Nobody, Parts, Source, hub_of
from tests.unit.web.asking import Asking

pytestmark = pytest.mark.gen_test
UPGRADE = {"Upgrade": "websocket", "Connection": "keep-alive, Upgrade", "Sec_WebSocket_Key": "AAAAAAAAAAAAAAAAAAAAAA=="}


def sockets(*, open_: bool = True) -> tuple[Asking, Parts]:
    parts = hub_of(Source())
    dispatcher: Any = Nobody()  # no request gets so far
    services = SocketServices(parts.hub, dispatcher, Settings(journal="memory"), lambda: T0)
    return Asking(Route("/ws", SocketHandler, services), open_=open_), parts


@pytest.mark.parametrize(
    ("headers", "name", "value"),
    [
        ({}, "Upgrade", "websocket"),
        ({"Upgrade": "websocket"}, "Upgrade", "websocket"),
        ({**UPGRADE, "Sec_WebSocket_Version": "8"}, "Sec-WebSocket-Version", "13"),
    ],
)
async def test_a_request_that_is_no_upgrade_is_told_what_is_missing(
    headers: dict[str, str], name: str, value: str
) -> None:
    site, parts = sockets()
    reply = await site.ask("/ws", **headers)
    assert (reply.status, reply.json["code"], reply.headers[name]) == (426, "upgrade_required", value)
    assert parts.registry.connections == set()
    assert (await site.ask("/ws", "POST")).headers["Allow"] == "GET"


async def test_a_key_that_is_none_is_refused() -> None:
    site, _ = sockets()
    headers = {**UPGRADE, "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": "short"}
    reply = await site.ask("/ws", **headers)
    assert (reply.status, "Sec-WebSocket-Key" in reply.json["error"]) == (400, True)


async def test_a_token_that_cannot_be_checked_now_is_asked_for_later_and_ignored_where_none_is_needed() -> None:
    site, _ = sockets(open_=False)
    reply = await site.ask("/ws?token=dsh_wrong")
    assert (reply.status, reply.json["code"], reply.headers["Retry-After"]) == (503, "unavailable", "5")
    open_site, _ = sockets()
    assert (await open_site.ask("/ws?token=dsh_wrong")).status == 426


async def test_the_place_of_a_refused_client_is_free_again() -> None:
    site, parts = sockets(open_=False)
    most = Settings().max_anonymous_per_address
    for _ in range(most + 2):
        assert (await site.ask("/ws")).status == 426
    assert parts.registry.connections == set()
