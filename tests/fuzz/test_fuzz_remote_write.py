from __future__ import annotations

from dashboard.ingest.parsed import Parsed
from dashboard.ingest.remote_write import LabelCache, parse_remote_write, parse_write_request
from tests.support.parsed_checks import LATEST_MS, T, fuzz
from tests.support.write_request import encode, snappy

UP = {"__name__": "up", "instance": "web-1:9100", "job": "node"}
SEEDS = [
    encode([(UP, [(1.5, T)]), ({"__name__": "b"}, [(0.0, T)])]),
    encode([(UP, [(float("nan"), T), (3, T + 1)]), ({"__name__": "c.d é"}, [(-2, T)])], [(1, "up")]),
    encode([({"__name__": "m"} | {f"l{i}": "1" for i in range(9)}, [(1, T)]), (UP, [(2, T)])]),
]
PIECES = [
    b"\x0a", b"\x12", b"\x12\x10\x09", b"\x10", b"\x00", b"\xff", b"\x80", b"\x7f", b"\x12\x07\x10", b"\xff\xff\xff\xff\x0f", b"\x09",
    bytes.fromhex("020000000000f07f"), bytes.fromhex("000000000000f07f"), b"__name__", b"\x1a\x04\x08\x01\x12\x00", SEEDS[0],
]  # fmt: skip


def test_no_message_makes_the_parser_raise_anything_but_invalid_and_the_known_labels_change_nothing() -> None:
    cache = LabelCache(500)

    def parse(data: bytes) -> Parsed:
        known = parse_write_request(data, cache, LATEST_MS)
        fresh = parse_write_request(data, LabelCache(), LATEST_MS)
        assert columns(known) == columns(fresh)
        return known

    fuzz(parse, SEEDS, PIECES, inputs=80_000)
    assert len(cache) <= 500


def test_no_snappy_block_makes_the_parser_raise_anything_but_invalid() -> None:
    cache = LabelCache(500)
    fuzz(
        lambda body: parse_remote_write(body, cache, LATEST_MS), [snappy(seed) for seed in SEEDS], PIECES, inputs=20_000
    )


def columns(parsed: Parsed) -> object:
    batch = parsed.batch
    refused = sorted((r.index, r.reason) for r in batch.refused)
    return sorted(zip(batch.keys, batch.times, batch.values, strict=True)), sorted(parsed.ended), refused
