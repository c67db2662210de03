"""Samples from a feeder whose clock is ahead, and documents that a checkpoint already held."""

from __future__ import annotations

from dashboard.domain.position import Position
from dashboard.query.reading import samples_between
from dashboard.replica.checkpoint import capture, restore
from tests.support.histories import EPOCH, T0, WINDOWS, document, replica_of, samples


def test_a_sample_from_the_future_does_not_disturb_the_order_of_those_that_follow() -> None:
    entries = [samples(1, T0, [("a", T0 + 500, 1.0)]), samples(2, T0 + 100, [("a", T0 + 100, 2.0)])]
    entries.append(samples(3, T0 + 200, [("a", T0 + 200, 3.0)]))
    series = replica_of(entries).table.by_text["a"]
    got = samples_between(series, 0, 3, 50)
    assert (got.times, got.values) == ([T0 + 100, T0 + 200, T0 + 500], [2.0, 3.0, 1.0])
    assert samples_between(series, 0, 3, 50, T0 + 150).values == [3.0, 1.0]


def test_replay_does_not_take_a_document_back_to_what_it_was_before_the_checkpoint() -> None:
    entries = [document(1, T0, "k", b"1"), document(2, T0 + 1, "k", b"2"), document(3, T0 + 2, "k", b"3")]
    restored = restore(Position(EPOCH, 1), dict(capture(replica_of(entries))), WINDOWS)  # captured later than begun
    restored.apply(entries[1])
    stored = restored.documents["k"].document
    assert stored is not None
    assert (stored.body, restored.documents["k"].seq) == (b"3", 3)
