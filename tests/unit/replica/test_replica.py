from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.position import Position
from dashboard.journal.port import Entry, Gap
from dashboard.replica.checkpoint import capture, restore
from dashboard.replica.replica import Replica
from tests.support.histories import DAMAGED, EPOCH, T0, WINDOWS, document, history, replica_of, samples, state

SEEDS = st.integers(0, 2**32)


@settings(max_examples=20)
@given(SEEDS, st.lists(st.integers(0, 80), max_size=4))
def test_replaying_in_parts_equals_replaying_all(seed: int, cuts: list[int]) -> None:
    entries = history(seed)
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), 80], strict=True):
        for entry in entries[start:end]:
            replica.apply(entry)
    assert state(replica) == state(replica_of(entries))
    assert replica.position == Position(EPOCH, 80)
    assert replica.now_ms == entries[-1].t_ms


@settings(max_examples=20)
@given(SEEDS)
def test_damaged_entries_change_nothing_but_the_position(seed: int) -> None:
    clean = history(seed, 40, damaged=False)
    damaged: list[Entry] = []
    for entry in clean:  # the same numbers: a damaged entry after each, of the same seq and time
        damaged += [entry, *(Entry(entry.seq, entry.t_ms, payload) for payload in DAMAGED)]
    replica = replica_of(damaged)
    assert replica.broken == len(DAMAGED) * len(clean)
    assert state(replica)[1:] == state(replica_of(clean))[1:]


EIGHT = bytes(8)
POISON: dict[str, Any] = {
    "keys that are not UTF-8": ["s", b"\xff", 1, EIGHT, []],
    "one time beyond int64": ["s", b"a", 2**63, EIGHT, []],
}
HALF: dict[str, Any] = {
    "a bad key after a good one": ["s", b"good\n9bad", 1, EIGHT * 2, []],
    "a key that is not canonical after a good one": ["s", b'good\na{ b="c" }', 1, EIGHT * 2, []],
}


@pytest.mark.parametrize("name", POISON)
def test_a_foreign_entry_never_raises(name: str) -> None:
    replica = replica_of([samples(1, T0, [("a", T0, 1.0)])])
    replica.apply(Entry(2, T0, msgspec.msgpack.encode(POISON[name])))
    assert replica.broken == 1
    assert replica.position.seq == 2


@pytest.mark.parametrize("name", HALF)
def test_a_skipped_entry_leaves_nothing_behind(name: str) -> None:
    replica = replica_of([samples(1, T0, [("a", T0, 1.0)])])
    replica.apply(Entry(2, T0, msgspec.msgpack.encode(HALF[name])))
    assert replica.broken == 1
    assert [series.text for series in replica.table] == ["a"]


@pytest.mark.parametrize("times", [-(2**63), -1, 0, 2**63 - 1])
def test_foreign_times_do_not_raise(times: int) -> None:
    replica = replica_of([samples(1, T0, [("a", T0, 1.0)])])
    replica.apply(Entry(2, T0, msgspec.msgpack.encode(["s", b"a\na", times, EIGHT * 2, []])))
    replica.apply(samples(3, T0 + 5000, [("a", T0 + 5000, 1.0)]))
    assert replica.broken == 0
    assert replica.samples == 4


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a":1}}'])
def test_a_foreign_document_that_is_not_json_is_skipped(body: bytes) -> None:
    replica = replica_of([document(1, T0, "doc", body)])
    assert replica.broken == 1
    assert replica.documents == {}


# --- documents ---


def test_the_last_write_wins_and_a_deletion_is_remembered() -> None:
    replica = replica_of([document(1, T0, "k", b"1"), document(2, T0 + 5, "k", b"2", 7.0)])
    stored = replica.documents["k"].document
    assert stored is not None
    assert (stored.body, stored.t_ms, stored.every_s) == (b"2", T0 + 5, 7.0)
    assert replica.document_count() == 1
    version = replica.document_version
    replica.apply(document(3, T0, "k", None))
    assert replica.document_count() == 0
    assert replica.document_version != version
    assert replica.documents["k"].seq == 3
    replica.apply(document(4, T0, "k", b"4"))
    assert replica.document_count() == 1


