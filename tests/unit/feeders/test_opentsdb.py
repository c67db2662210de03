"""OpenTSDB's telnet form: answers to the sender, stored samples, counts."""

from __future__ import annotations

import asyncio
from typing import cast

from dashboard.feeders.opentsdb import OpenTsdbSource
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import OpenTsdb
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import LATEST_MS, T


class Kept:
    """Submitter that keeps what it gets."""

    def __init__(self) -> None:
        self.keys: list[str] = []

    def latest_ms(self) -> int:
        return LATEST_MS

    async def keep_counted(self, parsed: Parsed, state: SourceState) -> None:
        self.keys += parsed.batch.keys
        state.accepted += len(parsed.batch.keys)
        state.refuse_all(parsed.batch.refused)


def test_good_points_are_stored_in_silence_and_errors_are_answered() -> None:
    kept, state = Kept(), SourceState("opentsdb", "opentsdb", "127.0.0.1:4242", lambda: T, 10)
    source = OpenTsdbSource(OpenTsdb(), submitter=cast(Submitter, kept), state=state)

    def told(sent: bytes) -> bytes:
        return asyncio.run(source._take(sent))

    seconds = b"%d" % (T // 1000)
    assert told(b"put a " + seconds + b" 1 h=x\nput b " + seconds + b" 2 h=y\nstats\nexit") == b""
    assert told(b"version").startswith(b"net.opentsdb")
    assert told(b"put a " + seconds + b" x h=x") == b"put: invalid value: 'x' is not a number\n"
    assert told(b"put a").startswith(b"put: illegal argument: is not: put metric")
    assert told(b"puts a 1 2\nrollup 1 2") == b"unknown command: puts.\n"
    assert (kept.keys, state.accepted, sum(state.refused.values())) == (['a{h="x"}', 'b{h="y"}'], 2, 4)
