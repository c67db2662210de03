"""A reader that starts finds its place and exactly the own entries, wherever foreign entries are in the stream."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from dashboard.domain.position import Position
from dashboard.journal.redis_scripts import Keys
from tests.support.journals import PART, Engine, payloads, read
from tests.support.nemesis import Nemesis, runs
from tests.support.redis_server import RedisServer


class Litter:
    """Writer of foreign entries with the field names of the journal, under numbers that are in use and under the next number."""

    def __init__(self, redis: RedisServer, keys: Keys, chance: Random) -> None:
        self._client = redis.client()
        self._keys = keys
        self._chance = chance

    def throw(self, now_ms: int, seq: int) -> None:
        """Add foreign entries within one empty millisecond, ``now_ms`` or later; ``seq``: number of the newest own entry."""
        top_ms = int(self._client.xrevrange(self._keys.log, count=1)[0][0].partition(b"-")[0])
        ms = max(now_ms, top_ms + 1)
        epoch = self._client.hget(self._keys.head, "epoch")
        for number in sorted(self._chance.sample(range(seq + 2), self._chance.randint(1, 2))):
            name, value = self._chance.choice(
                [(epoch, b"litter"), (epoch + b"z", b"\xff" * 9), (b"0123456789abcdef", b"x")]
            )
            self._client.xadd(self._keys.log, {name: value}, id=f"{ms}-{number}")

    def close(self) -> None:
        """Close the client of Redis."""
        self._client.close()


async def _fill(engine: Engine, litter: Litter, chance: Random) -> tuple[str, list[bytes]]:
    """Append own entries with foreign entries in between; return the epoch and what was stored."""
    stored: list[bytes] = []
    async with engine.opened() as journal:
        for _ in range(chance.randint(5, 40)):
            engine.time.move(chance.choice([0, 0.001, 0.02, 0.3]))
            payload = b"ours %d" % len(stored)
            assert (await journal.append(PART, payload)).seq == len(stored) + 1
            stored.append(payload)
            if chance.random() < 0.5:
                engine.time.move(chance.choice([0.001, 0.02, 0.3]))
                await asyncio.to_thread(litter.throw, engine.time.journal_clock().now_ms(), len(stored))
        return journal.head(PART).epoch, stored


@pytest.mark.gen_test
async def test_a_reader_that_begins_anew_gets_exactly_ours_wherever_litter_lies(
    tmp_path: Path, shared_redis: RedisServer
) -> None:
    chance = Nemesis().chance
    for layout in range(runs(20, 500)):
        folder = tmp_path / f"litter-{tmp_path.name}-{layout}" / "data"
        engine = Engine("redis", folder, redis_url=shared_redis.url)
        litter = Litter(shared_redis, Keys.of(folder.parent.name, PART), chance)
        epoch, stored = await _fill(engine, litter, chance)
        litter.close()
        for after in (0, chance.randrange(len(stored))):
            async with engine.opened() as journal:
                got = await read(journal, Position(epoch, after), len(stored))
                assert payloads(got) == stored[after:], f"layout {layout}, after {after}"
                assert len(got) == len(stored) - after, "no gap"
