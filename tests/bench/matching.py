"""Bench of finding the series of a watch, beside testing every series with every pattern: matching.

In this process and without a server.  Patterns are drawn anew in each round, so nothing that is remembered helps.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

from dashboard.domain.selector import parse_selector
from dashboard.domain.series import SeriesKey
from dashboard.index.series_index import SeriesIndex
from tests.bench.figure import Bar, Row, bench
from tests.bench.processes import Bench

_SERIES = 10_000
_SELECTORS = 100


class _Item:
    def __init__(self, key: SeriesKey) -> None:
        self.key = key


@bench
def matching(bench: Bench) -> Iterator[Row]:
    """Measure 100 selectors of one regex each over 10,000 series: the whole work and its longest step, in CPU time."""
    random = Random()
    index = SeriesIndex[_Item]()
    for number in range(_SERIES):
        labels = (("host", f"host-{number}"), ("zone", random.choice("abc")))
        index.add(_Item(SeriesKey(f"metric_{number % 50}", labels)))
    items = list(index.items())
    least_ms = longest_ms = each_ms = 1e9
    for _ in range(int(bench.pick(3, 15))):
        selectors = [
            parse_selector(f'{{host=~".*{random.randrange(10, 100)}.*[{random.choice("13579")}]"}}')
            for _ in range(_SELECTORS)
        ]
        began_s = step_s = time.process_time()
        longest_s, held = 0.0, [index.hold(selector) for selector in selectors]
        for matches in held:
            for _ in index.evaluate(matches):
                now_s = time.process_time()
                longest_s, step_s = max(longest_s, now_s - step_s), now_s
        least_ms = min(least_ms, (time.process_time() - began_s) * 1000)
        longest_ms = min(longest_ms, longest_s * 1000)
        for matches in held:
            index.release(matches)
        began_s = time.process_time()
        found = [item for item in items if selectors[0].matches(item.key)]
        each_ms = min(each_ms, (time.process_time() - began_s) * 1000 * _SELECTORS)
        assert {item.key for item in index.acquire(selectors[0]).members} == {item.key for item in found}
        index.release(index.hold(selectors[0]))
    yield Row(
        "100 regexes over 10,000 series",
        least_ms,
        "ms",
        beside={"each series tested by each": each_ms},
        bars=(Bar("all of it, ms", least_ms, 300), Bar("its longest step, ms", longest_ms, 50)),
        notes={"longest step, ms": longest_ms},
    )
