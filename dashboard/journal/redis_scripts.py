"""The Lua scripts of the ``redis`` engine as functions: arguments in, replies as values. One atomic step each."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from redis.exceptions import NoScriptError

from dashboard.journal.redis_link import Client, read_script


class Keys(NamedTuple):
    """One partition's keys; the braces keep them together in a Cluster."""

    log: str
    head: str
    requests: str
    checkpoint: str

    @classmethod
    def of(cls, prefix: str, partition: str) -> Keys:
        """The keys of ``partition``."""
        tag = f"{{{prefix}:{partition}}}"
        return cls(f"{tag}:log", f"{tag}:head", f"{tag}:requests", f"{tag}:checkpoint")

    def more(self, name: str) -> str:
        """Another key of this partition."""
        return self.log.removesuffix("log") + name


class Row(NamedTuple):
    """An entry to be appended: its request id, "" or "z" (packed), its value."""

    request_id: str
    suffix: str
    value: bytes


class Appended(NamedTuple):
    """``status`` as in append.lua; ``again``: this very flush had been stored before; ``seqs``: one an entry."""

    status: str
    epoch: str
    seq: int
    now_ms: int
    bytes: int
    again: bool
    seqs: list[int]


class Standing(NamedTuple):
    """Where a partition stands. ``common``: how many of the ids asked about are there; ``origins``: old epoch -> seq."""

    epoch: str
    seq: int
    bytes: int
    now_ms: int
    oldest_id: str
    last_id: str
    common: int
    origins: dict[str, int]


class Script:
    """One script, sent once and then named by its hash."""

    def __init__(self, name: str) -> None:
        self._text = read_script(name)
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, client: Client, keys: list[str], *arguments: Any) -> Any:
        """Run it; a server that does not know it yet is sent the text (which runs it just as well)."""
        try:
            return await client.evalsha(self._sha, len(keys), *keys, *arguments)
        except NoScriptError:
            return await client.eval(self._text, len(keys), *keys, *arguments)


_append, _look, _turn = Script("append"), Script("look"), Script("turn")
_hold, _release, _commit = Script("hold"), Script("release"), Script("commit")


async def append(
    client: Client,
    keys: Keys,
    writer: str,
    *,
    known: tuple[str, int],
    candidate: str,
    stamp_ms: int | None,
    max_age_ms: int,
    max_bytes: int,
    flush: int,
    rows: list[Row],
) -> Appended:
    """append.lua. ``stamp_ms`` None: Redis' own time, which all processes share."""
    flat = [part for row in rows for part in row]
    stamp = "" if stamp_ms is None else stamp_ms
    reply = await _append(
        client,
        [keys.log, keys.head, keys.requests, keys.more(f"writer:{writer}")],
        *known,
        candidate,
        stamp,
        max_age_ms,
        max_bytes,
        flush,
        *flat,
    )
    status, epoch, seq, now_ms, size, again, *seqs = reply
    return Appended(status.decode(), epoch.decode(), seq, now_ms, size, bool(again), seqs)


async def look(client: Client, keys: Keys, candidate: str, ids: list[str]) -> Standing:
    """look.lua."""
    reply = await _look(client, [keys.log, keys.head], candidate, *ids)
    epoch, seq, size, now_ms, oldest, last, common, *flat = reply
    origins = {name.decode()[5:]: int(fork) for name, fork in zip(flat[::2], flat[1::2], strict=True)}
    return Standing(epoch.decode(), seq, size, now_ms, oldest.decode(), last.decode(), common, origins)


async def turn(client: Client, keys: Keys, epoch: str, candidate: str, fork: int) -> None:
    """turn.lua."""
    await _turn(client, [keys.head], epoch, candidate, fork)


async def hold(client: Client, key: str, holder: str, for_ms: int) -> bool:
    """hold.lua."""
    return bool(await _hold(client, [key], holder, for_ms))


async def release(client: Client, key: str, holder: str) -> None:
    """release.lua."""
    await _release(client, [key], holder)


async def commit(
    client: Client, keys: Keys, staged: str, position: tuple[str, int], *, whole: bool, base: str, linger_ms: int
) -> bool:
    """commit.lua: whether the checkpoint is in force now."""
    kind = "whole" if whole else ""
    found = await _commit(client, [keys.checkpoint, staged], *position, kind, keys.more("blob:"), base, linger_ms)
    return bool(found)
