"""Rates of tokens and users are counted over both workers, whichever worker gets a request."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from itertools import count

import pytest
import websockets

from dashboard.domain.identity import Role
from tests.support.cluster import Cluster
from tests.support.deadline import enough
from tests.support.people import make_users
from tests.support.server import wait_until

#: What is let through meanwhile, over what the pace says: each worker counts for itself for a quarter of a second.
SLACK = 1.4
TRIED_S = 4.0


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("rates")
    data = folder / "server" / "data"
    data.mkdir(parents=True)
    tokens = make_users(data, {"ann": Role.VIEWER, "root": Role.ADMIN}, passwords=False)
    with Cluster(folder, "--chat-per-s", "10", "--chat-burst", "5") as cluster:
        yield cluster, tokens


def test_a_token_feeds_at_its_rate_over_both_workers(company: tuple[Cluster, dict[str, str]]) -> None:
    cluster, tokens = company
    headers = {"Authorization": f"Bearer {tokens['root']}", "Content-Type": "application/json"}
    asked = json.dumps({"name": "hasty", "verbs": ["write"], "per_s": 20})
    status, _, answer = cluster.server.request("POST", "/api/v1/tokens", asked, headers)
    assert status == 201
    shown = {"Authorization": f"Bearer {json.loads(answer)['token']}"}

    def feed(worker: int, samples: int) -> bool:
        body = json.dumps([{"series": "hasty", "value": number} for number in range(samples)])
        port = cluster.direct_ports[worker]
        status, answered, _ = cluster.server.request("POST", "/api/v1/samples", body, shown, port=port)
        assert status in (202, 429)
        assert status == 202 or int(answered["retry-after"]) >= 1
        return status == 202

    assert feed(0, 200)  # its whole burst
    wait_until(lambda: not feed(1, 10), 10, "the other worker lets no more through")
    began, accepted, turns = time.monotonic(), 0, count()
    while time.monotonic() - began < TRIED_S:
        accepted += 5 * feed(next(turns) % 2, 5)
        time.sleep(0.02)  # tried far more often than the pace says
    took = time.monotonic() - began
    enough(accepted, 0.3 * 20 * took, "samples were accepted")
    assert accepted < SLACK * 20 * took


@pytest.mark.gen_test
async def test_a_user_writes_at_the_pace_over_both_workers(company: tuple[Cluster, dict[str, str]]) -> None:
    cluster, tokens = company
    acked, burst, answered = 0, 2 * 5, 0

    async def write(port: int, until_s: float) -> None:
        nonlocal acked, answered
        async with websockets.connect(f"ws://127.0.0.1:{port}/ws") as socket:
            await socket.send(json.dumps({"type": "auth", "userId": "ann", "token": tokens["ann"]}))
            await socket.send(json.dumps({"type": "join_room", "roomId": "host"}))
            while json.loads(await socket.recv())["type"] != "joined":
                pass
            while time.monotonic() < until_s:
                await socket.send(json.dumps({"type": "message", "id": 7, "roomId": "host", "text": "so"}))
                answer = {}
                while answer.get("id") != 7:
                    answer = json.loads(await socket.recv())
                assert answer["type"] == "ack" or answer["code"] == "rate_limited", answer
                acked += answer["type"] == "ack"
                answered += 1
                await asyncio.sleep(0.06)  # within what a connection may say

    began = time.monotonic()
    await asyncio.gather(*(write(port, began + TRIED_S) for port in cluster.direct_ports))
    took = time.monotonic() - began
    enough(acked, 0.3 * 10 * took, "messages were acked")
    assert acked < burst + SLACK * 10 * took
    assert answered > acked
