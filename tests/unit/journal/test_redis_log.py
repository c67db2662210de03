"""The log of a partition as it was read: which rows are entries, and which show that some are missing. No Redis runs here."""

from __future__ import annotations

import struct

import pytest

from dashboard.domain.position import Position
from dashboard.journal.redis_log import Log, OutOfSequence, RawRow, pack_row, seq_of
from dashboard.journal.redis_scripts import Keys, LogState

KEYS = Keys.of("dashboard", "metrics.0")


def state(epoch: str = "e1", seq: int = 0, last_id: str = "0-0", **origins: int) -> LogState:
    return LogState(epoch, seq, 10, 0, "0-0", last_id, 0, origins)


def row(seq: int, payload: bytes = b"data", *, epoch: str = "e1", ms: int = 1_000, shift: int = 0) -> RawRow:
    """Return a row as append.lua stores it; ``shift``: what its place is wrong by."""
    packed = pack_row("request", payload)
    place = struct.pack("<II", seq + shift, ms)
    return f"{ms}-{seq}".encode(), {f"{epoch}{packed.suffix}".encode(): place + packed.value}


def log_at(*rows: RawRow) -> Log:
    log = Log("metrics.0", KEYS)
    log.start(state())
    log.take(list(rows))
    return log


def test_entries_are_read_in_order_and_kept() -> None:
    log = log_at(row(1), row(2, b"x" * 1_000))
    assert [(entry.seq, entry.t_ms, entry.payload) for entry in log.after(0) or ()] == [
        (1, 1_000, b"data"),
        (2, 1_000, b"x" * 1_000),
    ]
    assert log.head == Position("e1", 2)
    assert log.ids() == ["1000-1", "1000-2"]
    assert (log.id_of(2), log.id_of(3), log.last_id) == ("1000-2", None, "1000-2")


def test_only_what_becomes_smaller_is_packed() -> None:
    assert pack_row("r", b"x" * 1_000).suffix == "z"
    assert len(pack_row("r", b"x" * 1_000).value) < 100
    assert pack_row("r", b"short") == ("r", "", b"short")
    assert seq_of("1000-17") == 17


@pytest.mark.parametrize("second", [row(3), row(1), row(2, epoch="e2"), row(2, shift=1), (b"1000-2", {b"other": b"1"})])
def test_a_row_that_does_not_follow_is_told_and_those_before_it_are_taken(second: RawRow) -> None:
    log = Log("metrics.0", KEYS)
    log.start(state())
    with pytest.raises(OutOfSequence):
        log.take([row(1), second])
    assert log.head.seq == 1


def test_rows_of_others_are_counted_when_redis_has_confirmed_the_newest_entry() -> None:
    log = log_at(row(1))
    log.take([(b"1000-2", {b"other": b"1"}), row(2), row(9)], newest_seq=2)
    assert (log.foreign, log.head.seq) == (2, 2)
    log.take([row(5)], newest_seq=5)  # 3 and 4 were trimmed before they were read
    assert log.after(2) is None
    assert [entry.seq for entry in log.after(4) or ()] == [5]


@pytest.mark.parametrize(
    "value", [b"", b"\0" * 12, struct.pack("<I", 1 << 31) + b"x", struct.pack("<I", 4) + b"no zlib"]
)
def test_a_packed_value_of_another_program_is_no_entry(value: bytes) -> None:
    log = log_at()
    assert log.parse(b"1000-1", {b"e1z": struct.pack("<II", 1, 1_000) + value}) is None


def test_another_epoch_is_adopted_at_the_last_common_entry() -> None:
    log = log_at(row(1), row(2), row(3))
    log.adopt(state("e2", 2, "1000-2"), 2, related=True)
    assert (log.head, log.last_id, log.ids()) == (Position("e2", 2), "1000-2", ["1000-1", "1000-2"])
    assert log.resume_seq(Position("e1", 3), oldest_seq=1) == 2
    assert log.resume_seq(Position("unknown", 3), oldest_seq=1) == 0
    log.take([row(3, b"new", epoch="e2")])
    assert [entry.payload for entry in log.after(2) or ()] == [b"new"]


def test_of_an_unrelated_epoch_nothing_is_kept() -> None:
    log = log_at(row(1), row(2))
    log.adopt(state("e2", 7, "2000-7"), 0, related=False)
    assert (log.head, log.ids(), log.after(1)) == (Position("e2", 7), [], None)


def test_an_answer_to_an_append_never_sets_the_head_back() -> None:
    log = log_at(row(1), row(2))
    log.stored(9, 100)
    log.stored(5, 200)
    assert (log.head.seq, log.size_bytes) == (9, 200)
