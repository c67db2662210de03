"""Reading of new entries of one partition from Redis, over a separate connection, with checks for lost entries.

After every (re)connection, and whenever an entry does not follow the entry before it, the reader checks whether the newest
entries it has read are still stored. If not, entries have been lost, and the reader begins a new epoch.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable

from redis.exceptions import RedisError

from dashboard.domain.counters import Counters
from dashboard.journal import redis_scripts as scripts
from dashboard.journal.redis_link import REDIS_ERRORS, BackOff, Client, Link, close, explain, honour_cancel
from dashboard.journal.redis_log import Log, OutOfSequence, seq_of
from dashboard.journal.redis_scripts import LogState

_log = logging.getLogger(__name__)

#: How long Redis keeps a read waiting when there is no new entry.
_BLOCK_MS = 2_000
_ROWS = 100
#: Entries that a restarted reader may be behind. If more, it begins at the newest; followers fetch what they need.
_FAR_BEHIND = 5_000
#: Ids that the first check of ``settle`` asks for; only if they are missing it asks for all known ids.
_NEWEST = 8


def new_epoch() -> str:
    """Return a new random name for an epoch."""
    return secrets.token_hex(8)


class Starving(RedisError):
    """Error of a connection that leads to an outdated copy of the data: it lacks stored entries."""


async def settle(log: Log, client: Client) -> LogState:
    """Read the state of the partition's log in Redis and update ``log``: start, continue, or adopt another epoch.

    If entries that were known to be stored are missing, a new epoch begins.  Raises the exceptions of redis-py.
    """
    async with log.settling:
        ids, known_seq = log.ids(), log.seq  # read before the call: more entries may become known during it
        some = ids[-_NEWEST:]  # if these are stored, so are those before them
        standing = await scripts.look(client, log.keys, new_epoch(), some)
        if not log.epoch:
            log.start(standing)
            return standing
        goes_on = standing.epoch == log.epoch and standing.common == len(some) and standing.seq >= known_seq
        if not goes_on and len(some) < len(ids):
            standing = await scripts.look(client, log.keys, new_epoch(), ids)
            goes_on = standing.epoch == log.epoch and standing.common == len(ids) and standing.seq >= known_seq
        if goes_on:
            if standing.seq - log.tail.head_seq > _FAR_BEHIND:
                log.start(standing)
            log.stored(standing.seq, standing.bytes)
            return standing
        fork = _fork(ids, known_seq, standing)
        if standing.epoch == log.epoch:
            await scripts.turn(client, log.keys, log.epoch, new_epoch(), fork)
            standing = await scripts.look(client, log.keys, new_epoch(), ids)
        related = log.epoch in standing.origins
        read_seq = min(fork, standing.seq) if related else 0
        _log.info(
            "%s: Redis has lost entries after %d (newest before: %d, now: %d): a new epoch begins",
            log.partition,
            read_seq,
            known_seq,
            standing.seq,
        )
        log.adopt(standing, read_seq, related=related)
        return standing


def _fork(ids: list[str], known_seq: int, standing: LogState) -> int:
    """Return the number of the newest entry that this process has read and that is still stored."""
    if not ids:
        return min(standing.seq, known_seq)
    return seq_of(ids[standing.common - 1]) if standing.common else min(standing.seq, seq_of(ids[0]) - 1)


class Reader:
    """Reader of one partition. ``on_state`` is called with the fault of reading, empty if there is none."""

    def __init__(self, link: Link, log: Log, counters: Counters, on_state: Callable[[str], None]) -> None:
        self._link = link
        self._log = log
        self._counters = counters
        self._on_state = on_state

    async def run(self) -> None:
        """Read new entries while the partition has followers, until cancelled."""
        back_off = BackOff()
        while True:
            if not self._log.followers:
                self._on_state("")  # without followers nothing is read, so nothing fails
            await self._log.wanted.wait()
            client = self._link.client(alone=True)
            try:
                await self._read(client, back_off)
            except REDIS_ERRORS as error:
                self._counters.redis_failures["read"] += 1
                self._on_state(explain(error))
                await asyncio.sleep(back_off.next_s())
            finally:
                await close(client)

    async def _read(self, client: Client, back_off: BackOff) -> None:
        log = self._log
        async with asyncio.timeout(self._link.timeout_s):
            await settle(log, client)
        while log.followers:
            stored_before = log.head
            honour_cancel()
            async with asyncio.timeout(_BLOCK_MS / 1000 + self._link.timeout_s):
                reply = await client.xread({log.keys.log: log.last_id}, count=_ROWS, block=_BLOCK_MS)
            back_off.reset()
            self._on_state("")
            rows = reply[0][1] if reply else []
            foreign = log.foreign
            try:
                log.take(rows)
            except OutOfSequence:
                await self._resolve(client, rows)
            if not rows and stored_before == log.head and log.tail.head_seq < stored_before.seq:
                raise Starving(f"entry {stored_before.seq} is stored, but this connection does not return it")
            self._counters.foreign_entries += log.foreign - foreign

    async def _resolve(self, client: Client, rows: list[tuple[bytes, dict[bytes, bytes] | None]]) -> None:
        """Settle the log when a row is out of sequence.

        If the epoch and the place in the log stay the same, take the rows after the last row taken.
        """
        log = self._log
        epoch, last_id = log.epoch, log.last_id
        async with asyncio.timeout(self._link.timeout_s):
            standing = await settle(log, client)
        if log.epoch != epoch or log.last_id != last_id:
            return  # the next read begins where the new epoch continues
        ids = [raw_id.decode() for raw_id, _ in rows]
        log.take(rows[ids.index(last_id) + 1 if last_id in ids else 0 :], standing.seq)
