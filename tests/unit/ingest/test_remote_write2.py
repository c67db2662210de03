"""Remote write 2.0, and the native histograms of both versions."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest import protobuf
from dashboard.ingest.parsed import NOT_FINITE
from dashboard.ingest.protobuf import TooManyFields
from dashboard.ingest.remote_write import LabelCache, parse_write_request
from dashboard.ingest.remote_write2 import SymbolCache, Written, parse_remote_write2, parse_request2
from tests.support.parsed_checks import LATEST_MS, T, check_parsed
from tests.support.write_request import Request2, WriteRequest, add_series2, field, snappy, varint

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
UP = {"__name__": "up", "instance": "web-1:9100", "job": "node"}


def parse(request: Any) -> Written:
    cache = SymbolCache()
    first, again = (parse_remote_write2(snappy(request.SerializeToString()), cache, LATEST_MS) for _ in range(2))
    check_parsed(first)
    assert rows(first) == rows(again)
    return again


def rows(parsed: Any) -> dict[str, float]:
    return dict(zip(parsed.batch.keys, parsed.batch.values, strict=True))


def test_series_are_named_by_symbols_and_say_their_kind_and_unit() -> None:
    request = Request2()
    add_series2(request, UP, (1.0, T), (0.0, T + 1), kind=2)
    add_series2(
        request,
        UP | {"__name__": "req_seconds_total", **{f"l{n}": f"v{n}" for n in range(80)}},
        (3, T),
        kind=1,
        unit="seconds",
    )
    written = parse(request)
    assert written.batch.times == [T, T + 1, T]
    assert written.batch.keys[0] == 'up{instance="web-1:9100",job="node"}'
    assert sorted(written.batch.kinds.values()) == ["counter", "gauge"]
    assert written.batch.declared == [(2, "seconds", None)]
    assert written.batch.where is not None
    assert written.batch.where() == [0, 0, 1]


def test_each_bad_series_is_refused_alone_and_an_end_is_told() -> None:
    request = Request2()
    add_series2(request, UP, (1.0, T))
    add_series2(request, {"a": "b"}, (1.0, T))
    add_series2(request, UP | {"a.b": "1", "a_b": "2"}, (1.0, T))
    add_series2(request, {"__name__": "x"}, (math.nan, T), (2.0, T))
    add_series2(request, {"__name__": "gone"}, (STALE, T))
    request.timeseries.add().labels_refs.extend([1, 999])
    request.timeseries.add().labels_refs.extend([1])
    written = parse(request)
    assert rows(written) == {'up{instance="web-1:9100",job="node"}': 1, "x": 2}
    assert (written.ended, written.counts.ended) == ([("gone", T)], 1)
    assert [(r.index, r.code) for r in written.batch.refused] == [
        (1, "invalid"), (2, "invalid"), (3, NOT_FINITE), (5, "invalid"), (6, "invalid"),
    ]  # fmt: skip
    assert "a.b=1" in written.batch.refused[1].snippet


def test_what_is_no_request_is_invalid() -> None:
    for data in (b"\x0a", b"\x2a\x05", b"\xff" * 12, b"\x22\x01x"):
        with pytest.raises(Invalid):
            parse_request2(data, SymbolCache(), LATEST_MS)


def fill(histogram: Any) -> None:
    """Fill a histogram: ten values of 0, and 1, 2, 1 in the buckets up to 2, 4 and, after a hole, 16."""
    histogram.count_int, histogram.sum, histogram.schema, histogram.timestamp = 14, 25.5, 0, T
    histogram.zero_count_int = 10
    histogram.positive_spans.add(offset=1, length=2)
    histogram.positive_spans.add(offset=1, length=1)
    histogram.positive_deltas.extend([1, 1, -1])


def custom(histogram: Any) -> None:
    histogram.count_int, histogram.sum, histogram.schema, histogram.timestamp = 6, 9.5, -53, T
    histogram.custom_values.extend([0.5, 10])
    histogram.positive_spans.add(offset=0, length=3)
    histogram.positive_deltas.extend([1, 1, 1])


@pytest.mark.parametrize("version", [1, 2])
def test_native_histograms_are_kept_as_exponential_ones_of_otlp_are(version: int) -> None:
    fills = (
        fill,
        custom,
        lambda h: (setattr(h, "sum", STALE), setattr(h, "timestamp", T)),
        lambda h: setattr(h, "schema", 99),
    )
    request = WriteRequest() if version == 1 else Request2()
    for number, fills_in in enumerate(fills):
        if version == 1:
            series = request.timeseries.add()
            series.labels.add(name="__name__", value=f"h{number}")
        else:
            series = add_series2(request, {"__name__": f"h{number}"})
        fills_in(series.histograms.add())
    data = request.SerializeToString()
    parsed = (
        parse_write_request(data, LabelCache(), LATEST_MS)
        if version == 1
        else parse_request2(data, SymbolCache(), LATEST_MS)
    )
    check_parsed(parsed)
    assert rows(parsed) == {
        "h0_count": 14, "h0_sum": 25.5, "h0_p50": 0, "h0_p90": pytest.approx(2**1.5), "h0_p99": pytest.approx(2**3.5),
        "h1_count": 6, "h1_sum": 9.5, 'h1_bucket{le="0.5"}': 1, 'h1_bucket{le="10"}': 3, 'h1_bucket{le="+Inf"}': 6,
    }  # fmt: skip
    assert {key for key, _ in parsed.ended} == {"h2_count", "h2_sum", "h2_p50", "h2_p90", "h2_p99"}
    assert [(family.key.text, family.label) for family in parsed.ended_families] == [("h2_bucket", "le")]
    assert [r.index for r in parsed.batch.refused] == [3]
    assert parsed.batch.kinds["h0_count"] == "histogram"
    assert parsed.batch.kinds["h0_p50"] == "gauge"


@pytest.mark.parametrize("place", ["request", "series", "sample", "metadata", "repeated"])
def test_fields_that_are_not_read_have_a_limit_of_a_body(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr(protobuf, "MAX_NOT_READ", 1_000)
    monkeypatch.setattr(protobuf, "_NOT_READ_BYTES", 1 << 30)

    def body(count: int) -> bytes:
        junk = b"\x60\x00" * count  # field 12, a number
        many = dict.fromkeys(("request", "series", "sample", "metadata", "repeated"), b"") | {place: junk}
        sample = field(2, b"\x09" + bytes(8) + b"\x10" + varint(T) + many["sample"])
        about = field(5, b"\x08\x02" + many["metadata"]) * (count if many["repeated"] else 1)
        series = field(1, b"\x01\x02") + sample + about + many["series"]
        return b"".join(field(4, text) for text in (b"", b"__name__", b"m")) + field(5, series) + many["request"]

    assert rows(parse_request2(body(500), SymbolCache(100), LATEST_MS)) == {"m": 0.0}
    with pytest.raises(TooManyFields, match="more than 1000 fields that are not known"):
        parse_request2(body(5_000), SymbolCache(100), LATEST_MS)


def test_very_many_references_are_refused_unread() -> None:
    parsed = parse_request2(field(4, b"") + field(5, field(1, b"\x80\x01" * 50_000)), SymbolCache(100), LATEST_MS)
    assert ["more than" in refused.reason for refused in parsed.batch.refused] == [True]
