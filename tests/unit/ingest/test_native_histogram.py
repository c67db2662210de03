from __future__ import annotations

import struct

import pytest

from dashboard.domain.errors import Invalid
from dashboard.domain.series import parse_series
from dashboard.ingest.native_histogram import STALE_BITS, take_histogram
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.protobuf import NotRead
from tests.support.parsed_checks import LATEST_MS, T, check_parsed

KEY = parse_series('rpc{job="a"}')


def varint(value: int) -> bytes:
    value &= 2**64 - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def zigzag(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else (-value << 1) - 1)


def field(number: int, value: int | float | bytes) -> bytes:
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 1) + struct.pack("<d", value)
    return varint(number << 3) + varint(value)


def span(offset: int, length: int) -> bytes:
    return b"\x08" + zigzag(offset) + field(2, length)


def signed(number: int, value: int) -> bytes:
    return varint(number << 3) + zigzag(value)


def taken(data: bytes) -> Parsed:
    parsed = Parsed()
    take_histogram(data + field(15, T), KEY, parsed, LATEST_MS, NotRead.of_body(len(data)))
    check_parsed(parsed)
    return parsed


def values(data: bytes) -> dict[str, float]:
    batch = taken(data).batch
    assert set(batch.times) == {T}
    return dict(zip(batch.keys, batch.values, strict=True))


def test_a_histogram_is_its_count_sum_and_percentiles() -> None:
    deltas = b"".join(zigzag(delta) for delta in (90, -80))  # 90 and 10
    data = (
        field(1, 100)
        + field(3, 123.0)
        + signed(4, 0)
        + field(11, span(1, 1))
        + field(11, span(1, 1))
        + field(12, deltas)
    )
    assert values(data) == {
        'rpc_count{job="a"}': 100, 'rpc_sum{job="a"}': 123, 'rpc_p50{job="a"}': 2**0.5, 'rpc_p90{job="a"}': 2**0.5,
        'rpc_p99{job="a"}': 2**2.5,
    }  # fmt: skip


def test_a_histogram_of_custom_buckets_is_a_classic_one() -> None:
    bounds = struct.pack("<2d", 0.5, 1.0)
    data = (
        field(1, 6)
        + field(3, 9.0)
        + signed(4, -53)
        + field(11, span(0, 3))
        + field(12, zigzag(1) + zigzag(1) + zigzag(1))
        + field(16, bounds)
    )
    found = values(data)
    assert {key: value for key, value in found.items() if "bucket" in key} == {
        'rpc_bucket{job="a",le="0.5"}': 1, 'rpc_bucket{job="a",le="1"}': 3, 'rpc_bucket{job="a",le="+Inf"}': 6,
    }  # fmt: skip


def test_a_series_that_has_ended_ends_all_that_was_made_of_it() -> None:
    stale = varint(3 << 3 | 1) + struct.pack("<Q", STALE_BITS)
    parsed = taken(stale)
    assert parsed.batch.keys == []
    assert [key for key, _ in parsed.ended] == [
        f'rpc{end}{{job="a"}}' for end in ("_count", "_sum", "_p50", "_p90", "_p99")
    ]
    assert [family.key.name for family in parsed.ended_families] == ["rpc_bucket"]


@pytest.mark.parametrize(
    "data",
    [
        signed(4, 20),
        field(11, span(0, 5)) + field(12, zigzag(1)),
        field(11, span(0, 1)) + field(12, zigzag(-1)),
        b"\xff",
    ],
    ids=["schema", "span", "less than nothing", "no message"],
)
def test_what_is_no_histogram_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        taken(data)


@pytest.mark.parametrize("is_native_first", [True, False])
def test_a_classic_series_beside_a_native_histogram_has_its_own_claim(is_native_first: bool) -> None:
    """Prometheus sends both with ``always_scrape_classic_histograms``, in any order."""
    owners, parsed, classic = Origins(), Parsed(), 'rpc_count{job="a"}'
    for is_native in (is_native_first, not is_native_first):
        if is_native:
            owners.claim(KEY.text, "rpc,job", parsed.batch.claims)
            take_histogram(field(1, 7) + field(15, T), KEY, parsed, LATEST_MS, NotRead.of_body(9))
        else:
            owners.claim(classic, "rpc_count,job", parsed.batch.claims)
    claims = parsed.batch.claims
    assert (claims[classic].key, claims[classic].origin) == (classic, "rpc_count,job")
    assert claims['rpc_sum{job="a"}'].key == KEY.text
