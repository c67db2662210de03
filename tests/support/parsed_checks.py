"""What every parser of a foreign format promises for any bytes, and the loop in which fuzz tests check it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from random import Random

import msgspec

from dashboard.domain.errors import Invalid, TooLarge
from dashboard.domain.event import EventIn
from dashboard.domain.series import check_name, parse_series
from dashboard.ingest.batch import Batch
from dashboard.ingest.parsed import Parsed
from tests.support.deadline import within
from tests.support.mutation import mutate

LATEST_MS = 1_800_000_000_000
T = 1_700_000_000_000
#: Pieces that trouble readers of JSON.
JSON_PIECES = [
    b"NaN", b"Infinity", b"1e400", b"-0", b"9007199254740993", b"9" * 330, b"[" * 60, b"{" * 60, b'"', b"\\", b",", b"}",
    b"]", b"{", b"null", b"true", b'""', b"[]", b"{}", b"\xff", b"\xed\xa0\x80", b"\x00", b"\n", b"\\ud800", b"\\u0000",
    b'"1"', b"-1", b"1e18", b"0.5", b"253402300800000",
]  # fmt: skip


def check_parsed(parsed: Parsed) -> None:
    """Check that the result is fit for the journal, for the answer and for the screens."""
    check_batch(parsed.batch)
    for key, body, every_s in parsed.documents:
        check_name(key)
        msgspec.json.decode(body)
        assert every_s is None or every_s > 0
    for event in parsed.events:
        check_event(event)
    for key, _ in parsed.ended:
        assert parse_series(key).text == key


def check_batch(batch: Batch) -> None:
    rows = len(batch.keys)
    assert len(batch.times) == len(batch.values) == rows
    assert all(t is None or (type(t) is int and 10**11 <= t <= LATEST_MS) for t in batch.times)
    assert all(type(v) in (float, int) and math.isfinite(v) for v in batch.values)
    assert all(0 <= row < rows for row, _, _ in batch.declared)
    assert batch.kinds.keys() <= set(batch.keys)
    msgspec.json.encode(batch.refused)
    assert all(len(r.snippet.encode()) <= 200 and r.reason and r.index >= 0 for r in batch.refused)
    for key in batch.keys[:20]:
        assert parse_series(key).text == key


def check_event(event: EventIn) -> None:
    msgspec.json.encode(event)
    assert len(event.title) <= 200
    assert len(event.text) <= 4_000
    assert len(event.tags) <= 32
    for t_ms in (event.t_ms, event.ended_ms):
        assert t_ms is None or (type(t_ms) is int and t_ms >= 10**11)


def fuzz(
    parse: Callable[[bytes], Parsed | None],
    seeds: Sequence[bytes],
    pieces: Sequence[bytes],
    *,
    inputs: int = 100_000,
    seed: int = 1,
    least: float = 0.02,
    slowest_s: float = 0.5,
    refuses: bool = True,
) -> None:
    """Parse mutated seeds: only Invalid may be raised, every result is fit, each takes a short time, and both outcomes occur."""
    random = Random(seed)
    good = bad = 0
    slowest = 0.0
    for number in range(inputs):
        body = mutate(random, seeds[number % len(seeds)], pieces)
        began = time.process_time()
        try:
            parsed = parse(body)
        except (Invalid, TooLarge) as error:
            bad += 1
            msgspec.json.encode(str(error))
            parsed = None
        slowest = max(slowest, time.process_time() - began)
        if parsed is not None:
            check_parsed(parsed)
            good += bool(parsed.batch.keys or parsed.documents or parsed.events or parsed.ended)
            bad += bool(parsed.batch.refused)
    assert good >= inputs * least, (good, bad)
    assert bad >= inputs * least or not refuses, (good, bad)
    within(slowest, slowest_s, "the CPU time of one body")
