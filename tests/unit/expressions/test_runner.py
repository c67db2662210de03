"""The runner reads on the loop, computes in a thread if that takes long, and lets callers take turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from dashboard.domain.errors import Overloaded
from dashboard.domain.selector import Selector
from dashboard.expressions.runner import QueryLimits, QueryRunner
from dashboard.query.expression_samples import SampleReading
from dashboard.query.promql.errors import OutOfTime, OverBudget
from dashboard.query.promql.parse import parse
from dashboard.query.promql.query import QueryAnswer, instant_query
from dashboard.replica.replica import Replica
from tests.support.deadline import scaled
from tests.unit.query.test_expression_samples import T0, replica

pytestmark = pytest.mark.gen_test


class OneReplica:
    """The part of ``Replicas`` that the runner uses, with one replica."""

    def __init__(self, held: Replica) -> None:
        self._held = held

    @asynccontextmanager
    async def wanted(self, selectors: Sequence[Selector]) -> AsyncIterator[list[Replica]]:
        yield [self._held]


def runner(**limits: float) -> QueryRunner:
    held = replica(*(("x", second, float(second)) for second in range(60)))
    return QueryRunner(OneReplica(held), QueryLimits(**limits))  # type: ignore[arg-type]


def where(answer: QueryAnswer, _: object) -> tuple[str, int]:
    return threading.current_thread().name, len(answer.rows)


async def test_a_small_query_is_computed_on_the_loop_and_a_subquery_in_a_thread() -> None:
    made = runner()
    small = await made.run("a", instant_query(parse("sum(x)"), T0 + 59_000), where)
    large = await made.run("a", instant_query(parse("sum_over_time(x[1m:1s])"), T0 + 59_000), where)
    assert small == (threading.current_thread().name, 1)
    assert large[0].startswith("expressions")
    made.close()


async def test_a_query_with_long_labels_is_computed_in_a_thread() -> None:
    held = replica(*((f'x{{n="{number}",text="{"é" * 3_000}"}}', 0, 1.0) for number in range(40)))
    made = QueryRunner(OneReplica(held), QueryLimits())  # type: ignore[arg-type]
    name, rows = await made.run("a", instant_query(parse("x"), T0), where)
    assert (name.startswith("expressions"), rows) == (True, 40)
    made.close()


async def test_queries_that_read_at_once_take_one_step_in_each_turn_of_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dashboard.query.expression_samples._STEP", 1)
    held = replica(*((f'x{{n="{number}"}}', 0, 1.0) for number in range(8)))
    made, turn, at = QueryRunner(OneReplica(held), QueryLimits()), 0, list[int]()  # type: ignore[arg-type]
    read = SampleReading._read

    def noting(*given: object) -> None:
        at.append(turn)
        read(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(SampleReading, "_read", noting)
    work = [
        asyncio.create_task(made.run(caller, instant_query(parse("x"), T0), where)) for caller in "abcdef" for _ in "12"
    ]
    while not all(task.done() for task in work):
        turn += 1
        await asyncio.sleep(0)
    assert len(at) == 12 * 8
    assert len(set(at)) == len(at)
    made.close()


async def test_queries_end_at_their_limits() -> None:
    made = runner(timeout_s=0.2, max_samples=100_000)
    with pytest.raises(OverBudget):
        await made.run("a", instant_query(parse("sum_over_time(x[1y:1s])"), T0), where)
    made.close()
    made = runner(timeout_s=0.2)
    with pytest.raises(OutOfTime):
        await made.run(
            "a", instant_query(parse("sum(quantile_over_time(0.5, vector(1)[3h:1s]))" + " + 0" * 100), T0), _stuck
        )
    made.close()


def _stuck(answer: QueryAnswer, _: object) -> None:
    threading.Event().wait(scaled(0.5))


async def test_a_caller_with_too_many_queries_is_refused_and_another_is_served() -> None:
    made = runner()
    query = instant_query(parse("sum_over_time(x[1m:1s])"), T0 + 59_000)
    results = await asyncio.gather(
        *(made.run("many", query, where) for _ in range(50)), made.run("one", query, where), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, Overloaded)]
    assert len(refused) == 50 - 32
    assert not isinstance(results[-1], BaseException)
    made.close()
