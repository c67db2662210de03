"""Presence while the journal is away: no user with an open page leaves."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import websockets

from dashboard.domain.identity import Role
from dashboard.domain.node import BEAT_S
from dashboard.domain.presence import LOST_MS
from tests.support.cluster import Cluster
from tests.support.deadline import deadline, scaled
from tests.support.people import make_users

#: Longer than a node may be silent in the eyes of others; shorter than ``Nodes.fault`` takes to be sure.
AWAY_S = LOST_MS / 1000 - 1


@pytest.mark.timeout(120)
@pytest.mark.gen_test
async def test_redis_that_is_away_for_a_while_sends_nobody_away(tmp_path: Path) -> None:
    data = tmp_path / "server" / "data"
    data.mkdir(parents=True)
    tokens = make_users(data, {"ann": Role.VIEWER, "bob": Role.VIEWER}, passwords=False)
    told: list[Any] = []

    async def listen(user: str, port: int) -> None:
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws") as socket:
            await socket.send(json.dumps({"type": "auth", "userId": user, "token": tokens[user]}))
            await socket.send(json.dumps({"type": "join_room", "roomId": "host"}))
            async for text in socket:
                message = json.loads(text)
                if message["type"].startswith(("user_", "users_", "members_")):
                    told.append((user, message))

    with Cluster(tmp_path) as cluster:
        listening = [asyncio.ensure_future(listen(*each)) for each in zip(tokens, cluster.direct_ports, strict=True)]
        async with deadline(60, "the users have joined, and all that is known of them has been told"):
            known = -1
            while known != len(told) or not any(message["type"] == "user_joined" for _, message in told):
                known = len(told)
                await asyncio.sleep(scaled(2))
        told.clear()
        await asyncio.to_thread(cluster.redis.kill)
        await asyncio.sleep(AWAY_S)  # the fault itself
        await asyncio.to_thread(cluster.redis.start)
        await asyncio.sleep(LOST_MS / 1000 + BEAT_S)
        assert not any(each.done() for each in listening)
        for each in listening:
            each.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    assert told == []
