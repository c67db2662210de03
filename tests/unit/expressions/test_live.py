"""Live expressions equal an evaluation from scratch, and say how old their inputs are."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.domain.position import Position, parse_positions
from dashboard.entries.samples import encode_samples
from dashboard.expressions import live as live_expressions
from dashboard.expressions.live import LiveExpressions
from dashboard.expressions.live_state import LATE_S
from dashboard.expressions.runner import QueryLimits, QueryRunner
from dashboard.expressions.watched import LiveSpec
from dashboard.journal.port import Entry, Gap
from dashboard.query.promql.parse import parse
from dashboard.query.promql.query import instant_query
from dashboard.replica.checkpoint import capture, restore
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from tests.promql.replay import answer
from tests.support.deadline import deadline
from tests.unit.expressions.test_runner import OneReplica

T0 = 1_700_000_000_000


class Source(OneReplica):
    """Source with one replica, as live expressions see the sources of a process."""

    windows = Windows()

    def __init__(self, held: Replica) -> None:
        super().__init__(held)
        self.held = held

    def subscribe_gap(self, handler: object) -> None:
        self.handler = handler

    def followed(self) -> dict[str, Replica]:
        return {"metrics.0": self.held}


class Feed:
    """Replica with live expressions over it; the test moves their time."""

    def __init__(self, *specs: LiveSpec, windows: Windows | None = None) -> None:
        self.now_ms = T0
        self.specs = specs
        self.windows = windows or Windows()
        self._follow(Replica(self.windows, Position("0123456789abcdef", 0)))

    def restart(self) -> None:
        """Continue from a checkpoint, as a process does at its start."""
        self._follow(restore(self.replica.position, dict(capture(self.replica)), self.windows))

    def begin_epoch(self) -> None:
        """Begin another epoch of the journal."""
        epoch = f"{int(self.replica.position.epoch, 16) + 1:016x}"
        self.replica.gap(Gap("epoch", Position(epoch, 0)))
        self.live._missed("metrics.0", "epoch")

    def _follow(self, replica: Replica) -> None:
        self.replica = replica
        source = Source(replica)
        queries = QueryRunner(source, QueryLimits())  # type: ignore[arg-type]
        self.live = LiveExpressions(queries=queries, replicas=source, now_ms=lambda: self.now_ms)  # type: ignore[arg-type]
        self.live.want(self.specs)

    def send(self, key: str, t_ms: int, value: float, every_s: float | None = None) -> None:
        seq = self.replica.position.seq + 1
        declared = [(0, None, every_s)] if every_s else []
        self.replica.apply(
            Entry(seq, max(self.now_ms, self.replica.now_ms), encode_samples([key], [t_ms], [value], declared))
        )

    async def second(self, second: int) -> None:
        """Evaluate at a second."""
        self.now_ms = T0 + second * 1_000 + 300
        for held in list(self.live._held.values()):
            await self.live._advance(held, T0 // 1_000 + second)
            await self.live._fill_missing(held, T0 // 1_000 + second)

    def values(self, spec: LiveSpec) -> dict[int, float]:
        """Return the values by second."""
        rows = [series for series in self.live.replica().table if series.key.name == spec.name]
        return {(t - T0) // 1_000: v for series in rows for t, v in zip(series.times, series.values, strict=True)}

    def condition(self, spec: LiveSpec) -> bytes:
        document = self.live.replica().documents[spec.name].document
        return document.body if document is not None else b""

    def scratch(self, text: str, second: int) -> float | None:
        rows = answer(self.replica, instant_query(parse(text), T0 + second * 1_000)).rows
        return float(rows[0].values[0]) if rows else None


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32))
def test_every_finished_second_equals_an_evaluation_from_scratch_after_late_samples_trims_restarts_and_epochs(
    seed: int,
) -> None:
    random, spec = Random(seed), LiveSpec("sum(rate(x_total[10s]))", 1)
    length = random.choice((60, 60, 180))

    async def run() -> None:
        feed = Feed(spec, windows=Windows(raw_ms=100_000))
        waiting: list[tuple[int, str, int, float]] = []
        for second in range(length):
            for name in ("a", "b", "c"):
                late = random.choice((0, 0, 0, 0, 1, 3, 20))
                waiting.append(
                    (second + late, f'x_total{{n="{name}"}}', T0 + second * 1_000 - random.randrange(900), second * 3.0)
                )
            for _due, key, t_ms, value in [each for each in waiting if each[0] == second]:
                feed.send(key, t_ms, value)
            waiting = [each for each in waiting if each[0] > second]
            if random.random() < 0.9:
                await feed.second(second)
            if random.random() < 0.1:
                random.choice((feed.restart, feed.begin_epoch))()
        await feed.second(length)
        await feed.second(length + 1)
        assert length == 60 or all(series.trimmed_seq >= 0 for series in feed.replica.table)
        found = feed.values(spec)
        for second in range(length + 1 - LATE_S + 10, length):
            wanted = feed.scratch(spec.text, second)
            assert found.get(second) == wanted, second

    asyncio.run(run())


@pytest.mark.gen_test
async def test_a_view_of_a_coarse_step_keeps_its_steps_and_the_newest_value() -> None:
    spec, fine = LiveSpec("x + 0", 10), LiveSpec("x + 0", 1)
    feed = Feed(spec, fine)
    for second in range(25):
        feed.send("x", T0 + second * 1_000, float(second))
        await feed.second(second)
    assert [second for second in feed.values(spec) if second >= 0] == [0, 10, 20, 24]
    assert [second for second in feed.values(fine) if second >= 0] == list(range(25))
    assert len(feed.live._held) == 1


@pytest.mark.gen_test
async def test_a_late_sample_that_changes_a_final_value_is_told_for_a_minute() -> None:
    spec = LiveSpec("sum(x)", 1)
    feed = Feed(spec)
    for second in range(11):
        if second != 5:
            feed.send("x", T0 + second * 1_000, 1.0)
        await feed.second(second)
    assert b"corrected" not in feed.condition(spec)
    feed.send("x", T0 + 5_000, 7.0)
    await feed.second(11)
    assert f'"corrected_from_ms":{T0 + 5_000}'.encode() in feed.condition(spec)
    assert feed.values(spec)[5] == 7.0
    for second in range(12, 12 + LATE_S):
        feed.send("x", T0 + second * 1_000, 1.0)
        await feed.second(second)
    assert b"corrected" not in feed.condition(spec)


@pytest.mark.gen_test
async def test_values_that_buckets_make_approximate_are_told() -> None:
    exact, approximate = LiveSpec("max_over_time(x[4m])", 1), LiveSpec("quantile_over_time(0.5, x[4m])", 1)
    feed = Feed(exact, approximate, windows=Windows(raw_ms=60_000))
    for second in range(200):
        feed.now_ms = T0 + second * 1_000
        feed.send("x", T0 + second * 1_000, float(second))
    await feed.second(199)
    assert b"remark" not in feed.condition(exact)
    assert b'"remark":"approximate: ' in feed.condition(approximate)


@pytest.mark.gen_test
async def test_another_epoch_of_any_partition_is_another_epoch_of_the_values() -> None:
    feed = Feed(LiveSpec("sum(x)", 1))
    source = feed.live._replicas
    one, other = feed.replica, Replica(Windows(), Position("0000000000000001", 0))
    assert feed.live._epoch() == one.position.epoch
    found = set()
    for epoch in ("0000000000000001", "0000000000000002"):
        other.position = Position(epoch, 0)
        for both in ({"metrics.0": one, "metrics.1": other}, {"metrics.1": other, "metrics.0": one}):
            source.followed = lambda both=both: both  # type: ignore[method-assign, misc]
            found.add(feed.live._epoch())
    assert len(found) == 2
    assert all(parse_positions(f"{epoch}.0") for epoch in found)


@pytest.mark.gen_test
async def test_inputs_age_by_their_own_cadences() -> None:
    spec, each = LiveSpec("sum(x)", 1), LiveSpec("sum by (host) (x)", 1)
    feed = Feed(spec, each)
    for second in range(40):
        feed.send('x{host="web-1"}', T0 + second * 1_000, 1.0, 1.0)
        if second < 5:
            feed.send('x{host="web-2"}', T0 + second * 1_000, 1.0, 1.0)
        if second % 10 == 0:
            feed.send('x{host="web-3"}', T0 + second * 1_000, 1.0, 10.0)
        await feed.second(second)
    assert b'"note":"1 of 3 inputs is stale: web-2"' in feed.condition(spec)
    assert b"lines" not in feed.condition(spec)
    assert b'"lines":{"{host=\\"web-2\\"}":"stale"}' in feed.condition(each)


@pytest.mark.gen_test
@pytest.mark.parametrize(
    ("text", "fault"),
    [("sum(", "1:4: unclosed left parenthesis"), ("x[5m]", "has no value at a time"), ("x * on () x", "many-to-many")],
)
async def test_an_expression_without_values_says_why(text: str, fault: str) -> None:
    wrong, right = LiveSpec(text, 1), LiveSpec("sum(x)", 1)
    feed = Feed(wrong, right)
    for name in ("a", "b"):
        feed.send(f'x{{n="{name}"}}', T0, 1.0)
    await feed.second(0)
    assert fault in feed.condition(wrong).decode()
    assert feed.live.ready([wrong, right])
    assert feed.values(right) == {0: 2.0}


@pytest.mark.gen_test
async def test_a_series_that_has_gone_ends() -> None:
    spec = LiveSpec("topk(1, x)", 1)
    feed = Feed(spec)
    feed.send('x{n="a"}', T0, 2.0)
    await feed.second(0)
    feed.send('x{n="b"}', T0 + 1_000, 3.0)
    await feed.second(1)
    ended = {dict(series.key.labels)["n"]: series.is_ended for series in feed.live.replica().table}
    assert ended == {"a": True, "b": False}


@pytest.mark.gen_test
@pytest.mark.expects_log("cannot be evaluated")
async def test_a_fault_of_ours_ends_one_expression_and_not_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, sound = LiveSpec("sum(x)", 1), LiveSpec("max(x)", 1)
    feed = Feed(broken, sound)
    feed.send("x", T0, 2.0)
    step = LiveExpressions._fill

    async def fill(self: LiveExpressions, live: Any, *rest: Any) -> None:
        if live.text == broken.text:
            raise ZeroDivisionError
        await step(self, live, *rest)

    monkeypatch.setattr(LiveExpressions, "_fill", fill)
    feed.now_ms = T0 + 300
    running = asyncio.ensure_future(feed.live.run())
    async with deadline(10):
        while not (feed.live.ready([broken, sound]) and feed.values(sound)):
            await asyncio.sleep(0.01)
    running.cancel()
    assert b"its log says why" in feed.condition(broken)
    assert feed.values(sound) == {0: 2.0}


@pytest.mark.gen_test
async def test_a_view_whose_history_has_too_many_series_is_refused_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_expressions, "MOST_DERIVED", 15)
    few, many, coarse = LiveSpec("sum(x)", 1), LiveSpec("x + 0", 1), LiveSpec("x + 0", 10)
    feed = Feed(few, many)
    for number in range(10):
        feed.send(f'x{{n="{number}"}}', T0, 1.0)
    await feed.second(0)
    feed.live.want([coarse])
    await feed.second(1)
    await feed.second(2)
    assert feed.live.ready([few, many, coarse])
    assert b"more than 15 series" in feed.condition(coarse)
    assert b"fault" not in feed.condition(many) + feed.condition(few)
    assert list(feed.values(many)) == [0, 1, 2]
    assert feed.values(coarse) == {}
    assert len(feed.live.replica().table.by_text) == 11
    monkeypatch.setattr(live_expressions, "MOST_DERIVED", 30)
    feed.live.want([coarse])
    await feed.second(3)
    assert feed.values(coarse) == {}
    feed.live.leave([coarse, coarse])
    feed.live.want([coarse])
    assert not feed.live.ready([coarse])
    await feed.second(4)
    assert b"fault" not in feed.condition(coarse)
    assert list(feed.values(coarse)) == [0, 4]


@pytest.mark.gen_test
async def test_new_series_of_a_shown_expression_beyond_the_limit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_expressions, "MOST_DERIVED", 3)
    spec = LiveSpec("x + 0", 1)
    feed = Feed(spec)
    for second in range(5):
        feed.send(f'x{{n="{second}"}}', T0 + second * 1_000, 1.0)
        await feed.second(second)
    assert len(feed.live.replica().table.by_text) == 3
    assert b'"left_out":2' in feed.condition(spec)
    feed.live._held[spec.text].filled.clear()  # as after a pause
    await feed.second(5)
    assert len(feed.live.replica().table.by_text) == 3
    assert b'"left_out":2' in feed.condition(spec)


@pytest.mark.gen_test
async def test_series_that_ended_before_the_history_begins_are_forgotten() -> None:
    spec = LiveSpec('count_values("v", x)', 1)
    feed = Feed(spec)
    for second in range(0, 1_500, 30):
        feed.send("x", T0 + second * 1_000, float(second))
        await feed.second(second)
    table = feed.live.replica().table
    kept = [int(dict(series.key.labels)["v"]) for series in table]
    assert kept[0] in range(1_470 - spec.history_s - 90, 1_470 - spec.history_s + 30)
    assert kept == list(range(kept[0], 1_500, 30))
    assert all(series.is_ended for series in list(table)[:-1])
    assert [text for _, _, text in table.gone][:1] == [f'{spec.name}{{v="0"}}']


@pytest.mark.gen_test
async def test_after_a_pause_the_newest_value_is_shown_at_once_and_the_history_is_computed_again() -> None:
    spec = LiveSpec("x + 0", 1)
    feed = Feed(spec)
    feed.send("x", T0, 1.0)
    await feed.second(0)
    feed.send("x", T0 + 200_000, 2.0)
    await feed.second(200)
    assert feed.values(spec)[200] == 2.0
    assert not feed.live.ready([spec])
    await feed.second(201)
    assert feed.live.ready([spec])
    assert sorted(feed.values(spec)) == list(range(202))


@pytest.mark.gen_test
async def test_an_expression_that_nobody_shows_is_forgotten_with_its_ended_series(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_expressions, "LINGER_S", -1.0)
    spec, other = LiveSpec("topk(1, x)", 1), LiveSpec("sum(x)", 1)
    feed = Feed(spec, other)
    for second, name in enumerate("ab"):
        feed.send(f'x{{n="{name}"}}', T0 + second * 1_000, 2.0 + second)
        await feed.second(second)
    assert len(feed.live.replica().table) == 3
    feed.live.leave([spec])
    assert set(feed.live.replica().documents) == {spec.name, other.name}
    feed.live._forget_unwanted()
    assert [series.key.name for series in feed.live.replica().table] == [other.name]
    assert set(feed.live.replica().documents) == {other.name}


@pytest.mark.gen_test
@pytest.mark.parametrize("part", ["_fill", "_step"])
async def test_an_expression_that_is_forgotten_while_it_is_evaluated_leaves_nothing(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_expressions, "LINGER_S", -1.0)
    spec = LiveSpec("x + 0", 1)
    feed = Feed(spec)
    feed.send("x", T0, 1.0)
    live, run, evaluated = feed.live._held[spec.text], feed.live._queries.run, list[str]()

    async def slow(*given: Any, **more: Any) -> Any:
        evaluated.append(spec.text)
        found = await run(*given, **more)
        if len(evaluated) == (1 if part == "_fill" else 2):
            feed.live.leave([spec])
            feed.live._forget_unwanted()
        return found

    monkeypatch.setattr(feed.live._queries, "run", slow)
    await feed.second(0)
    assert len(evaluated) == (1 if part == "_fill" else 2)
    assert not len(feed.live.replica().table)
    assert not feed.live.replica().documents
    await feed.live._advance(live, T0 // 1_000 + 1)
    assert not live._held
