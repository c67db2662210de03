"""Two databases, buckets or streams with the same series."""

from __future__ import annotations

from dashboard.ingest.line_protocol import parse_line_protocol
from dashboard.ingest.line_sources import MAX_SOURCES, SILENT_MS, LineSources
from tests.support.claims import accepted
from tests.support.parsed_checks import LATEST_MS

LINE = b'm,a=b f=1,t="x"'


def refused(sources: LineSources, source: str, line: bytes = LINE, after_ms: int = 0) -> list[str]:
    parsed = accepted(parse_line_protocol(line, sources.of(source, LATEST_MS + after_ms), LATEST_MS + after_ms))
    return [f"{refusal.code}: {refusal.reason}" for refusal in parsed.batch.refused]


def test_the_first_source_owns_a_series_and_a_text_and_others_have_their_own() -> None:
    sources = LineSources(100)
    assert refused(sources, "database a") == []
    text, number = refused(sources, "database b")
    assert number.startswith("name_taken: line 1: 'database b: m,a f' and 'database a: m,a f' would both be m_f here")
    assert text.startswith("name_taken: ")
    assert refused(sources, "database b", b"m,a=c f=1") == []
    assert refused(sources, "database a") == []


def test_many_sources_keep_their_series() -> None:
    sources = LineSources(100)
    assert refused(sources, "first") == []
    for number in range(2 * MAX_SOURCES):
        assert len(refused(sources, f"other {number}")) == 2
    assert refused(sources, "first") == []


def test_a_source_that_is_silent_gives_its_series_to_another_at_once() -> None:
    sources = LineSources(100)
    assert refused(sources, "database a") == []
    assert len(refused(sources, "database b", after_ms=SILENT_MS)) == 2
    assert refused(sources, "database b", after_ms=SILENT_MS + 1) == []
    assert len(refused(sources, "database a", after_ms=SILENT_MS + 2)) == 2
    assert refused(sources, "", b"edge_a b=1", after_ms=SILENT_MS) == []
    assert len(refused(sources, "", b"edge a_b=1", after_ms=2 * SILENT_MS + 9)) == 1  # another name never does
