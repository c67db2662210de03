"""A clock that is wrong for a minute deletes nothing; a leap that lasts is followed."""

from __future__ import annotations

from dashboard.domain.position import Position
from dashboard.replica.checkpoint import capture, restore
from dashboard.replica.patience import LEAP_MS, PATIENCE_MS, Patience
from dashboard.replica.replica import Replica
from tests.support.histories import EPOCH, T0, WINDOWS, samples

THREE_DAYS = 3 * 86_400_000


def test_steady_readings_are_the_time() -> None:
    patience = Patience()
    for now in range(T0, T0 + 3_600_000, 60_000):
        assert patience.read(now) == now


def test_a_leap_counts_once_it_has_lasted() -> None:
    patience = Patience()
    patience.read(T0)
    for late in range(0, PATIENCE_MS, 60_000):
        assert patience.read(T0 + THREE_DAYS + late) == T0 + late
    assert patience.read(T0 + THREE_DAYS + PATIENCE_MS) == T0 + THREE_DAYS + PATIENCE_MS


def test_a_leap_that_is_taken_back_never_counts() -> None:
    patience = Patience()
    patience.read(T0)
    patience.read(T0 + THREE_DAYS)
    patience.read(T0 + THREE_DAYS + 70_000)
    for late in range(71_000, 2 * PATIENCE_MS, 60_000):
        assert patience.read(T0 + late) == T0 + late


def run(replica: Replica, times: range, seq: int) -> int:
    for now in times:
        seq += 1
        replica.apply(samples(seq, now, [("live", now, float(seq))]))
    return seq


def test_neither_silent_series_nor_the_history_of_live_ones_is_lost_by_a_clock_that_jumps() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    replica.apply(samples(1, T0, [("silent", T0, 1.0), ("live", T0, 1.0)]))
    seq = run(replica, range(T0 + 1_000, T0 + 60_000, 1_000), 1)
    before = len(replica.table.by_text["live"].coarse), len(replica.table.by_text["live"].fine)
    seq = run(replica, range(T0 + THREE_DAYS, T0 + THREE_DAYS + 70_000, 1_000), seq)
    replica = restore(replica.position, dict(capture(replica)), WINDOWS)  # it may be restarted meanwhile
    seq = run(replica, range(T0 + THREE_DAYS + 70_000, T0 + THREE_DAYS + 200_000, 1_000), seq)
    seq = run(replica, range(T0 + 200_000, T0 + 250_000, 1_000), seq)
    assert "silent" in replica.table.by_text
    live = replica.table.by_text["live"]
    assert (len(live.coarse), len(live.fine)) >= before
    run(replica, range(T0 + 250_000, T0 + WINDOWS.coarse_ms + LEAP_MS, 1_000), seq)
    assert "silent" not in replica.table.by_text  # in its own time
