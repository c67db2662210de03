"""Restored replicas equal the replicas from which they were captured, at any time and at any speed."""

from __future__ import annotations

import zlib
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.errors import Invalid
from dashboard.domain.position import Position
from dashboard.journal.port import Entry
from dashboard.replica.checkpoint import (
    HEADER,
    capture,
    capture_document,
    capture_header,
    capture_series,
    encode_series,
    restore,
)
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from tests.support.histories import EPOCH, T0, WINDOWS, history, replica_of, samples, state
from tests.support.mutation import mutate

#: Where they stand in the record of a series.
_SAMPLES, _COARSE = 16, 18
SEEDS = st.integers(0, 2**32)


@settings(max_examples=30)
@given(SEEDS, st.integers(0, 80))
def test_a_checkpoint_in_the_middle_and_the_tail_equal_all(seed: int, cut: int) -> None:
    entries = history(seed)
    first = replica_of(entries[:cut])
    restored = restore(first.position, dict(capture(first)), WINDOWS)
    assert state(restored) == state(first)
    for entry in entries[cut:]:
        restored.apply(entry)
    assert state(restored) == state(replica_of(entries))


def fuzzy(replica: Replica, later: list[Entry], random: Random, *, list_first: bool = True) -> dict[str, bytes]:
    """Capture as replication/replication.py does: the header, then series by series while ``later`` is applied."""
    records = dict([capture_header(replica)])
    coming = list(later)
    if not list_first:
        while coming and random.random() < 0.8:
            replica.apply(coming.pop(0))
    for series in list(replica.table):
        while coming and random.random() < 0.6:
            replica.apply(coming.pop(0))
        records.update([encode_series(capture_series(series))])
    for entry in coming:
        replica.apply(entry)
    records.update(capture_document(key, stored) for key, stored in replica.documents.items())
    return records


@settings(max_examples=40)
@given(SEEDS, st.integers(0, 60), st.integers(0, 25))
def test_a_capture_spread_over_time_and_replay_from_its_header_equal_all(seed: int, cut: int, during: int) -> None:
    """A series' record is captured at once, and the replay leaves out the entries that it contains already."""
    entries = history(seed)
    replica = replica_of(entries[:cut])
    position = replica.position
    records = fuzzy(replica, entries[cut : cut + during], Random(seed))
    restored = restore(position, records, WINDOWS)
    for entry in entries[cut:]:
        restored.apply(entry)
    assert state(restored) == state(replica_of(entries))


def test_no_number_is_given_twice_when_a_series_begins_between_header_and_list() -> None:
    entries = [samples(n, T0 + n, [(key, T0 + n, 1.0)]) for n, key in enumerate("abc", 1)]
    replica = replica_of(entries[:1])
    header = capture_header(replica)  # a begins at 1; the journal stores the header while b comes
    replica.apply(entries[1])
    records = dict([header, *(encode_series(capture_series(series)) for series in replica.table)])
    restored = restore(Position(EPOCH, 1), records, WINDOWS)
    for entry in entries[1:]:
        restored.apply(entry)
    sids = [series.sid for series in restored.table]
    assert len(set(sids)) == len(sids)
    assert state(restored) == state(replica_of(entries))


def test_other_bucket_lengths_are_refused_and_other_windows_are_not() -> None:
    replica = replica_of(history(1))
    records = dict(capture(replica))
    for other in ({"fine_step_ms": 5_000}, {"coarse_step_ms": 10_000}):
        with pytest.raises(Invalid, match="bucket lengths"):
            restore(replica.position, records, msgspec.structs.replace(WINDOWS, **other))
    restore(replica.position, records, msgspec.structs.replace(WINDOWS, raw_max=10, raw_ms=1_000))


