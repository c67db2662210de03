from __future__ import annotations

import math
import struct
import time
from collections.abc import Iterator

import pytest

from dashboard.domain.errors import Invalid, TooLarge
from dashboard.ingest import batch, protobuf, remote_write
from dashboard.ingest.batch import UNREAD
from dashboard.ingest.packed import MissingExtra
from dashboard.ingest.parsed import NOT_FINITE, Parsed
from dashboard.ingest.protobuf import TooManyFields
from dashboard.ingest.remote_write import LabelCache, parse_remote_write, parse_write_request
from tests.support.claims import accepted
from tests.support.deadline import within
from tests.support.parsed_checks import LATEST_MS, T, check_parsed
from tests.support.write_request import encode, field, snappy, varint

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
UP = {"__name__": "up", "instance": "web-1:9100", "job": "node"}


def parse(data: bytes, cache: LabelCache | None = None) -> Parsed:
    parsed = parse_remote_write(snappy(data), LabelCache() if cache is None else cache, LATEST_MS)
    check_parsed(parsed)
    return accepted(parsed)


def rows(parsed: Parsed) -> list[tuple[str, int | None, float]]:
    return sorted(zip(parsed.batch.keys, parsed.batch.times, parsed.batch.values, strict=True))


def test_series_are_read_the_same_the_first_time_and_when_their_labels_are_known() -> None:
    data = encode(
        [
            (UP, [(1.5, T)]),
            (UP | {"job": "x"}, [(0.0, T)]),
            ({"__name__": "b"}, [(-2, T), (3, T + 1)]),
            (UP | {"job": "y"}, [(7, T)]),
        ]
    )
    cache = LabelCache()
    expected = sorted([
        ('up{instance="web-1:9100",job="node"}', T, 1.5), ('up{instance="web-1:9100",job="x"}', T, 0.0),
        ("b", T, -2.0), ("b", T + 1, 3.0), ('up{instance="web-1:9100",job="y"}', T, 7.0),
    ])  # fmt: skip
    for _ in range(3):
        assert rows(parse(data, cache)) == expected
    assert len(cache) == 3


@pytest.mark.parametrize("step", [0, 1, 1_000_000])
def test_series_of_many_times_and_of_one_are_read_alike(step: int) -> None:
    data = encode([({"__name__": f"s{i}"}, [(i / 2, T + step * i)]) for i in range(9)])
    cache = LabelCache()
    for _ in range(2):
        assert rows(parse(data, cache)) == [(f"s{i}", T + step * i, i / 2) for i in range(9)]


def test_a_series_that_ended_is_told_and_a_nan_refused() -> None:
    cache = LabelCache()
    parse(encode([(UP, [(1, T)]), ({"__name__": "a"}, [(1, T)]), ({"__name__": "b"}, [(1, T)])]), cache)
    for known in (cache, LabelCache()):
        data = encode(
            [
                (UP, [(STALE, T)]),
                ({"__name__": "a"}, [(math.nan, T)]),
                ({"__name__": "b"}, [(2, T)]),
                ({"__name__": "c"}, [(math.inf, T)]),
            ]
        )
        parsed = parse(data, known)
        assert parsed.ended == [('up{instance="web-1:9100",job="node"}', T)]
        assert rows(parsed) == [("b", T, 2.0)]
        assert [(r.index, r.code) for r in parsed.batch.refused] == [(1, NOT_FINITE), (3, NOT_FINITE)]


def test_the_good_series_are_kept_and_each_bad_one_is_named() -> None:
    many = {"__name__": "m"} | {f"l{i}": "1" for i in range(257)}
    data = encode([(UP, [(1, T)]), (many, [(1, T)]), ({"a": "b"}, [(1, T)]), (UP, [(1, 5)]), (UP, [(1, LATEST_MS + 1)]), (UP, [(2, T)]),
                   ({"__name__": "x", "a.b": "1", "a_b": "2"}, [(1, T)]), ({"__name__": "z", "a": "v" * 70_000}, [(1, T)])])  # fmt: skip
    cache = LabelCache()
    for _ in range(2):
        parsed = parse(data, cache)
        assert sorted(parsed.batch.values) == [1, 2]
        assert sorted(r.index for r in parsed.batch.refused) == [1, 2, 3, 4, 6, 7]
        assert all(r.snippet for r in parsed.batch.refused)


