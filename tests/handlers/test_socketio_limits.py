"""Limits of one Socket.IO client: bodies, packets, polls and sessions are bounded; pages of other origins are refused."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPResponse

from tests.support.deadline import deadline
from tests.support.site import Site, site

pytestmark = pytest.mark.gen_test
PATH = "/socket.io/?EIO=4&transport=polling"


async def opened(there: Site, **headers: Any) -> str:
    response = await there.fetch("GET", PATH, headers=headers)
    return str(json.loads(response.body[1:])["sid"])


async def post(there: Site, sid: str, body: str) -> HTTPResponse:
    return await there.fetch("POST", f"{PATH}&sid={sid}", body)


async def poll(there: Site, sid: str) -> HTTPResponse:
    return await there.fetch("GET", f"{PATH}&sid={sid}")


async def test_bodies_and_packets_have_their_sizes(tmp_path: Path) -> None:
    async with site(tmp_path, max_message_bytes=1_000, message_burst=500.0) as there:
        sid = await opened(there)
        assert (await post(there, sid, "40")).code == 200
        assert (await post(there, sid, "4" + "x" * 1_000)).code == 413
        assert (await poll(there, sid)).code == 400  # the session has ended
        for body in ("\x1e".join(["3"] * 129), "40\x1e" + "4" * 10, "40\x1e40"):
            sid = await opened(there)
            await post(there, sid, body)
            assert (await post(there, sid, "3")).code == 400
        sid = await opened(there)
        assert (await post(there, sid, "\x1e".join(["3"] * 128))).code == 200


async def test_packets_and_polls_have_their_rate(tmp_path: Path) -> None:
    async with site(tmp_path, message_burst=10.0, messages_per_s=0.1, control_burst=10.0, controls_per_s=0.1) as there:
        sid = await opened(there)
        assert (await post(there, sid, "\x1e".join(["40", *['42["authenticated"]'] * 9]))).code == 200
        await post(there, sid, '42["authenticated"]')
        assert (await poll(there, sid)).code == 400
        sid = await opened(there)
        await post(there, sid, "40")
        codes = []
        for _ in range(12):  # each is answered at once, with an answer that waits
            await post(there, sid, "3")
            codes.append((await post(there, sid, '42["nonsense"]')).code)
        assert codes[-1] == 400


async def test_sessions_that_are_never_closed_end_by_themselves_and_are_counted(tmp_path: Path) -> None:
    limits: dict[str, Any] = {"heartbeat_s": 1.0, "dead_s": 2.0, "hello_s": 2.0, "max_anonymous_per_address": 5}
    async with site(tmp_path, **limits) as there:
        for _ in range(5):
            await opened(there)
        full = await there.fetch("GET", PATH)
        assert (full.code, json.loads(full.body)["code"]) == (503, "overloaded")
        assert full.headers["Retry-After"]
        assert (await there.fetch("GET", PATH, headers=there.cookie("vera"))).code == 200  # places are left for users
        async with deadline(10, "the end of the sessions"):
            while there.server.cluster.registry.connections:
                await asyncio.sleep(0.02)
        assert await opened(there)


async def test_answers_that_are_not_fetched_end_the_session(tmp_path: Path) -> None:
    async with site(tmp_path, max_queue_bytes=2_000, message_burst=500.0) as there:
        sid = await opened(there)
        await post(there, sid, "40")
        for _ in range(30):
            await post(there, sid, '42["nonsense"]')
        assert (await post(there, sid, "3")).code == 400
        assert not there.server.cluster.registry.connections


async def test_a_session_without_a_namespace_ends_after_hello_s(tmp_path: Path) -> None:
    async with site(tmp_path, hello_s=0.3) as there:
        sid = await opened(there)
        async with deadline(10, "the end of the session"):
            while (await post(there, sid, "3")).code == 200:
                await asyncio.sleep(0.05)


async def test_pages_of_trusted_origins_may_poll_and_others_may_not(tmp_path: Path) -> None:
    page = "https://wall.example:8443"
    async with site(tmp_path, trusted_origins=(page,)) as there:
        response = await there.fetch("GET", PATH, headers={"Origin": page})
        assert response.headers["Access-Control-Allow-Origin"] == page
        assert response.headers["Access-Control-Allow-Credentials"] == "true"
        assert response.headers["Vary"] == "Origin"
        sid = json.loads(response.body[1:])["sid"]
        sent = await there.fetch("POST", f"{PATH}&sid={sid}", "40", {"Origin": page})
        assert (sent.code, sent.headers["Access-Control-Allow-Origin"]) == (200, page)
        asked = await there.fetch("OPTIONS", PATH, headers={"Origin": page, "Access-Control-Request-Method": "POST"})
        assert asked.code == 204
        assert "POST" in asked.headers["Access-Control-Allow-Methods"]
        foreign = await there.fetch("GET", PATH, headers={"Origin": "https://evil.example"})
        assert foreign.code == 403
        assert "Access-Control-Allow-Origin" not in foreign.headers
        assert "Access-Control-Allow-Origin" not in (await there.fetch("GET", PATH)).headers
