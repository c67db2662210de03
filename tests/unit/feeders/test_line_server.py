"""Lines out of pieces: nothing lost, nothing twice, nothing without bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.feeders.line_server import LineSplitter
from dashboard.ingest.graphite import MAX_LINE_BYTES


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