def test_kinds_are_taken_from_the_metadata() -> None:
    names = ("reqs_total", "temp", "lat_bucket", "lat_sum", "lat_count", "other")
    data = encode(
        [({"__name__": name}, [(1, T)]) for name in names], [(1, "reqs"), (2, "temp"), (3, "lat"), (0, "other")]
    )
    assert parse(data).batch.kinds == {
        "reqs_total": "counter", "temp": "gauge", "lat_bucket": "histogram", "lat_sum": "histogram", "lat_count": "histogram",
    }  # fmt: skip


def test_utf8_names_are_mapped() -> None:
    assert parse(encode([({"__name__": "http.server é", "a.b": "c d"}, [(1, T)])])).batch.keys == [
        'http.server__{a_b="c d"}'
    ]


@pytest.mark.parametrize(
    "data", [b"\x0a", b"\x0a\x05\x00", b"\x00", b"\xff" * 12, b"\x0b", b"\x0a\xff\xff\xff\xff\x0f", b"\x19\x00"]
)
def test_bytes_that_are_no_message_are_invalid(data: bytes) -> None:
    with pytest.raises(Invalid):
        parse_write_request(data, LabelCache(), LATEST_MS)


def test_what_a_body_claims_is_looked_at_before_it_is_written_out() -> None:
    with pytest.raises(TooLarge):
        parse_remote_write(b"\xff\xff\xff\xff\x0f" + bytes(10), LabelCache(), LATEST_MS)
    with pytest.raises(Invalid, match="more bytes than snappy"):
        parse_remote_write(b"\xff\xff\x7f" + bytes(10), LabelCache(), LATEST_MS)
    for body in (b"", b"\x05", b"\x05hello", b"\xff" * 20, snappy(b"hello")[:-1]):
        with pytest.raises(Invalid):
            parse_remote_write(body, LabelCache(), LATEST_MS)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.ingest.packed.cramjam", None)
    with pytest.raises(MissingExtra, match="live-dashboard\\[protobuf\\]"):
        parse_remote_write(b"", LabelCache(), LATEST_MS)


@pytest.mark.parametrize("field", [b"\x0a\x00", b"\x1a\x00", b"\x10\x00", b"\x0a\x04\x0a\x02\x0a\x00"])
def test_a_body_of_very_many_fields_takes_bounded_time(field: bytes) -> None:
    body = snappy(field * 2_000_000)
    began = time.process_time()
    with pytest.raises(Invalid):
        parse_remote_write(body, LabelCache(), LATEST_MS)
    within(time.process_time() - began, 0.5, "the CPU time")


def test_names_that_would_be_one_are_told_apart_also_in_later_bodies() -> None:
    cache = LabelCache()
    first = encode([({"__name__": "a b"}, [(1, T)]), ({"__name__": "c"}, [(2, T)])])
    second = encode([({"__name__": "a_b"}, [(3, T)]), ({"__name__": "c", "x": ""}, [(4, T + 1)])])
    assert accepted(parse_write_request(first, cache, LATEST_MS)).batch.keys == ["a_b", "c"]
    parsed = parse_write_request(second, cache, LATEST_MS)
    assert (parsed.batch.keys, [refusal.code for refusal in parsed.batch.refused]) == (["c"], ["name_taken"])
    assert "'a_b' and 'a b' would both be a_b here" in parsed.batch.refused[0].reason


