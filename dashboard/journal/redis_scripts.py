"""Lua scripts of the ``redis`` engine as functions: arguments in, replies as values. Each runs as one atomic step."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from redis.exceptions import NoScriptError

from dashboard.journal.redis_link import Client, read_script


class Keys(NamedTuple):
    """Redis keys of one partition; the braces in them keep all keys on one node of a Cluster."""

    log: str
    head: str
    requests: str
    checkpoint: str

    @classmethod
    def of(cls, prefix: str, partition: str) -> Keys:
        """Return the keys of ``partition``."""
        tag = f"{{{prefix}:{partition}}}"
        return cls(f"{tag}:log", f"{tag}:head", f"{tag}:requests", f"{tag}:checkpoint")

    def more(self, name: str) -> str:
        """Return another key of this partition."""
        return self.log.removesuffix("log") + name


class Row(NamedTuple):
    """Entry to append: its request id, the value's encoding ("" for plain, "z" for compressed), and the value."""

    request_id: str
    suffix: str
    value: bytes


class Appended(NamedTuple):
    """Reply of append.lua. ``again``: True if the same flush had been stored before; ``seqs``: one number for each entry."""

    status: str
    epoch: str
    seq: int
    now_ms: int
    bytes: int
    again: bool
    seqs: list[int]


class LogState(NamedTuple):
    """State of a partition in Redis. ``origins``: old epoch -> the last seq that it shares with the present epoch.

    ``common``: how many of the given ids, from the first on, are of entries that are stored or were trimmed. The entry of
    the next id is lost.
    """

    epoch: str
    seq: int
    bytes: int
    now_ms: int
    oldest_id: str
    last_id: str
    common: int
    origins: dict[str, int]


class Script:
    """Script that is sent to a server once and then called by its hash."""

    def __init__(self, name: str) -> None:
        self._text = read_script(name)
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def __call__(self, client: Client, keys: list[str], *arguments: Any) -> Any:
        """Run the script by its hash; if the server does not know the script yet, send the text instead."""
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
    patience_ms: int,
    rows: list[Row],
) -> Appended:
    """Append entries (append.lua). ``stamp_ms`` None: the entries get the time of Redis, which all processes share.

    ``known``: epoch and highest number that the writer has seen. ``candidate``: name of a new epoch, if Redis has none.
    ``writer``, ``flush``: name of this process' writer and number of its flush, so that a repeated flush is stored
    once. The limits: see ``AppendLimits``.
    """
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
        patience_ms,
        *flat,
    )
    status, epoch, seq, now_ms, size, again, *seqs = reply
    return Appended(status.decode(), epoch.decode(), seq, now_ms, size, bool(again), seqs)


async def look(client: Client, keys: Keys, candidate: str, ids: list[str]) -> LogState:
    """Return the state of the partition's log in Redis (look.lua).

    ``candidate``: name of a new epoch, if Redis has none; ``ids``: ids of entries that this process has read.
    """
    reply = await _look(client, [keys.log, keys.head], candidate, *ids)
    epoch, seq, size, now_ms, oldest, last, common, *flat = reply
    origins = {name.decode()[5:]: int(fork) for name, fork in zip(flat[::2], flat[1::2], strict=True)}
    return LogState(epoch.decode(), seq, size, now_ms, oldest.decode(), last.decode(), common, origins)


async def turn(client: Client, keys: Keys, epoch: str, candidate: str, fork: int) -> None:
    """Begin the new epoch ``candidate`` after the entry ``fork`` of ``epoch`` (turn.lua)."""
    await _turn(client, [keys.head], epoch, candidate, fork)


async def hold(client: Client, key: str, holder: str, for_ms: int) -> bool:
    """Acquire or renew the lease ``key`` for ``holder``, for ``for_ms`` milliseconds (hold.lua); return False if
    another process holds it."""
    return bool(await _hold(client, [key], holder, for_ms))


async def release(client: Client, key: str, holder: str) -> None:
    """Release the lease ``key`` if ``holder`` holds it (release.lua)."""
    await _release(client, [key], holder)


async def commit(
    client: Client, keys: Keys, staged: str, position: tuple[str, int], *, whole: bool, base: str, linger_ms: int
) -> bool:
    """Put a staged checkpoint into force (commit.lua).

    ``whole``: True if no record of the former checkpoint stays. ``linger_ms``: how long replaced records are still
    readable. Return False if the stored checkpoint is not at ``base``, or is later than ``position`` in the same epoch.
    """
    kind = "whole" if whole else ""
    found = await _commit(client, [keys.checkpoint, staged], *position, kind, keys.more("blob:"), base, linger_ms)
    return bool(found)
