"""A checkpoint in Redis as a server that has run for two days would have stored it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator

import msgspec

from dashboard.domain.counters import Counters
from dashboard.domain.position import Position
from dashboard.entries.samples import encode_samples
from dashboard.journal.clock import JournalClock
from dashboard.journal.port import METRICS, Entry
from dashboard.journal.redis import RedisJournal
from dashboard.journal.redis_link import Link
from dashboard.replica.checkpoint import capture_header, capture_series, encode_series
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from dashboard.replica.series_table import sid_of

_HOURS = 48
_PER_BATCH = 1_000
_MINUTE_BATCHES = 60


def _walk(seed: int, until_ms: int) -> Replica:
    """Return a replica of one series that was fed once a second for two days: a random walk with two decimals."""
    rng, replica, value = random.Random(seed), Replica(Windows(), Position("0" * 16, 0)), 50.0
    keys = [f'walk{{n="{seed}"}}']
    for second in range(_HOURS * 3_600):
        value = max(0.0, min(100.0, value + rng.gauss(0, 1)))
        t = until_ms - 1000 * (_HOURS * 3_600 - second)
        replica.apply(Entry(second + 1, t, encode_samples(keys, t, [round(value, 2)])))
    return replica


def _name(number: int) -> str:
    return f'cpu_usage{{host="web-{number // 1000:02}-{number % 1000:03}"}}'


def store_history(url: str, *, series: int, distinct: int) -> float:
    """Store ``series`` histories, ``distinct`` of them different, and a minute of journal; return the time that this took, in s."""
    now = int(time.time() * 1000)
    replicas = [_walk(seed, now) for seed in range(distinct)]
    records = [encode_series(capture_series(next(iter(replica.table))))[1] for replica in replicas]
    return asyncio.run(_store(url, series, records, capture_header(replicas[0])))


async def _store(url: str, series: int, records: list[bytes], header: tuple[str, bytes]) -> float:
    clock = JournalClock(time.time, time.monotonic)
    link = Link(url, timeout_s=10)
    journal = RedisJournal(link, prefix="dashboard", partitions=[METRICS], clock=clock, counters=Counters())
    await journal.open()
    running = asyncio.ensure_future(journal.run())
    position = await journal.append(METRICS, encode_samples([_name(0)], clock.now_ms(), [1.0]))

    async def pieces() -> AsyncIterator[list[tuple[str, bytes | None]]]:
        yield [header]
        for start in range(0, series, 20):
            yield [_renamed(records[n % len(records)], _name(n)) for n in range(start, min(series, start + 20))]

    began = time.monotonic()
    await journal.save_checkpoint(METRICS, position, pieces(), whole=True)
    took_s = time.monotonic() - began
    for number in range(_MINUTE_BATCHES):
        for start in range(0, series, _PER_BATCH):
            keys = [_name(n) for n in range(start, start + _PER_BATCH)]
            values = [float((n + number) % 100) for n in range(_PER_BATCH)]
            await journal.append(METRICS, encode_samples(keys, clock.now_ms(), values))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await journal.close()
    return took_s


def _renamed(record: bytes, text: str) -> tuple[str, bytes]:
    fields = msgspec.msgpack.decode(record)
    fields[0], fields[1] = sid_of(text), text
    return f"s:{text}", msgspec.msgpack.encode(fields)
