"""Division of long remote write bodies, and what both versions read of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest import batch, remote_write, remote_write2, write_pieces
from dashboard.ingest.families import Families
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.remote_write import LabelCache, parse_write_request
from dashboard.ingest.remote_write2 import SymbolCache, Written, parse_request2
from dashboard.ingest.write_pieces import Piece, divided, is_long
from tests.support.parsed_checks import LATEST_MS, T, check_parsed
from tests.support.write_request import Request2, add_series2, encode, field


@pytest.fixture(autouse=True)
def _short_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_pieces, "PIECE_BYTES", 500)
    monkeypatch.setattr(remote_write2, "PIECE_BYTES", 500)
    monkeypatch.setattr(remote_write, "FULL_PART", 200)
    monkeypatch.setattr(remote_write2, "FULL_PART", 200)


def first() -> bytes:
    short = [({"__name__": f"s{n}"}, [(n, T)]) for n in range(300)]
    long = [({"__name__": "long"}, [(n, 5 if n == 900 else T + n) for n in range(1_000)])]
    bad = [({"a": "without a name"}, [(1, T)])]
    return encode([*short, *long, *bad, *short[:3]], [(2, "long"), (1, "s")])


def second() -> bytes:
    request = Request2()
    for n in range(300):
        add_series2(request, {"__name__": f"s{n}"}, (n, T))
    add_series2(request, {"__name__": "long"}, *((n, 5 if n == 900 else T + n) for n in range(1_000)), kind=2)
    add_series2(request, {"a": "without a name"}, (1, T))
    histograms = add_series2(request, {"__name__": "h"}).histograms
    for n in range(10):
        histograms.add(timestamp=T + n, count_int=4, sum=2, zero_count_int=4)
    return bytes(request.SerializeToString())


def parse_first(data: bytes) -> Parsed:
    return parse_write_request(data, LabelCache(), LATEST_MS, Families())


def parse_second(data: bytes) -> Written:
    return parse_request2(data, SymbolCache(), LATEST_MS)


def content(parts: list[Parsed]) -> list[tuple[str, int | None, float]]:
    return [row for part in parts for row in zip(part.batch.keys, part.batch.times, part.batch.values, strict=True)]


@pytest.mark.parametrize(("body", "parse"), [(first, parse_first), (second, parse_second)])
def test_a_long_body_is_read_in_parts_that_have_its_whole_content(
    body: Callable[[], bytes], parse: Callable[[bytes], Parsed], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = body()
    begun = parse(data)
    parts = [begun, *(begun.rest or ())]
    assert len(parts) >= 4
    for part in parts:
        check_parsed(part)
        assert len(part.batch.keys) < 300
        assert part.batch.where is not None
        assert len(part.batch.where()) == len(part.batch.keys)
    for module in (write_pieces, remote_write2):
        monkeypatch.setattr(module, "PIECE_BYTES", 1 << 20)
    for module in (remote_write, remote_write2):
        monkeypatch.setattr(module, "FULL_PART", 1 << 20)
    whole = parse(data)
    assert whole.rest is None
    assert sorted(content(parts)) == sorted(content([whole]))
    refused = [(refusal.index, refusal.field) for part in parts for refusal in part.batch.refused]
    assert refused == [(refusal.index, refusal.field) for refusal in whole.batch.refused]
    assert [index for index, _ in refused] == [300, 301]
    assert {key: kind for part in parts for key, kind in part.batch.kinds.items()} == whole.batch.kinds
    if isinstance(whole, Written):
        assert isinstance(parts[-1], Written)
        assert parts[-1].counts == whole.counts
        assert (whole.counts.samples, whole.counts.histograms) == (1_299, {302: 10})


def test_pieces_are_whole_series_with_their_indices_and_the_metadata_is_apart() -> None:
    data = first()
    assert is_long(data)
    made, count, metadata = divided(data)
    pieces = list(made)
    assert (count, len(metadata)) == (305, 2)
    assert [piece.first for piece in pieces] == sorted(piece.first for piece in pieces)
    assert all(len(piece.data) < 1_600 for piece in pieces)
    assert sum(piece.first == 300 for piece in pieces) > 20
    assert not is_long(b"\x0a" + bytes(1_999))


@pytest.mark.parametrize("bad", [b"\x0a\x7f", b"\x0b", b"\x0a", b"\x0a\x00" * 200_001, b"\x1a\x00" * 20_001])
def test_a_body_that_is_malformed_or_has_too_many_fields_is_refused_before_its_first_part(bad: bytes) -> None:
    with pytest.raises(Invalid):
        divided(field(1, b"x" * 100) * 30 + bad)


def test_a_long_field_that_is_no_series_is_left_to_the_parser() -> None:
    pieces, _, metadata = divided(field(1, b"x") + field(3, b"y" * 2_000) + field(1, b"z"))
    assert list(pieces) == [Piece(0, field(1, b"x")), Piece(1, field(3, b"y" * 2_000)), Piece(1, field(1, b"z"))]
    assert metadata == [b"y" * 2_000]


def test_the_rest_of_a_long_body_is_left_unread_after_too_many_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "MAX_REFUSALS", 50)
    parsed = parse_first(encode([({"a": f"without a name {n}"}, [(1, T)]) for n in range(500)]))
    refused = parsed.batch.refused
    assert len(refused) < 80
    assert len(refused) + parsed.batch.unread == 500
    assert refused[-1].code == batch.UNREAD


def test_a_fault_that_ends_the_parsing_is_refused_once_a_part_is_stored() -> None:
    good = encode([({"__name__": f"s{n}"}, [(n, T)]) for n in range(300)])
    second_version = field(5, b"x") * 400
    parsed = parse_first(good + second_version)
    assert parsed.rest is not None
    parts = [parsed, *parsed.rest]
    stored, refused = len(content(parts)), [refusal for part in parts for refusal in part.batch.refused]
    assert 200 <= stored < 300
    assert [refusal.index for refusal in refused] == [stored]
    assert stored + 1 + parts[-1].batch.unread == 300
    with pytest.raises(Invalid):
        parse_first(second_version)
