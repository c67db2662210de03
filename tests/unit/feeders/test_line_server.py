"""Lines out of pieces: nothing lost, nothing twice, nothing without bound."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.feeders.line_server import LineSplitter, parsed_aside
from dashboard.ingest.graphite import MAX_LINE_BYTES
from dashboard.ingest.parsed import Parsed


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

    where = list[bool]()
    await parsed_aside(parse, b"a 1\n", where, 0)
    await parsed_aside(parse, b"a 1\n" * 2_000, where, 0)
    assert where == [True, False]
