from __future__ import annotations

from array import array
from unittest.mock import patch

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from dashboard.domain.position import Position
from dashboard.entries.samples import encode_samples
from dashboard.journal.port import Entry
from dashboard.replica import turning
from dashboard.replica.replica import Replica
from dashboard.replica.rows import Rows
from dashboard.replica.series import Series
from dashboard.replica.together import fold_together
from tests.support.histories import EPOCH, T0, WINDOWS

NAMES = [f"a{number}" for number in range(66)]
#: Milliseconds between entries: many samples in each step of a second, a few, one, and one in some steps only.
CADENCES = (130, 500, 1_000, 1_700)
#: Values of the series ``n`` in the entry ``k``.
VALUES = (
    lambda k, n: float(k * n),
    lambda k, n: round((k * 7919 + n * 104_729) % 1_000 / 7, 2),
    lambda k, n: (k * 31 + n) % 17 / 3 - 2.5,
    lambda k, n: 1e17 if (k + n) % 5 else 1.25,
    lambda k, n: -0.0 if (k + n) % 7 == 0 else float("inf") if (k + n) % 91 == 0 else 0.0,
    lambda k, n: 1e308 if (k + n) % 3 else -1e308,
)
#: What happens between two entries: somebody reads a series, or a series gets a sample alone (on time, late, again), or time passes, or
#: entries come less often from then on.
EVENTS = st.sampled_from(("read", "alone", "late", "again", "pause", "declare", "slow", "slow"))


def entry(seq: int, t_ms: int, names: list[str], values: list[float], every_s: float | None = None) -> Entry:
    declared = [(0, None, every_s)] if every_s else []
    return Entry(seq, t_ms, encode_samples(names, t_ms, values, declared))


def seen(replica: Replica, name: str) -> object:
    """Return what a series shows to its readers, without raw samples that are due to be trimmed."""
    series = replica.table.by_text[name]
    fine, coarse = series.fine.ordered(0), series.coarse.aggregates(0)
    kept_from = replica.now_ms - WINDOWS.raw_ms
    rows = [row for row in zip(*series.columns, strict=True) if row[1] >= kept_from]
    noted = series.last_seq, series.last_ms, series.meta_seq, series.every_s, series.slot_ms, series.folded_run
    return repr((noted, rows, len(series.times) - series.folded, *map(listed, (*fine, coarse))))


def listed(columns: object) -> list[list[float]]:
    return [column.tolist() for column in columns]  # type: ignore[attr-defined]


@settings(max_examples=12, phases=(Phase.explicit, Phase.generate))
@given(
    st.sampled_from(CADENCES),
    st.sampled_from(VALUES),
    st.integers(20, 90),
    st.dictionaries(st.integers(15, 89), EVENTS, max_size=4),
)
@example(130, VALUES[1], 150, {})
@example(1_000, VALUES[2], 150, {100: "read"})
@example(130, VALUES[0], 120, {80: "slow"})
@example(1_000, VALUES[0], 90, {60: "slow"})
def test_series_folded_together_are_the_same_as_each_folded_alone(cadence_ms, value, length, events) -> None:  # type: ignore[no-untyped-def]
    together, alone = Replica(WINDOWS, Position(EPOCH, 0)), Replica(WINDOWS, Position(EPOCH, 0))

    def apply(one: Entry) -> None:
        together.apply(one)
        with (
            patch.object(turning, "fold_together", return_value=False),
            patch.object(Rows, "hold_next", return_value=False),
        ):
            alone.apply(one)

    t_ms, seq = T0, 0
    for number in range(length):
        event = events.get(number)
        cadence_ms *= 3 if event == "slow" else 1
        t_ms += 40_000 if event == "pause" else cadence_ms
        seq += 1
        apply(
            entry(seq, t_ms, NAMES, [value(number, n) for n in range(len(NAMES))], 2.0 if event == "declare" else None)
        )
        if event == "read":
            assert seen(together, "a3") == seen(alone, "a3")
        elif event in ("alone", "late", "again"):
            seq += 1
            apply(entry(seq, t_ms + {"alone": 9, "late": -cadence_ms // 2, "again": 0}[event], ["a3"], [3.5]))
    assert [seen(together, name) for name in NAMES] == [seen(alone, name) for name in NAMES]


def test_entries_wait_over_several_steps_while_nobody_reads() -> None:
    """The mechanism itself: else the test above would compare one way with itself."""
    replica, folded = Replica(WINDOWS, Position(EPOCH, 0)), []

    def noting(every: list[Series], backs: list[int], windows: object) -> bool:
        folded.append((len(backs), fold_together(every, backs, WINDOWS)))
        return folded[-1][1]

    with patch.object(turning, "fold_together", noting):
        for number in range(200):
            replica.apply(entry(number + 1, T0 + 250 * number, NAMES, [float(number)] * len(NAMES)))
    assert folded[-1][1]
    assert max(steps for steps, _ in folded) == 8
    assert replica.table.by_text["a1"].every_s == 0.25


def test_entries_with_one_sample_a_step_wait_as_well() -> None:
    replica, steps = Replica(WINDOWS, Position(EPOCH, 0)), []

    def noting(every: list[Series], backs: list[int], windows: object) -> bool:
        steps.append(len(backs))
        return fold_together(every, backs, WINDOWS)

    with patch.object(turning, "fold_together", noting):
        for number in range(200):
            replica.apply(entry(number + 1, T0 + 1_500 * number, NAMES, [float(number)] * len(NAMES)))
    assert len(steps) < 60
    assert max(steps) == 8


@pytest.mark.parametrize("count", [1, 20])
def test_few_series_are_left_to_be_folded_one_by_one(count: int) -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    replica.apply(entry(1, T0, NAMES[:count], [1.0] * count))
    assert not fold_together([*replica.table][:count], [1], WINDOWS)
    assert replica.table.by_text["a0"].values == array("d", [1.0])
