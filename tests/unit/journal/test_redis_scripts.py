"""What the Lua scripts are sent and how their replies are read, by a client in memory; tests/contract runs them on Redis."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import NoScriptError

from dashboard.journal import redis_scripts as scripts
from dashboard.journal.redis_scripts import Keys, Row

pytestmark = pytest.mark.gen_test
KEYS = Keys.of("p", "metrics.0")


class Client:
    """Client that knows no script before it was sent, and always gives the same reply."""

    def __init__(self, reply: Any) -> None:
        self.reply = reply
        self.sent: list[tuple[Any, ...]] = []
        self.known = False

    async def evalsha(self, sha: str, count: int, *rest: Any) -> Any:
        if not self.known:
            raise NoScriptError("no matching script")
        self.sent.append(rest)
        return self.reply

    async def eval(self, text: str, count: int, *rest: Any) -> Any:
        self.known = True
        return await self.evalsha("", count, *rest)


async def test_a_script_is_sent_once_and_then_called_by_its_hash() -> None:
    client = Client(1)
    assert await scripts.hold(client, "lease", "me", 500)  # type: ignore[arg-type]
    client.reply = 0
    assert not await scripts.hold(client, "lease", "me", 500)  # type: ignore[arg-type]
    assert client.sent == [("lease", "me", 500)] * 2


async def test_an_append_sends_its_rows_and_reads_the_numbers_of_the_entries() -> None:
    client = Client([b"ok", b"e1", 7, 1_000, 20, 0, 6, 7])
    done = await scripts.append(
        client,  # type: ignore[arg-type]
        KEYS,
        "w",
        known=("e1", 5),
        candidate="e2",
        stamp_ms=None,
        max_age_ms=10,
        max_bytes=20,
        flush=3,
        patience_ms=4,
        rows=[Row("r1", "", b"a"), Row("r2", "z", b"b")],
    )
    assert (done.status, done.epoch, done.seq, done.again, done.seqs) == ("ok", "e1", 7, False, [6, 7])
    keys = ("{p:metrics.0}:log", "{p:metrics.0}:head", "{p:metrics.0}:requests", "{p:metrics.0}:writer:w")
    assert client.sent == [(*keys, "e1", 5, "e2", "", 10, 20, 3, 4, "r1", "", b"a", "r2", "z", b"b")]


async def test_the_state_of_a_log_names_the_epochs_before_it() -> None:
    client = Client([b"e2", 9, 20, 1_000, b"1-1", b"9-9", 2, b"from:e1", b"4"])
    found = await scripts.look(client, KEYS, "e3", ["8-8", "9-9"])  # type: ignore[arg-type]
    assert (found.epoch, found.seq, found.last_id, found.common, found.origins) == ("e2", 9, "9-9", 2, {"e1": 4})
    assert client.sent == [(KEYS.log, KEYS.head, "e3", "8-8", "9-9")]


async def test_a_checkpoint_that_is_not_the_expected_one_is_not_replaced() -> None:
    client = Client(0)
    done = await scripts.commit(client, KEYS, "staged", ("e1", 4), whole=True, base="any", linger_ms=5)  # type: ignore[arg-type]
    assert done is False
    assert client.sent == [(KEYS.checkpoint, "staged", "e1", 4, "whole", KEYS.more("blob:"), "any", 5)]