def test_samples_beyond_the_limit_of_a_part_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_write, "MAX_SAMPLES", 1_000)
    for stale in (False, True):
        parsed = parse(encode([(UP, [(STALE if stale else 1.0, T + n) for n in range(5_000)])]))
        assert len(parsed.batch.keys) + len(parsed.ended) == 1_000
        assert [refused.reason for refused in parsed.batch.refused] == [
            "more than 1000 samples in one body; send fewer at a time"
        ]


def test_series_after_very_many_refused_ones_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAX_REFUSALS", 10)
    parsed = parse(encode([({"__name__": f"m{n}"}, [(1.0, LATEST_MS + 1)]) for n in range(50)]))
    assert [refused.index for refused in parsed.batch.refused] == list(range(11))
    assert (parsed.batch.refused[-1].code, parsed.batch.unread) == (UNREAD, 39)


@pytest.mark.parametrize("size", [50, 100_000])
def test_fields_that_are_not_read_have_a_limit_of_a_body(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(protobuf, "MAX_NOT_READ", 1_000)
    monkeypatch.setattr(protobuf, "_NOT_READ_BYTES", 1 << 30)
    good = encode([(UP, [(1.0, T)])])[2:]  # without its tag and length, which is less than 128
    series = good + b"\x78\x00" * size  # field 15, a number
    length = bytes((len(series) & 0x7F | 0x80, len(series) >> 7 & 0x7F | 0x80, len(series) >> 14))
    read = list[int]()
    fields = protobuf.read_fields

    def counted(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
        for each in fields(data):
            read.append(1)
            yield each

    monkeypatch.setattr(remote_write, "read_fields", counted)
    few = 1_000 // size
    if few:
        assert parse(b"".join([b"\x0a" + length + series] * few)).batch.keys != []
    with pytest.raises(Invalid, match="more than 1000 fields that are not known"):
        parse(b"".join([b"\x0a" + length + series] * (few + 100)))
    assert len(read) < 10_000


@pytest.mark.parametrize("place", ["label", "sample", "repeated", "histogram", "span"])
def test_fields_that_are_not_read_are_counted_wherever_they_are(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr(protobuf, "MAX_NOT_READ", 1_000)
    monkeypatch.setattr(protobuf, "_NOT_READ_BYTES", 1 << 30)

    def body(count: int) -> bytes:
        junk = b"\x60\x00" * count  # field 12, a number
        many = dict.fromkeys(("label", "sample", "repeated", "histogram", "span"), b"") | {place: junk}
        label = field(1, b"\x0a\x08__name__\x12\x01m" + many["label"])
        value = b"\x09" + bytes(8)
        sample = field(2, value + value * (count if many["repeated"] else 0) + b"\x10" + varint(T) + many["sample"])
        deltas = b"" if many["histogram"] else field(11, b"\x08\x00\x10\x01" + many["span"]) + b"\x62\x01\x02"
        own = many["histogram"].replace(b"\x60", b"\x28")  # field 5
        histogram = field(4, b"\x08\x01\x78" + varint(T) + deltas + own)
        return field(1, label + sample + histogram)

    assert len(parse(body(500)).batch.keys) == 6 if place != "histogram" else 3
    with pytest.raises(TooManyFields, match="more than 1000 fields that are not known"):
        parse(body(5_000))


def test_the_rows_of_native_histograms_have_the_limit_of_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = b"".join(struct.pack("<d", n) for n in range(400))
    histogram = field(4, b"\x08\x01\x20\x69\x78" + varint(T) + field(16, bounds))
    series = field(1, field(1, b"\x0a\x08__name__\x12\x01m") + histogram * 9)
    monkeypatch.setattr(remote_write, "MAX_SAMPLES", 1_000)
    parsed = parse(series)
    assert len(parsed.batch.keys) == 3 * 403  # whole histograms
    assert [refused.reason for refused in parsed.batch.refused] == [
        "more than 1000 samples in one body; send fewer at a time"
    ]
