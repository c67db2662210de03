"""Samples that the expressions are judged over: counters with resets, gauges, gaps, ends, histograms, many labels. Seeded."""

from __future__ import annotations

import math
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

#: Length of the data, and its usual cadence.
LENGTH_MS = 1_800_000
STEP_MS = 15_000
#: Where recorded answers stand in time: a fixed moment, at full minutes.
RECORDED_MS = 1_767_225_600_000


class Line(NamedTuple):
    """Series: name and labels, its samples (ms, value) and the times of its ends (stale markers)."""

    name: str
    labels: dict[str, str]
    samples: list[tuple[int, float]]
    ends: list[int]


def lines(start_ms: int, seed: int = 18) -> list[Line]:
    """Return all series, from ``start_ms`` for ``LENGTH_MS``."""
    random = Random(seed)
    found = [*_counters(start_ms, random), *_gauges(start_ms, random), *_histograms(start_ms, random)]
    return [*found, *_odd(start_ms, random)]


def _times(start_ms: int, random: Random, *, step_ms: int = STEP_MS, missing: float = 0.0) -> list[int]:
    shift = random.randrange(step_ms // 1000) * 1000
    times = range(start_ms + shift, start_ms + LENGTH_MS, step_ms)
    return [t for t in times if random.random() >= missing]


def _counter(times: list[int], random: Random, resets: float) -> list[tuple[int, float]]:
    value, samples = float(random.randrange(1_000)), []
    for t in times:
        value = float(random.randrange(5)) if random.random() < resets else value + random.randrange(40)
        samples.append((t, value))
    return samples


def _counters(start_ms: int, random: Random) -> Iterator[Line]:
    for job in ("api", "web"):
        for instance in ("a:9100", "b:9100", "c:9100"):
            for code in ("200", "404", "500"):
                labels = {"job": job, "instance": instance, "code": code}
                yield Line("http_requests_total", labels, _counter(_times(start_ms, random), random, 0.03), [])
                if code == "500" and instance != "c:9100":
                    yield Line(
                        "errors_total",
                        {"job": job, "instance": instance},
                        _counter(_times(start_ms, random, missing=0.1), random, 0.01),
                        [],
                    )
    for job, version in (("api", "1.2"), ("web", "2.0")):
        labels = {"job": job, "version": version, "cluster": "eu"}
        yield Line("target_info", labels, [(t, 1.0) for t in _times(start_ms, random)], [])


def _gauges(start_ms: int, random: Random) -> Iterator[Line]:
    for room in ("hall", "attic", "cellar", "lab"):
        samples = [(t, round(20 + random.gauss(0, 4), 3)) for t in _times(start_ms, random, missing=0.25)]
        yield Line("temperature_celsius", {"room": room, "floor": str(len(room) % 3)}, samples, [])
    for host in ("web-1", "web-2", "web-10"):
        for core in ("0", "1"):
            samples = [
                (t, random.choice((random.random(), -random.random(), 0.0, 0.5, 1e-7 * random.random())))
                for t in _times(start_ms, random, step_ms=10_000)
            ]
            yield Line("cpu_usage", {"host": host, "core": core, "job": "web"}, samples, [])
    for name, value in (("constant", 0.1), ("zero", 0.0), ("huge", 1.5e17), ("tiny", 3.25e-9)):
        yield Line("level", {"name": name}, [(t, value) for t in _times(start_ms, random)], [])
    yield Line("up", {"job": "api"}, [(t, float(random.random() < 0.8)) for t in _times(start_ms, random)], [])
    dates = [random.uniform(0, 4e9) for _ in range(4)]
    for number, date in enumerate(dates):
        yield Line("boot_time_seconds", {"n": str(number)}, [(t, date) for t in _times(start_ms, random)], [])


def _histograms(start_ms: int, random: Random) -> Iterator[Line]:
    bounds = ("0.1", "0.25", "0.5", "1", "2.5", "+Inf")
    for host in ("web-1", "web-2"):
        times = _times(start_ms, random)
        counts, total, observed = [0.0] * len(bounds), 0.0, 0.0
        columns: dict[str, list[tuple[int, float]]] = {bound: [] for bound in (*bounds, "sum", "count")}
        for t in times:
            for _ in range(random.randrange(30)):
                value = random.expovariate(2)
                total += value
                observed += 1
                for at, bound in enumerate(bounds):
                    counts[at] += value <= (math.inf if bound == "+Inf" else float(bound))
            for at, bound in enumerate(bounds):
                columns[bound].append((t, counts[at]))
            columns["sum"].append((t, total))
            columns["count"].append((t, observed))
        for bound in bounds:
            yield Line("latency_seconds_bucket", {"host": host, "le": bound}, columns[bound], [])
        yield Line("latency_seconds_sum", {"host": host}, columns["sum"], [])
        yield Line("latency_seconds_count", {"host": host}, columns["count"], [])


def _odd(start_ms: int, random: Random) -> Iterator[Line]:
    times = _times(start_ms, random)
    third = len(times) // 3
    ended = times[third] + 5_000
    yield Line("jobs", {"state": "ended"}, _counter(times[: third + 1], random, 0), [ended])
    back = _counter(times[: third + 1] + times[2 * third :], random, 0.05)
    yield Line("jobs", {"state": "back"}, back, [ended])
    twice = [t for t in times if not times[10] < t < times[20] and not times[40] < t < times[60]]
    yield Line("jobs", {"state": "twice"}, _counter(twice, random, 0), [times[11], times[41]])
    yield Line("jobs", {"state": "late"}, _counter(times[2 * third :], random, 0), [])
    yield Line("once", {}, [(times[5], 42.0)], [])
    yield Line("slow", {"job": "api"}, _counter(_times(start_ms, random, step_ms=240_000), random, 0), [])
    irregular, t = [], start_ms
    while t < start_ms + LENGTH_MS:
        irregular.append(t)
        t += random.choice((1_000, 7_000, 33_000, 90_000))
    yield Line("irregular", {"job": "web"}, _counter(irregular, random, 0.1), [])
