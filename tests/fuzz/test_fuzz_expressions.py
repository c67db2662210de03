"""Hostile expressions cost bounded time and memory, and raise only the known errors."""

from __future__ import annotations

import os
import resource
import time
from contextlib import suppress
from random import Random

import pytest

from dashboard.domain.errors import DashboardError
from dashboard.query.promql.budget import Budget
from dashboard.query.promql.parse import parse
from dashboard.query.promql.query import instant_query, run
from tests.promql.generator import Generator
from tests.promql.replay import answer, replica_of
from tests.promql.samples import LENGTH_MS, RECORDED_MS, lines
from tests.promql.written import WRITTEN
from tests.support.deadline import within
from tests.unit.query.promql.support import data_of

TEXTS = 20_000 if os.environ.get("NIGHTLY") else 600
_PIECES = (
    "(", ")", "[", "]", "{", "}", ",", "-", "+", "==", "bool ", " by ", " on ", "offset ", " @ ", "5m", "1e9", "NaN", '"', "'", "`", "\\",
    "sum", "rate", "up", "le", "=~", "!~", ".*", ":", "#", "\n", "é", "\x00", "\U0001f600", "0x", "_", "start()", " and ", "group_left",
)  # fmt: skip


def _broken(random: Random, text: str) -> str:
    """Return the text with some pieces inserted, removed, doubled, or moved."""
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(text) + 1)
        to = min(len(text), at + random.randrange(1, 9))
        text = {
            0: text[:at] + random.choice(_PIECES) + text[at:],
            1: text[:at] + text[to:],
            2: text[:to] + text[at:to] * random.randrange(1, 4) + text[to:],
            3: text[at:] + text[:at],
        }[random.randrange(4)]
    return text


def test_broken_texts_give_an_answer_or_a_known_error() -> None:
    random = Random(time.time_ns() if os.environ.get("NIGHTLY") else 18)
    replica = replica_of(lines(RECORDED_MS)[::4], RECORDED_MS)
    sound = [*WRITTEN, *Generator(random.randrange(10**6)).expressions(2)]
    outcomes = {"answer": 0, "refused": 0}
    for _ in range(TEXTS):
        text = _broken(random, random.choice(sound))
        try:
            answer(replica, instant_query(parse(text), RECORDED_MS + LENGTH_MS - 5_000))
            outcomes["answer"] += 1
        except DashboardError:
            outcomes["refused"] += 1
    assert min(outcomes.values()) > TEXTS // 20, outcomes


HOSTILE = (
    "-" * 4_000 + "1",
    "(" * 2_000 + "1" + ")" * 2_000,
    "x offset NaN",
    "x[1e300]",
    'x{n=~"(((a*)*)*)*b"}',
    'x{n=~"' + "a{1000}" * 100 + '"}',
    "x * on () group_left () x",
    "x * ignoring (n) x",
    "topk(1e9, x)",
    "count_over_time(vector(1)[50y:1s])",
    "max_over_time(max_over_time(max_over_time(x[1h:1s])[1h:1s])[1h:1s])",
    "quantile_over_time(0.5, x[100y])",
    'count_values("n", x) or ' * 100 + "x",
    'label_replace(x, "n", "' + "$1" * 900 + '", "n", "(.*)")',
    "sum by (" + ",".join(f"l{n}" for n in range(700)) + ") (x)",
)


@pytest.mark.parametrize("text", HOSTILE, ids=[text[:24] for text in HOSTILE])
def test_a_hostile_expression_is_bounded(text: str) -> None:
    series = {f"x n={n}": [float(n)] * 50 for n in range(300)}
    before_s, before_kib = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ends_s = time.process_time() + 2
    budget = Budget(is_late=lambda: time.process_time() > ends_s)
    with suppress(DashboardError):
        run(instant_query(parse(text), 490_000), data_of(text, series), budget)
    # the budget's 2 s, and what runs between two looks at the clock
    within(time.process_time() - before_s, 6, "the CPU time")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 1_500_000