@pytest.mark.parametrize("damage", ["no header", "header", "series", "document", "ragged"])
def test_a_damaged_checkpoint_is_invalid(damage: str) -> None:
    replica = replica_of([*history(5)])
    records = dict(capture(replica))
    name = next(key for key in records if key.startswith("s:"))
    if damage == "no header":
        del records[HEADER]
    elif damage == "header":
        records[HEADER] = records[HEADER][:-1]
    elif damage == "series":
        records[name] = b"\xff"
    elif damage == "document":
        records["d:x"] = b"\x91\x01"
    else:
        record = msgspec.msgpack.decode(records[name])
        record[_COARSE][1] += b"\x00"
        records[name] = msgspec.msgpack.encode(record)
    with pytest.raises(Invalid):
        restore(replica.position, records, WINDOWS)


@pytest.mark.parametrize("damage", ["not packed", "columns of unequal length", "other bytes", "folded beyond"])
def test_a_checkpoint_whose_columns_do_not_fit_is_invalid(damage: str) -> None:
    replica = replica_of([samples(n, T0 + n * 700, [("a", T0 + n * 700, 1.0)]) for n in range(1, 9)])
    records = dict(capture(replica))
    record = msgspec.msgpack.decode(records["s:a"])
    if damage == "not packed":
        record[_SAMPLES] = b"\xff" * 30
    elif damage == "columns of unequal length":
        record[_SAMPLES] = zlib.compress(bytes(8 * 3 + 1))
    elif damage == "other bytes":
        record[_COARSE][1] = b"\xff" * len(record[_COARSE][1]) + b"x"
    else:
        record[13] = 99
    records["s:a"] = msgspec.msgpack.encode(record)
    with pytest.raises(Invalid):
        restore(replica.position, records, WINDOWS)


def test_random_damage_is_invalid_or_restored() -> None:
    """Bytes are only overwritten; the test above shifts or drops columns."""
    random = Random(11)
    replica = replica_of(history(9))
    records = dict(capture(replica))
    header = records[HEADER]
    outcomes = set()
    for _ in range(500):
        records[HEADER] = mutate(random, header, [b"\x00", b"\xff", b"\xc0"])
        try:
            restored = restore(replica.position, records, WINDOWS)
            outcomes.add(len(restored.table) == len(replica.table))
        except Invalid:
            outcomes.add(False)
    assert outcomes == {True, False}


def test_a_restored_replica_keeps_to_new_and_smaller_windows() -> None:
    entries = [samples(n, T0 + n * 100, [("a", T0 + n * 100, float(n))]) for n in range(1, 150)]
    replica = replica_of(entries)
    smaller = Windows(
        raw_ms=2_000, raw_max=20, fine_step_ms=1_000, fine_ms=3_000, coarse_step_ms=5_000, coarse_ms=9_000
    )
    restored = restore(replica.position, dict(capture(replica)), smaller)
    for n in range(150, 400):
        restored.apply(samples(n, T0 + n * 100, [("a", T0 + n * 100, float(n))]))
    series = restored.table.by_text["a"]
    assert len(series.times) <= 20 + 64 + 10
    assert len(series.fine) <= 3 + 64 + 1


def test_kind_and_end_of_a_series_are_kept_and_records_from_before_there_were_any_are_read() -> None:
    replica = replica_of([samples(1, T0, [("a", T0, 1.0)])])
    (series,) = replica.table
    series.kind, series.ended_ms = "counter", T0 + 5
    records = dict(capture(replica))
    (restored,) = restore(replica.position, records, WINDOWS).table
    assert (restored.kind, restored.ended_ms, restored.is_ended) == ("counter", T0 + 5, True)
    series.note_end(T0 + 5)
    record = msgspec.msgpack.decode(dict(capture(replica))["s:a"])
    records["s:a"] = msgspec.msgpack.encode(record)
    (ended,) = restore(replica.position, records, WINDOWS).table
    assert list(ended.ends or ()) == [T0 + 5]
    records["s:a"] = msgspec.msgpack.encode(record[:-4])
    (older,) = restore(replica.position, records, WINDOWS).table
    assert (older.kind, older.is_ended, older.ends) == ("", False, None)
