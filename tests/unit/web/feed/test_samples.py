"""This server's own formats of samples."""

from __future__ import annotations

import msgspec
import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import KeyCache, Refusal
from dashboard.ingest.parsed import Parsed
from dashboard.web.feed.samples import NamedSample, SamplesJson, read_query_number
from tests.unit.web.feed.asked import LATEST_MS, asked, outcome

T_MS = LATEST_MS - 60_000


def test_samples_are_read_and_counted() -> None:
    samples = SamplesJson(KeyCache())
    parsed = samples.parse(asked(b'[{"series": "cpu", "value": 1}, {"series": "cpu", "value": "x"}]'))
    assert (parsed.batch.keys, len(parsed.batch.refused)) == (["cpu"], 1)
    assert samples.answer(asked(), parsed, outcome(accepted=2))[:2] == (202, b'{"accepted":2}')
    assert [each.body for each in samples.slices(b"[1]")] == [b"[1]"]
    assert b"NDJSON" in samples.greet(asked()).body


def test_what_was_refused_is_listed() -> None:
    answer = SamplesJson(KeyCache()).answer(asked(), Parsed(), outcome(Refusal(1, "value", "is no number"), unlisted=1))
    assert answer.status == 400
    assert msgspec.json.decode(answer.body) == {
        "code": "invalid",
        "error": "2 of 3 samples refused; sample 1: value: is no number",
        "accepted": 1,
        "refused": [{"index": 1, "field": "value", "reason": "is no number", "code": "invalid"}],
    }


@pytest.mark.parametrize(
    ("body", "query", "value", "t_ms", "unit"),
    [
        (b"1.5", {}, 1.5, None, None),
        (b"", {"value": "2"}, 2, None, None),
        (b"3", {"value": "2"}, 3, None, None),
        (b"3", {"t": str(T_MS), "unit": "ms"}, 3, T_MS, "ms"),
        (b'{"value": 4}', {"unit": "ms"}, 4, None, None),
    ],
)
def test_a_bare_number_may_stand_in_the_body_or_in_the_query(
    body: bytes, query: dict[str, str], value: float, t_ms: int | None, unit: str | None
) -> None:
    batch = NamedSample(KeyCache()).parse(asked(body, "room.temp", query=query)).batch
    assert (batch.keys, batch.values, batch.times) == (["room.temp"], [value], [t_ms])
    assert ("ms" in repr(batch)) is (unit == "ms")


def test_a_named_series_is_greeted_and_its_body_is_one_slice() -> None:
    assert b"for the series room.temp" in NamedSample(KeyCache()).greet(asked(b"", "room.temp")).body
    assert [each.body for each in NamedSample(KeyCache()).slices(b"[1]" * 9)] == [b"[1]" * 9]


def test_a_number_of_the_query_is_read_strictly() -> None:
    assert read_query_number("t", "1.5") == 1.5
    with pytest.raises(Invalid, match=r"t: 'soon' is not a number"):
        read_query_number("t", "soon")