def test_a_document_that_passes_is_forgotten_when_it_does_not_come_any_more() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    after = T0 + WINDOWS.coarse_ms
    for seq, (t_ms, key, passing) in enumerate(
        ((T0, "stays", False), (T0, "passes", True), (T0, "comes", True), (T0 + 2, "comes", True)), 1
    ):
        replica.apply(document(seq, t_ms, key, b"1", passing=passing))
    replica.apply(samples(5, after, [("a", after, 1.0)]))
    assert replica.document_count() == 3
    again = restore(replica.position, dict(capture(replica)), WINDOWS)
    for each in (replica, again):
        each.apply(samples(6, after + 61_000, [("a", after, 1.0)]))
        assert {key: stored.document is not None for key, stored in each.documents.items()} == {
            "stays": True,
            "passes": False,
            "comes": False,
        }
        assert each.documents["passes"].seq == 6  # screens that come back are told


def test_the_memory_of_deleted_documents_is_bounded() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    for n in range(12_000):
        replica.apply(document(2 * n + 1, T0, f"k{n}", b"1"))
        replica.apply(document(2 * n + 2, T0, f"k{n}", None))
    assert len(replica.documents) <= 10_000


# --- gaps ---


def test_a_gap_within_the_epoch_moves_the_floor() -> None:
    replica = replica_of(history(2, 10))
    replica.gap(Gap("trimmed", Position(EPOCH, 50)))
    assert (replica.position, replica.floor_seq) == (Position(EPOCH, 50), 50)
    assert replica.accepted_ms(10) is None
    replica.apply(samples(51, T0 + 10**6, [("a", T0 + 10**6, 1.0)]))
    assert replica.accepted_ms(51) == T0 + 10**6


def test_a_new_epoch_keeps_the_values_as_older_than_its_first_entry() -> None:
    replica = replica_of([samples(7, T0, [("a", T0, 1.0)]), document(8, T0, "k", b"1")])
    sid = replica.table.by_text["a"].sid
    replica.gap(Gap("epoch", Position("ffffffff", 0)))
    series = replica.table.by_text["a"]
    assert (series.sid, series.last_seq, series.created_seq, list(series.seqs)) == (sid, 0, 0, [0])
    assert list(series.values) == [1.0]
    replica.apply(Entry(1, T0 + 1, document(1, T0, "k", b"2").payload))
    stored = replica.documents["k"].document
    assert stored is not None
    assert stored.body == b"2"
    replica.apply(samples(2, T0 + 2, [("a", T0 + 2, 2.0), ("b", T0 + 2, 3.0)]))
    assert list(series.seqs) == [0, 2]


def test_after_a_rewind_new_entries_count() -> None:
    replica = replica_of([document(9, T0, "k", b"1"), samples(10, T0, [("a", T0, 1.0)])])
    replica.gap(Gap("ahead", Position(EPOCH, 4)))
    replica.apply(document(5, T0 + 1, "k", b"2"))
    replica.apply(samples(6, T0 + 1, [("a", T0 + 1, 2.0)]))
    stored = replica.documents["k"].document
    assert stored is not None
    series = replica.table.by_text["a"]
    assert (stored.body, list(series.seqs) == sorted(series.seqs)) == (b"2", True)


def test_the_time_of_acceptance_is_known_for_recent_entries_only() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    for seq in range(1, 71_001):
        replica.apply(Entry(seq, seq, b""))
    assert replica.broken == 71_000
    for seq in (71_000, 70_000, 71_000 - 65_535):
        assert replica.accepted_ms(seq) == seq
    assert replica.accepted_ms(71_001) is None
    assert replica.accepted_ms(0) is None
    assert replica.accepted_ms(1) is None
