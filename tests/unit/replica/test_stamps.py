from __future__ import annotations

from unittest.mock import patch

from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dashboard.domain.position import Position
from dashboard.replica import rows
from dashboard.replica.checkpoint import capture, restore
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series
from dashboard.replica.stamps import shared_by
from tests.support.histories import EPOCH, T0, WINDOWS, samples

NAMES = [f"a{number}" for number in range(20)]
#: Lists of series that an entry may have: all, all in another order, some, and one.
LISTS = {
    "all": NAMES,
    "turned": NAMES[::-1],
    "most": NAMES[:16],
    "others": NAMES[4:],
    "half": NAMES[:10],
    "one": ["a3"],
}
#: What happens in one step of a history: an entry of a list, late, of different times, or again; or something else.
EVENTS = st.one_of(
    st.just("all"), st.just("all"), st.sampled_from(["turned", "most", "others", "half", "one"]),
    st.sampled_from(["late", "again", "apart", "long", "thin", "forget one", "epoch", "restart"]),
)  # fmt: skip


def seen(replica: Replica, name: str) -> object:
    """Return what a series shows to its readers, without samples and buckets that are due to be trimmed."""
    series = replica.table.by_text.get(name)
    if series is None:
        return None
    kept = [row for row in zip(*series.columns, strict=True) if row[1] >= replica.now_ms - WINDOWS.raw_ms]
    noted = series.last_seq, series.last_ms, series.every_s, series.disorder_seq, series.thinned_count, series.run
    fine = series.fine.ordered((replica.now_ms - WINDOWS.fine_ms) // WINDOWS.fine_step_ms)
    coarse = series.coarse.aggregates((replica.now_ms - WINDOWS.coarse_ms) // WINDOWS.coarse_step_ms)
    return repr((noted, kept, *([column.tolist() for column in part] for part in (*fine, coarse))))


def grown(replica: Replica, seq: int, t_ms: int, event: str) -> Replica:
    """Return the replica after one more event."""
    if event == "forget one":
        replica.table.discard("a5")
    elif event == "epoch":
        replica.table.rebase()
    elif event == "restart":
        return restore(Position(EPOCH, seq), dict(capture(replica)), WINDOWS)
    elif event == "thin":
        for name in ("a1", "a2"):
            if (series := replica.table.by_text.get(name)) is not None and len(series.times) > 8:
                series.overflow(WINDOWS)
    else:
        spread = 3 if event == "apart" else 0
        t_ms += {"late": -2_500, "again": -1_000}.get(event, 0)
        names = LISTS.get(event, NAMES)
        rows_ = [(name, t_ms + spread * n, float(seq % 7 + n)) for n, name in enumerate(names)]
        replica.apply(samples(seq, t_ms + 5_000, rows_))
    return replica


def alone(every: list[Series]) -> list[object]:
    """Stand in for ``shared_by``, without sharing."""
    for series in every:
        series.own()
    return []


@settings(max_examples=25, phases=(Phase.explicit, Phase.generate))
@example([*["all"] * 14, "half", "all", "long", "all", "all", "long"])
@given(st.lists(EVENTS, min_size=20, max_size=90))
def test_series_that_share_their_stamps_show_the_same_as_series_that_do_not(events: list[str]) -> None:
    sharing, reference = Replica(WINDOWS, Position(EPOCH, 0)), Replica(WINDOWS, Position(EPOCH, 0))
    t_ms = T0
    for seq, event in enumerate(events, 1):
        t_ms += 30_000 if event == "long" else 1_000
        sharing = grown(sharing, seq, t_ms, event)
        with patch.object(rows, "shared_by", alone):
            reference = grown(reference, seq, t_ms, event)
    assert [seen(sharing, name) for name in NAMES] == [seen(reference, name) for name in NAMES]


def fed(count: int, names: list[str] = NAMES) -> Replica:
    """Return a replica whose series have got some entries of one list, which are in the columns."""
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    for seq in range(1, count + 1):
        replica.apply(samples(seq, T0 + 1_000 * seq, [(name, T0 + 1_000 * seq, 1.0) for name in names]))
    for series in replica.table:
        series.settle()
    return replica


def columns_of(replica: Replica) -> int:
    """Return how many columns of times the series have."""
    return len({id(series.times) for series in replica.table})


def test_series_of_one_list_have_one_column_of_times_and_trim_it_together() -> None:
    replica = fed(400)
    assert columns_of(replica) == 1
    assert len(replica.table.by_text["a1"].times) < 150  # a raw window of 60 samples, and those that wait


def test_a_series_that_gets_a_sample_alone_takes_columns_of_its_own_and_the_others_go_on() -> None:
    replica = fed(20)
    replica.apply(samples(21, T0 + 20_500, [("a3", T0 + 20_500, 2.0)]))
    replica.apply(samples(22, T0 + 21_000, [(name, T0 + 21_000, 1.0) for name in NAMES]))
    assert {name: len(replica.table.by_text[name].times) for name in ("a2", "a3", "a4")} == {
        "a2": 21,
        "a3": 22,
        "a4": 21,
    }
    assert columns_of(replica) == 2


def test_the_same_list_in_another_order_uses_the_same_columns() -> None:
    replica = fed(20)
    replica.apply(samples(21, T0 + 21_000, [(name, T0 + 21_000, 1.0) for name in NAMES[::-1]]))
    assert len(replica.table.by_text["a3"].times) == 21
    assert columns_of(replica) == 1


def test_a_part_of_a_list_and_entries_with_different_times_get_columns_of_their_own() -> None:
    part = fed(20)
    part.apply(samples(21, T0 + 21_000, [(name, T0 + 21_000, 1.0) for name in NAMES[:5]]))
    assert columns_of(part) == 6
    apart = fed(20)
    apart.apply(samples(21, T0 + 21_000, [(name, T0 + 21_000 + n, 1.0) for n, name in enumerate(NAMES)]))
    assert [*{len(series.times) for series in apart.table}] == [21]
    assert columns_of(apart) == 20


def test_most_series_of_a_list_may_come_without_the_others() -> None:
    replica = fed(20)
    replica.apply(samples(21, T0 + 21_000, [(name, T0 + 21_000, 1.0) for name in NAMES[:15]]))
    lengths = [[*map(len, series.columns)] for series in replica.table]
    assert lengths == [*[[21, 21, 21]] * 15, *[[20, 20, 20]] * 5]


def test_a_series_can_be_forgotten_while_most_series_of_its_list_wait() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    for seq, names in enumerate([NAMES, NAMES, NAMES[:16], NAMES[:16]], 1):
        t_ms = T0 + 100 * seq  # within one time step, so that the entries wait
        replica.apply(samples(seq, t_ms, [(name, t_ms, 1.0) for name in names]))
    replica.table.discard("a1")
    assert [len(series.times) for series in replica.table] == [*[4] * 15, *[2] * 4]


def test_a_list_whose_first_entry_has_different_times_shares_nothing() -> None:
    replica = Replica(WINDOWS, Position(EPOCH, 0))
    replica.apply(samples(1, T0, [(name, T0 + n, 1.0) for n, name in enumerate(NAMES)]))
    assert [series.times.tolist() for series in replica.table] == [[T0 + n] for n in range(len(NAMES))]


def test_thinning_one_series_leaves_the_others_as_they_were() -> None:
    replica = fed(50)
    replica.table.by_text["a1"].overflow(replace(WINDOWS, raw_max=20))
    lengths = {name: [len(c) for c in replica.table.by_text[name].columns] for name in ("a1", "a2")}
    assert lengths["a1"][0] == lengths["a1"][1] == lengths["a1"][2] <= 20
    assert lengths["a2"] == [50, 50, 50]


def test_series_share_again_after_a_restart() -> None:
    replica = restore(Position(EPOCH, 20), dict(capture(fed(20))), WINDOWS)
    assert columns_of(replica) == 20
    replica.apply(samples(21, T0 + 21_000, [(name, T0 + 21_000, 1.0) for name in NAMES]))
    assert columns_of(replica) == 1


def test_columns_whose_times_do_not_ascend_are_not_shared() -> None:
    replica = restore(Position(EPOCH, 20), dict(capture(fed(20))), WINDOWS)
    for series in replica.table:
        series.load(series.seqs, series.times[::-1], series.values)
    assert shared_by([*replica.table]) == []
