"""The client for asyncio against a server that answers as a test says."""

from __future__ import annotations

import pytest

from dashboard.client.asynchronous import AsyncClient
from tests.support.scripted_server import ScriptedServer

pytestmark = pytest.mark.gen_test


async def test_samples_are_sent_by_a_task_and_counted() -> None:
    server = ScriptedServer()
    with server.running():
        async with AsyncClient(server.url, token="dsh_x", batch=2, flush_s=60) as client:
            for value in range(3):
                client.push("a", value)
            assert await client.flush(30)
            assert (client.counts.pushed, client.counts.accepted) == (3, 3)
    assert [[sample["value"] for sample in each.samples] for each in server.received] == [[0, 1], [2]]
    assert {each.authorization for each in server.received} == {"Bearer dsh_x"}


async def test_a_batch_whose_answer_was_lost_is_sent_again_with_its_key() -> None:
    server = ScriptedServer((0, {}), (503, {"Retry-After": "0"}))
    with server.running():
        async with AsyncClient(server.url, flush_s=0.01) as client:
            client.push("a", 1)
            assert await client.flush(30)
    assert (len(server.received), len({each.key for each in server.received})) == (3, 1)


async def test_what_is_left_at_the_end_is_dropped_and_said() -> None:
    client = AsyncClient("http://127.0.0.1:1", flush_s=0.01, close_s=0.01)
    client.push("a", 1)
    assert await client.close() is False
    client.push("a", 2)
    assert (client.counts.pushed, client.counts.dropped, client.counts.waiting) == (2, 2, 0)


async def test_a_client_that_follows_ends_with_its_close() -> None:
    client = AsyncClient("http://127.0.0.1:1")
    with pytest.raises(ValueError, match="selector"):
        client.follow()
    await client.close()
    assert [update async for update in client.follow(["cpu"])] == []
