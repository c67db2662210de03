"""Benches of a single value in an idle server (lone, lone_across), and of views without changes (still)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from tests.bench.fanout import Fed, bare_viewers, told
from tests.bench.feed import Feeder, counting, measuring
from tests.bench.figure import Bar, Row, bench, calmest, middle
from tests.bench.processes import Bench, Server
from tests.bench.viewers import Viewers, watch

#: Posts a second: each comes when the view has been still for more than a tick.
_LONE_HZ = 1.7
_RATE_HZ = 4


def _lone(bench: Bench, taking: Server, showing: Server, p50_ms: float, p99_ms: float, what: str) -> Iterator[Row]:
    count, seconds = 1000, bench.pick(4, 12)
    ours = Viewers(bench, showing.port, watch("pulse", rate_hz=_RATE_HZ), check=True)
    ours.open(count)
    bare, raw = bare_viewers(bench, count)
    posts, wrong = 1, 0

    def once() -> Fed:
        nonlocal posts, wrong
        feeder = Feeder(taking.port, counting("pulse", 1), _LONE_HZ, first=posts, jitter=0.7)
        fed = Fed(showing, ours, feeder, seconds)
        posts = feeder.number
        wrong += sum(fed.report[name] for name in ("gaps", "duplicates", "missing"))
        wrong += max(
            0, fed.report["frames"] - fed.posts * count
        )  # fewer: a host that is busy brings two values at once
        return fed

    ages, floors, waited = [], [], []
    for _ in range(int(bench.pick(2, 3))):
        fed = calmest(bench, once)
        ages.append(fed.report["age"])
        waited.append(fed.waited)
        floors.append(told(bare, raw, seconds, _LONE_HZ, 200)[1]["late"])
    p50, p99 = middle(age["p50"] for age in ages), middle(age["p99"] for age in ages)
    yield Row(
        what,
        p99,
        "ms",
        {
            "bare send loop p50": middle(f["p50"] for f in floors),
            "bare send loop p99": middle(f["p99"] for f in floors),
        },
        (
            Bar("ms, p50", p50, p50_ms),
            Bar("ms, p99", p99, p99_ms),
            Bar("gaps, duplicates, missing values, frames too many", wrong, 0),
        ),
        {"p50": p50, "max": max(age["max"] for age in ages), "waited_for_core": middle(waited)},
    )


@bench
def lone(bench: Bench) -> Iterator[Row]:
    """Measure 1.7 posts a second to 1,000 viewers at 4 ticks a second: from just before the request to the frame."""
    server = bench.server()
    yield from _lone(bench, server, server, 10, 30, "lone value -> frame at 1,000 viewers, p99, 4 Hz")


@bench
def lone_across(bench: Bench) -> Iterator[Row]:
    """Measure as ``lone`` does, but with the samples sent to one process and the viewers on another; Redis beside them."""
    store = bench.redis()
    taking, showing = bench.server("--redis", store.url), bench.server("--redis", store.url)
    yield from _lone(bench, taking, showing, 20, 50, "lone value -> other process -> frame at 1,000 viewers, p99, 4 Hz")


@bench
def still(bench: Bench) -> Iterator[Row]:
    """Measure 1,000 views that show none of the 1,000 series that are fed at 1 Hz, beside as many connections without a view."""
    count, seconds = 1000, bench.pick(5, 20)
    watching, without = bench.server(), bench.server()
    views = Viewers(bench, watching.port, watch("still_@", rate_hz=10))
    views.open(count)
    idle = Viewers(bench, without.port, json.dumps({"type": "ping", "id": 1}))
    idle.open(count)
    time.sleep(1)
    with_views, alone = list[float](), list[float]()
    for _ in range(int(bench.pick(2, 4))):
        for server, viewers, costs in ((watching, views, with_views), (without, idle, alone)):
            fed = Fed(server, viewers, Feeder(server.port, measuring("other", 1000), 1), seconds)
            costs.append(100 * fed.cpu_s / fed.seconds)
    above = middle(mine - least for mine, least in zip(with_views, alone, strict=True))
    yield Row(
        "CPU of 1,000 still views while 1,000 other series are fed",
        middle(with_views),
        "%",
        {"without views": middle(alone)},
        (Bar("% of a core above the same without views", above, 1),),
    )
