"""Bench of six hours of history: its memory, and reading it."""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Iterator

from dashboard.domain.position import Position
from dashboard.domain.selector import parse_selector
from dashboard.entries.samples import encode_samples
from dashboard.hub.view import View, ViewSpec
from dashboard.journal.port import Entry
from dashboard.replica.replica import Replica
from dashboard.replica.series import Windows
from tests.bench.figure import Bar, Row, bench
from tests.bench.processes import Bench, rss_kib_of

_T0 = 1_700_000_000_000
_SIX_HOURS_S = 6 * 3_600


def _fed(series: int, every_s: int) -> Replica:
    """Return a replica fed with random walks with two decimals; each entry has one sample of each series."""
    noise, replica = random.Random(1), Replica(Windows(), Position("0" * 16, 0))
    keys = [f'walk{{n="{number}"}}' for number in range(series)]
    values = [50.0] * series
    for seq, second in enumerate(range(0, _SIX_HOURS_S, every_s), 1):
        values = [round(value + noise.gauss(0, 1), 2) for value in values]
        t_ms = _T0 + 1_000 * second
        replica.apply(Entry(seq, t_ms, encode_samples(keys, t_ms, values)))
    return replica


@bench
def memory(bench: Bench) -> Iterator[Row]:
    """Measure the resident memory of a series with six hours of history, at 15 s and at 1 Hz, and a board of 60 tiles
    over such series."""
    for every_s, series, kib in ((15, int(bench.pick(300, 1_000)), 12), (1, int(bench.pick(60, 200)), 60)):
        peer = bench.peer("history", str(series), str(every_s))
        found = peer.ask("measure", 300)
        yield Row(
            f"memory of a series, 6 h at {every_s} s",
            found["kib"],
            "KiB",
            {"16 bytes a sample": _SIX_HOURS_S // every_s * 16 / 1024},
            (Bar("KiB", found["kib"], kib),),
            {"series": series, "feeding_us_per_sample": found["us_per_sample"]},
        )
        yield Row(
            f"snapshot of 60 series, 6 h at {every_s} s",
            found["packed_ms"],
            "ms",
            {"with all buckets unpacked": found["unpacked_ms"]},
            (Bar("x the same unpacked", found["packed_ms"] / found["unpacked_ms"], 1.5),),
        )


def measure(series: int, every_s: int) -> dict[str, float]:
    """Feed a replica in this process; return memory of a series, CPU of feeding, and times of snapshots.

    A few series are fed before, so that what the process itself needs (modules, numpy, zlib) is not counted.
    """
    _fed(3, every_s)
    gc.collect()
    before, began = rss_kib_of(os.getpid()), time.process_time()
    replica = _fed(series, every_s)
    took_s = time.process_time() - began
    gc.collect()
    kib = (rss_kib_of(os.getpid()) - before) / series
    packed = _snapshots_ms(replica)
    for each in replica.table:
        each.fine._open(-(2**62))
    us_per_sample = took_s * 1e6 / (series * _SIX_HOURS_S // every_s)
    return {"kib": kib, "us_per_sample": us_per_sample, "packed_ms": packed, "unpacked_ms": _snapshots_ms(replica)}


def _snapshots_ms(replica: Replica) -> float:
    """Return the least CPU time, in ms, of a snapshot for 60 tiles of one series each over six hours."""
    selectors = tuple(parse_selector(f'walk{{n="{number}"}}') for number in range(60))
    times = list[float]()
    for _ in range(7):
        view = View(ViewSpec(selectors, _SIX_HOURS_S * 1_000, 1.0, 1_000), [lambda: replica], replica.now_ms)
        began = time.process_time()
        view.snapshot(replica.now_ms)
        times.append((time.process_time() - began) * 1_000)
    return min(times)
