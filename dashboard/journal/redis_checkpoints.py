"""Checkpoints in Redis, shared by all processes: an index of records, and one blob for each record.

A checkpoint is written piece by piece into new blobs that expire by themselves.  One atomic step (``lua/commit.lua``)
puts it into force.  If writing fails midway, the old checkpoint stays in force, and the new blobs expire.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from dashboard.domain.errors import Conflict, Invalid, Unavailable
from dashboard.domain.position import Position
from dashboard.journal import redis_scripts as scripts
from dashboard.journal.port import ANY, Checkpoint
from dashboard.journal.redis_link import REDIS_ERRORS, Client, explain
from dashboard.journal.redis_scripts import Keys

#: How long the blobs of an unfinished checkpoint live: writing one must not take longer.
_STAGED_S = 3_600
#: How long replaced blobs live on, so that a process that has begun to read them can finish.
_REPLACED_S = 300
#: Blobs fetched in one round trip.
_FETCHED = 100
_READ_TRIES = 3


async def save(
    client: Client,
    keys: Keys,
    position: Position,
    records: AsyncIterator[list[tuple[str, bytes | None]]],
    *,
    whole: bool,
    base: Position | None,
) -> None:
    """Store a checkpoint, see ``port.Journal.save_checkpoint``. Raises Conflict, Unavailable."""
    name = secrets.token_hex(6)
    staged = keys.more(f"staged:{name}")
    count = 0
    try:
        async for some in records:
            pipe = client.pipeline(transaction=False)
            for record, blob in some:
                count += 1
                blob_name = "" if blob is None else f"{name}:{count}"
                pipe.hset(staged, record, blob_name)
                if blob is not None:
                    pipe.set(keys.more(f"blob:{blob_name}"), blob, ex=_STAGED_S)
            if some:
                pipe.expire(staged, _STAGED_S)
                await pipe.execute()
        below = "any" if base == ANY else base.text if base else ""
        if not await scripts.commit(
            client, keys, staged, position, whole=whole, base=below, linger_ms=_REPLACED_S * 1000
        ):
            raise Conflict("another process has stored a checkpoint in the meantime")
    except REDIS_ERRORS as error:
        raise Unavailable(f"the checkpoint cannot be stored: {explain(error)}") from None


async def position(client: Client, keys: Keys) -> Position | None:
    """Return the position of the stored checkpoint, see ``port.Journal.checkpoint_position``. Raises Unavailable."""
    try:
        stored = await client.hget(keys.checkpoint, "")
    except REDIS_ERRORS as error:
        raise Unavailable(f"the checkpoint cannot be read: {explain(error)}") from None
    return _position(stored) if stored else None


def _position(stored: bytes) -> Position:
    epoch, _, seq = stored.decode().partition(".")
    return Position(epoch, int(seq))


async def load(client: Client, keys: Keys) -> Checkpoint | None:
    """Return the stored checkpoint, see ``port.Journal.load_checkpoint``. Raises Unavailable, Invalid."""
    try:
        for _ in range(_READ_TRIES):
            index = await client.hgetall(keys.checkpoint)
            stored = index.pop(b"", None)
            if stored is None:
                return None
            records = await _records(client, keys, index)
            if records is not None:
                return Checkpoint(_position(stored), records)
    except REDIS_ERRORS as error:
        raise Unavailable(f"the checkpoint cannot be read: {explain(error)}") from None
    raise Invalid("blobs of the checkpoint are missing in Redis")


async def _records(client: Client, keys: Keys, index: dict[bytes, bytes]) -> dict[str, bytes] | None:
    """Return the records that the index names; None if a blob is missing or has expired."""
    names = list(index)
    records: dict[str, bytes] = {}
    for start in range(0, len(names), _FETCHED):
        group = names[start : start + _FETCHED]
        blobs = await client.mget([keys.more("blob:") + index[name].decode() for name in group])
        if None in blobs:
            return None
        records |= {name.decode(): blob for name, blob in zip(group, blobs, strict=True)}
    return records
