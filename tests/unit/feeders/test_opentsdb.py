"""OpenTSDB's telnet form: answers to the sender, stored samples, counts."""

from __future__ import annotations

from typing import cast

import pytest

from dashboard.feeders.opentsdb import OpenTsdbSource
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import OpenTsdb
from dashboard.feeders.submitter import Submitter
from tests.support.parsed_checks import T
from tests.support.redis_server import free_port
from tests.unit.feeders.keeper import Keeper
from tests.unit.feeders.talking import told


@pytest.mark.gen_test
async def test_good_points_are_stored_in_silence_and_errors_are_answered() -> None:
    keeper, port = Keeper(), free_port()
    state = SourceState("opentsdb", "opentsdb", f"127.0.0.1:{port}", lambda: T, 10)
    source = OpenTsdbSource(OpenTsdb(port=port), submitter=cast(Submitter, keeper), state=state)

    async def answer(sent: bytes) -> bytes:
        return await told(source, port, sent)

    seconds = b"%d" % (T // 1000)
    assert await answer(b"put a " + seconds + b" 1 h=x\nput b " + seconds + b" 2 h=y\nstats\nexit\n") == b""
    assert (await answer(b"version\n")).startswith(b"net.opentsdb")
    assert await answer(b"put a " + seconds + b" x h=x\n") == b"put: invalid value: 'x' is not a number\n"
    assert (await answer(b"put a\n")).startswith(b"put: illegal argument: is not: put metric")
    assert await answer(b"puts a 1 2\nrollup 1 2\n") == b"unknown command: puts.\n"
    assert (keeper.keys(), state.accepted, sum(state.refused.values())) == (['a{h="x"}', 'b{h="y"}'], 2, 4)
