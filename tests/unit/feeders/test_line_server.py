"""Lines that arrive in pieces: nothing is lost, nothing is taken twice, and memory is bounded."""

from __future__ import annotations

import asyncio
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.feeders.line_server import LineSplitter, parsed_aside
from dashboard.feeders.source_state import SourceState
from dashboard.ingest.graphite import MAX_LINE_BYTES
from dashboard.ingest.parsed import Parsed
from tests.support.deadline import scaled


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b""))), st.randoms())
def test_lines_come_out_as_they_went_in_whatever_the_pieces(given_lines: list[bytes], random: object) -> None:
    whole, lines, out = b"".join(line + b"\n" for line in given_lines), LineSplitter(MAX_LINE_BYTES), []
    while whole:
        at = random.randint(1, len(whole))  # type: ignore[attr-defined]
        some, too_long = lines.split(whole[:at])
        assert too_long == []
        out += some.split(b"\n") if b"\n" in whole[:at] else []
        whole = whole[at:]
    assert out == given_lines
    assert lines.rest == b""


def test_a_line_that_grows_too_long_is_named_once_and_passed_over() -> None:
    lines = LineSplitter(MAX_LINE_BYTES)
    found = []
    for _ in range(MAX_LINE_BYTES // 1000 + 20):
        whole, too_long = lines.split(b"x" * 1000)
        assert whole == b""
        found += too_long
        assert len(lines.rest) <= MAX_LINE_BYTES
    assert found == [b"x" * 200]
    assert lines.split(b"x\nnext 1 -1\nrest") == (b"next 1 -1", [])
    assert lines.rest == b"rest"


@pytest.mark.gen_test
async def test_many_lines_are_parsed_in_a_thread_and_few_at_once() -> None:
    def parse(lines: bytes, cache: list[bool], _: int) -> Parsed:
        cache.append(threading.current_thread() is threading.main_thread())
        return Parsed()

    where, state = list[bool](), SourceState("a", "test", "nowhere", lambda: 1_000, 10)
    await parsed_aside(parse, b"a 1\n", where, 0, state)
    await parsed_aside(parse, b"a 1\n" * 2_000, where, 0, state)
    assert where == [True, False]


@pytest.mark.gen_test
async def test_lines_that_are_being_parsed_when_the_source_stops_are_counted() -> None:
    state, begun, go_on = SourceState("a", "test", "nowhere", lambda: 1_000, 10), threading.Event(), threading.Event()

    def parse(_lines: bytes, _cache: None, _latest_ms: int) -> Parsed:
        begun.set()
        go_on.wait(scaled(60))
        return Parsed()

    taking = asyncio.ensure_future(parsed_aside(parse, b"a 1\n\n" * 2_000, None, 0, state))
    await asyncio.get_running_loop().run_in_executor(None, begun.wait, 60)
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)
    go_on.set()
    assert state.dropped == {"stopped": 2_000}
