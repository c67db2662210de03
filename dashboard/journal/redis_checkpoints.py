"""Checkpoints in Redis, shared by all processes: an index of records, each record a compressed blob of its own.

A checkpoint is written piece by piece into new blobs that expire by themselves, and put into force in one step
(``lua/commit.lua``): one that fails midway leaves the old one as it was, and nothing behind.
"""

from __future__ import annotations

import asyncio
import secrets
import zlib
from collections.abc import AsyncIterator

from dashboard.domain.errors import Unavailable
from dashboard.domain.position import Position
from dashboard.journal import redis_scripts as scripts
from dashboard.journal.port import Checkpoint
from dashboard.journal.redis_link import REDIS_ERRORS, Client, explain
from dashboard.journal.redis_scripts import Keys

#: How long the pieces of a checkpoint that is being written live.
_STAGED_S = 3_600
#: Blobs fetched in one round trip, and removed in one.
_FETCHED = 100
_REMOVED = 500


async def save(
    client: Client,
    keys: Keys,
    position: Position,
    records: AsyncIterator[list[tuple[str, bytes | None]]],
    *,
    whole: bool,
) -> None:
    """See ``port.Journal.save_checkpoint``; raises Unavailable."""
    name = secrets.token_hex(6)
    staged = keys.more(f"staged:{name}")
    loop, count = asyncio.get_running_loop(), 0
    try:
        async for some in records:
            packed = await loop.run_in_executor(None, _pack, some)
            pipe = client.pipeline(transaction=False)
            for record, blob in packed:
                count += 1
                blob_name = "" if blob is None else f"{name}:{count}"
                pipe.hset(staged, record, blob_name)
                if blob is not None:
                    pipe.set(keys.more(f"blob:{blob_name}"), blob, ex=_STAGED_S)
            if packed:
                pipe.expire(staged, _STAGED_S)
                await pipe.execute()
        gone = await scripts.commit(client, keys, staged, position, whole=whole)
        if gone is None:
            raise Unavailable("a later checkpoint is in force")
        for start in range(0, len(gone), _REMOVED):
            await client.unlink(*(keys.more(f"blob:{each}") for each in gone[start : start + _REMOVED]))
    except REDIS_ERRORS as error:
        raise Unavailable(f"the checkpoint cannot be stored: {explain(error)}") from None


async def position(client: Client, keys: Keys) -> Position | None:
    """See ``port.Journal.checkpoint_position``."""
    try:
        stored = await client.hget(keys.checkpoint, "")
    except REDIS_ERRORS:
        return None
    return _position(stored) if stored else None


def _position(stored: bytes) -> Position:
    epoch, _, seq = stored.decode().partition(".")
    return Position(epoch, int(seq))


async def load(client: Client, keys: Keys) -> Checkpoint | None:
    """See ``port.Journal.load_checkpoint``; raises Unavailable."""
    try:
        index = await client.hgetall(keys.checkpoint)
        stored = index.pop(b"", None)
        if stored is None:
            return None
        names = list(index)
        groups = [names[start : start + _FETCHED] for start in range(0, len(names), _FETCHED)]
        records: dict[str, bytes] = {}
        loop = asyncio.get_running_loop()
        for group in groups:
            blobs = await client.mget([keys.more("blob:") + index[name].decode() for name in group])
            found = [(name, blob) for name, blob in zip(group, blobs, strict=True) if blob is not None]
            records |= await loop.run_in_executor(None, _unpack, found)
    except REDIS_ERRORS as error:
        raise Unavailable(f"the checkpoint cannot be read: {explain(error)}") from None
    except (zlib.error, ValueError) as error:
        raise Unavailable(f"the checkpoint is damaged: {error}") from None
    return Checkpoint(_position(stored), records)


def _pack(records: list[tuple[str, bytes | None]]) -> list[tuple[str, bytes | None]]:
    return [(name, None if blob is None else zlib.compress(blob, 1)) for name, blob in records]


def _unpack(blobs: list[tuple[bytes, bytes]]) -> dict[str, bytes]:
    return {name.decode(): zlib.decompress(blob) for name, blob in blobs}
