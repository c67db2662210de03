"""Reads one partition from Redis as it grows, over a connection of its own, and never believes it blindly.

After every (re)connection, and whenever an entry does not follow the one before, it looks whether the newest entries it
holds are still the ones stored there; if not, entries have been lost and a new epoch begins.
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
from dashboard.journal.redis_log import Doubt, Log, seq_of
from dashboard.journal.redis_scripts import Standing

_log = logging.getLogger(__name__)

#: How long Redis holds a read open when there is nothing new.
_BLOCK_MS = 2_000
_ROWS = 100
#: A reader that starts again this far behind begins at the newest entry; its followers fetch what they need.
_FAR_BEHIND = 5_000
#: Entries that a first look asks for.
_NEWEST = 8


def new_epoch() -> str:
    """A name that no epoch has had."""
    return secrets.token_hex(8)


class Starving(RedisError):
    """This connection does not bring what has been stored: it leads to another copy."""


async def settle(log: Log, client: Client) -> Standing:
    """Look where the partition stands and put ``log`` right: begin, go on, or adopt another epoch.

    Raises what redis-py raises.  Entries that were known to be stored and are not there any more begin a new epoch.
    """
    async with log.settling:
        ids, known_seq = log.ids(), log.seq  # what was known before the look: more may become known during it
        some = ids[-_NEWEST:]  # where they are, those before them are
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
            "%s: the journal has lost entries after %d (it had %d, it has %d): a new epoch begins",
            log.partition,
            read_seq,
            known_seq,
            standing.seq,
        )
        log.adopt(standing, read_seq, related=related)
        return standing


def _fork(ids: list[str], known_seq: int, standing: Standing) -> int:
    """The newest entry that this process has read and that is still there."""
    if not ids:
        return min(standing.seq, known_seq)
    return seq_of(ids[standing.common - 1]) if standing.common else min(standing.seq, seq_of(ids[0]) - 1)


class Reader:
    """``on_state`` is told what is wrong with reading; empty: nothing."""

    def __init__(self, link: Link, log: Log, counters: Counters, on_state: Callable[[str], None]) -> None:
        self._link = link
        self._log = log
        self._counters = counters
        self._on_state = on_state

    async def run(self) -> None:
        """Read whenever somebody follows, until cancelled."""
        back_off = BackOff()
        while True:
            if not self._log.followers:
                self._on_state("")  # nothing is wrong with what nobody wants
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
            except Doubt:
                await self._resolve(client, rows)
            if not rows and stored_before == log.head and log.tail.head_seq < stored_before.seq:
                raise Starving(f"entry {stored_before.seq} is stored, and is not to be read here")
            self._counters.foreign_entries += log.foreign - foreign

    async def _resolve(self, client: Client, rows: list[tuple[bytes, dict[bytes, bytes] | None]]) -> None:
        """Something does not follow: look, and take what remains of ``rows`` if the epoch is still the same."""
        log = self._log
        epoch, last_id = log.epoch, log.last_id
        async with asyncio.timeout(self._link.timeout_s):
            standing = await settle(log, client)
        if log.epoch != epoch or log.last_id != last_id:
            return  # read anew from where the new epoch goes on
        ids = [raw_id.decode() for raw_id, _ in rows]
        log.take(rows[ids.index(last_id) + 1 if last_id in ids else 0 :], standing.seq)
