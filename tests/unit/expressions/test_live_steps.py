"""Live expressions add many values in steps, between which other tasks run."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from dashboard.expressions import live as live_expressions
from dashboard.expressions import live_state
from dashboard.expressions.derived import DerivedReplica, DerivedRow
from dashboard.expressions.watched import LiveSpec
from dashboard.query.promql.errors import OutOfTime
from tests.unit.expressions.test_live import T0, Feed


@pytest.mark.gen_test
async def test_a_minute_of_values_is_added_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_expressions, "_VALUES_PER_STEP", 50)
    sizes = list[int]()
    put = DerivedReplica.put

    def counted(self: DerivedReplica, now_ms: int, rows: Sequence[DerivedRow], unit: str) -> None:
        sizes.append(sum(len(row.times) for row in rows))
        put(self, now_ms, rows, unit)

    monkeypatch.setattr(DerivedReplica, "put", counted)
    spec = LiveSpec("x + 0", 1)
    feed = Feed(spec)
    for number in range(20):
        feed.send(f'x{{n="{number}"}}', T0, 1.0)
    await feed.second(0)
    sizes.clear()
    await feed.second(30)  # after a slow evaluation
    assert sum(sizes) == 20 * 31
    assert max(sizes) < 50 + 30
    assert sorted(feed.values(spec)) == list(range(31))
    for end in ("gap", "forgotten"):  # in the middle of the steps
        feed.now_ms = T0 + 60_300
        turn = asyncio.ensure_future(feed.second(60 if end == "gap" else 90))
        sizes.clear()
        while not sizes:
            await asyncio.sleep(0)
        if end == "gap":
            feed.live._missed("metrics.0", "epoch")
        else:
            feed.live._held.clear()
        await turn
        assert sum(sizes) < 20 * 30
        assert not feed.values(spec) or end == "forgotten"
        if end == "gap":
            await feed.second(61)
            assert len(feed.live.replica().table.by_text) == 20


@pytest.mark.gen_test
async def test_a_late_sample_that_comes_while_an_expression_is_evaluated_counts() -> None:
    spec = LiveSpec("max_over_time(x[1s])", 1)
    feed = Feed(spec)
    run = feed.live._queries.run
    for second in range(6):
        feed.send("x", T0 + second * 1_000, 1.0)
        await feed.second(second)

    async def meanwhile(*given: Any, **named: Any) -> Any:
        answer = await run(*given, **named)
        feed.send("x", T0 + 3_500, 7.0)
        return answer

    feed.live._queries.run = meanwhile  # type: ignore[method-assign]
    feed.send("x", T0 + 6_000, 1.0)
    await feed.second(6)
    feed.live._queries.run = run  # type: ignore[method-assign]
    await feed.second(7)
    assert feed.values(spec) == {0: 1.0, 1: 1.0, 2: 1.0, 3: 1.0, 4: 7.0, 5: 1.0, 6: 1.0}


@pytest.mark.gen_test
async def test_no_line_is_without_its_newest_value_while_others_get_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_expressions, "_VALUES_PER_STEP", 10)
    put, newest = DerivedReplica.put, list[int]()

    def looked_at(self: DerivedReplica, now_ms: int, rows: Sequence[DerivedRow], unit: str) -> None:
        put(self, now_ms, rows, unit)
        newest.append(min(series.times[-1] for series in self.table))

    spec = LiveSpec("x + 0", 5)
    feed = Feed(spec)
    for number in range(50):
        feed.send(f'x{{n="{number}"}}', T0, 1.0)
    await feed.second(0)
    await feed.second(3)
    monkeypatch.setattr(DerivedReplica, "put", looked_at)
    await feed.second(4)
    assert len(newest) > 5
    assert min(newest) == T0 + 3_000
    assert sorted(feed.values(spec)) == [0, 4]


@pytest.mark.gen_test
async def test_a_history_that_failed_is_computed_again_and_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_state, "_AGAIN_S", 30)
    spec, gaps = LiveSpec("sum(x)", 1), list[str]()
    feed = Feed(spec)
    feed.live.subscribe(on_put=lambda: None, on_gap=gaps.append)
    run, asked = feed.live._queries.run, list[int]()

    async def failing(caller: str, query: Any, *rest: Any) -> Any:
        """Let the first two evaluations of more than two minutes fail, as when time or threads are short."""
        if query.grid.count > 2 * live_state.LATE_S and len(asked) < 2:
            asked.append(query.grid.count)
            raise OutOfTime("query timed out")
        return await run(caller, query, *rest)

    feed.live._queries.run = failing  # type: ignore[method-assign]  # as a busy server would
    for second in range(140):
        feed.send("x", T0 + second * 1_000, float(second))
        if second >= 10:
            await feed.second(second)
        if second == 11:
            assert feed.live.ready([spec])  # no view waits for it
            assert b"fault" not in feed.condition(spec)
            assert sorted(feed.values(spec)) == [11]
    assert len(asked) == 2
    assert gaps == [""]
    assert sorted(feed.values(spec)) == list(range(140))


@pytest.mark.gen_test
async def test_a_history_that_is_too_dear_does_not_slow_the_newest_values(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, events, turns = LiveSpec("sum(x)", 1), list[str](), list[list[str]]()
    feed = Feed(spec)
    run = feed.live._queries.run

    async def dear(caller: str, query: Any, *rest: Any) -> Any:
        if query.grid.count > 2 * live_state.LATE_S:
            events.append("history")
            raise OutOfTime("query timed out")
        return await run(caller, query, *rest)

    feed.live._queries.run = dear  # type: ignore[method-assign]
    monkeypatch.setattr(
        feed.live, "_rest", lambda live, second, began_s: events.append("rest")
    )  # how long the turn took
    for second in range(0, 400, 30):
        feed.now_ms = T0 + second * 1_000 + 300
        feed.send("x", T0 + second * 1_000, 1.0)
        (held,) = feed.live._held.values()
        events.clear()
        await feed.live._take_turn(held, T0 // 1_000 + second)
        assert max(feed.values(spec), default=0) == second
        turns.append(events.copy())
    # at first, after 60 s, and after 120 s more; then it counts no longer as the cost of the newest values
    assert [turn for turn in turns if turn != ["rest"]] == [
        ["history", "rest"],
        ["rest", "history"],
        ["rest", "history"],
    ]
