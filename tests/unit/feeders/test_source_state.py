from __future__ import annotations

import pytest

from dashboard.domain.errors import Unavailable
from dashboard.feeders.source_state import SourceFault, SourceState, feeder_of
from dashboard.ingest.batch import Refusal


class Clock:
    now_ms = 1_000

    def __call__(self) -> int:
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> SourceState:
    return SourceState("web", "statsd", "udp:8125", clock, max_series=50)


def test_what_came_is_counted_and_when(state: SourceState, clock: Clock) -> None:
    state.seen()
    clock.now_ms = 2_000
    state.seen(3)
    assert (state.received, state.last_seen_ms) == (4, 2_000)


def test_what_was_refused_is_counted_by_code_and_kept_to_be_looked_at(state: SourceState) -> None:
    state.refuse("invalid", "is not a number", b"a:x|c")
    state.refuse("series_limit", "one too many", "b", count=False)
    state.refuse_all([Refusal(0, "value", "is too large", "invalid", "c:1e999|c")])
    assert dict(state.refused) == {"invalid": 2}
    assert [(each.reason, each.snippet) for each in state.refusals] == [
        ("is not a number", "a:x|c"), ("one too many", "b"), ("value: is too large", "c:1e999|c"),
    ]  # fmt: skip


def test_of_very_many_refusals_all_are_counted_and_the_last_are_kept(state: SourceState) -> None:
    state.refuse_all([Refusal(n, "", f"no {n}", "invalid", "x") for n in range(5_000)], unlisted=7)
    assert dict(state.refused) == {"invalid": 5_000, "unread": 7}
    assert (len(state.refusals), state.refusals[-1].reason) == (state.refusals.maxlen, "no 4999")


@pytest.mark.expects_log("source web: cannot connect")
def test_a_source_that_does_not_work_says_since_when_and_why_until_it_does(state: SourceState, clock: Clock) -> None:
    state.fail(SourceFault("connect", "cannot connect"))
    clock.now_ms = 5_000
    state.fail(Unavailable("the journal is full"))
    assert (state.failing_since_ms, state.reason) == (1_000, "the journal is full")
    assert dict(state.failures) == {"connect": 1, "unavailable": 1}
    state.well()
    assert (state.failing_since_ms, state.reason) == (None, "")


@pytest.mark.expects_log("source web")
def test_a_source_that_runs_elsewhere_does_not_fail_here(state: SourceState) -> None:
    state.moved("here")
    state.fail(SourceFault("connect", "cannot connect"))
    state.moved("here")
    assert state.failing_since_ms is not None
    state.moved("elsewhere")
    assert (state.place, state.failing_since_ms) == ("elsewhere", None)


def test_its_rate_is_what_was_accepted_a_second(state: SourceState, clock: Clock) -> None:
    assert state.rate() == 0.0
    state.accepted, clock.now_ms = 50, 11_000
    assert state.rate() == 5.0


def test_its_samples_are_taken_for_itself_within_its_limit(state: SourceState) -> None:
    caller = state.caller
    assert (caller.kind, caller.name) == ("source", "web")
    assert caller.token is not None
    assert caller.token.max_series == 50


@pytest.mark.expects_log("source web")
def test_it_is_shown_as_a_feeder(state: SourceState) -> None:
    state.seen()
    state.accepted, state.series = 7, 3
    state.refuse("invalid", "is not a number", b"a:x|c")
    state.dropped["kernel"] += 2
    state.fail(SourceFault("connect", "cannot connect"))
    shown = feeder_of(state)
    assert (shown.key, shown.name, shown.kind, shown.formats) == ("source:web", "web", "source", ("statsd",))
    assert (shown.accepted, shown.refused, shown.dropped, shown.series, shown.max_series) == (7, 1, 2, 3, 50)
    assert (shown.last_ms, shown.last_line, shown.state, len(shown.refusals)) == (1_000, "a:x|c", "cannot connect", 1)
