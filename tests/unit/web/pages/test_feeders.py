"""Feeders as the page shows them."""

from __future__ import annotations

from dashboard.domain.feeder import FeederState, Refused
from dashboard.web.pages.feeders import RefusalShown, feeder_shown


def test_a_feeder_is_shown_with_all_that_is_known_of_it() -> None:
    state = FeederState(
        "token/t1", "ci", "token", ("json",), 5, 2, 1, 3, 10, 0.5, 99, "cpu 1", "", (Refused(9, "no", "x"),)
    )
    shown = feeder_shown(state)
    assert (shown.key, shown.name, shown.kind, shown.formats) == ("token/t1", "ci", "token", ("json",))
    assert (shown.accepted, shown.refused, shown.dropped, shown.series, shown.max_series) == (5, 2, 1, 3, 10)
    assert (shown.rate, shown.last, shown.last_line, shown.state) == (0.5, 99, "cpu 1", "")
    assert shown.refusals == [RefusalShown(9, "no", "x")]
