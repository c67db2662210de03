"""Two databases, buckets or streams with the same series."""

from __future__ import annotations

from dashboard.ingest.line_protocol import parse_line_protocol
from dashboard.ingest.line_sources import MAX_SOURCES, LineSources
from tests.support.parsed_checks import LATEST_MS

LINE = b'm,a=b f=1,t="x"'


def refused(sources: LineSources, source: str, line: bytes = LINE) -> list[str]:
    parsed = parse_line_protocol(line, sources.of(source), LATEST_MS)
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
