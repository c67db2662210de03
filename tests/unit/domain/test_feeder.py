from __future__ import annotations

import msgspec

from dashboard.domain.feeder import KEPT_REFUSALS, FeederState, Refused, merge

ONE = FeederState(
    key="token:t", name="ci", kind="token", formats=("json",), accepted=10, refused=1, dropped=2, series=3, max_series=50,
    rate=1.5, last_ms=1_000, last_line="cpu 1", state="", refusals=(Refused(500, "first"),),
)  # fmt: skip


def of(**changes: object) -> FeederState:
    return msgspec.structs.replace(ONE, **changes)


def test_counts_of_processes_are_added_and_the_newest_line_is_shown() -> None:
    found = merge([ONE, of(formats=("influx", "json"), accepted=5, last_ms=2_000, last_line="cpu 2", max_series=60)])
    assert (found.accepted, found.refused, found.dropped, found.rate) == (15, 2, 4, 3.0)
    assert (found.last_ms, found.last_line, found.max_series) == (2_000, "cpu 2", 60)
    assert found.formats == ("influx", "json")


def test_series_that_several_processes_know_count_once() -> None:
    assert merge([ONE, of(series=7), of(series=5)]).series == 7


def test_one_process_in_trouble_is_trouble() -> None:
    assert merge([ONE, of(state="cannot connect")]).state == "cannot connect"


def test_the_newest_refusals_of_all_are_kept() -> None:
    early = tuple(Refused(t_ms, "early") for t_ms in range(KEPT_REFUSALS))
    late = tuple(Refused(1_000 + t_ms, "late") for t_ms in range(5))
    kept = merge([of(refusals=early), of(refusals=late)]).refusals
    assert len(kept) == KEPT_REFUSALS
    assert [each.reason for each in kept[:6]] == ["late"] * 5 + ["early"]
    assert kept[0].t_ms == 1_004
