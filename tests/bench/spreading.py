"""Benches of several processes over one Redis, their CPU and delays: across, replicate, comeback, newnode, workers."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import redis

from tests.bench.fanout import Fed, bare_viewers, told
from tests.bench.feed import Feeder, Poster, counting, now_ms
from tests.bench.figure import Bar, Row, bench, calmest, middle
from tests.bench.history import store_history
from tests.bench.processes import LOAD_CORE, Bench
from tests.bench.viewers import Viewers, watch

_SAMPLES = 1000


@bench
def across(bench: Bench) -> Iterator[Row]:
    """Measure as ``latency`` does, but with the samples sent to one process and the 100 viewers on another; Redis beside them."""
    count, rate_hz = 100, 10
    rounds, seconds = int(bench.pick(2, 3)), bench.pick(2, 8)
    store = bench.redis()
    taking, showing = bench.server("--redis", store.url), bench.server("--redis", store.url)
    ours = Viewers(bench, showing.port, watch("pulse", rate_hz=rate_hz), check=True)
    ours.open(count)
    bare, raw = bare_viewers(bench, count)
    stretches: list[Fed] = []
    late, posts, wrong = [], 1, 0

    def once() -> Fed:
        nonlocal posts, wrong
        feeder = Feeder(taking.port, counting("pulse", 1), 20, first=posts, jitter=1)
        fed = Fed(showing, ours, feeder, seconds)
        posts = feeder.number  # the next stretch counts on
        wrong += sum(fed.report[name] for name in ("gaps", "duplicates", "missing"))
        return fed

    for _ in range(rounds):
        stretches.append(calmest(bench, once))
        late.append(told(bare, raw, min(seconds, 3), rate_hz, 200)[1]["late"]["p99"])
    ages = [fed.report["age"] for fed in stretches]
    p99, tick_ms = middle(age["p99"] for age in ages), 1000 / rate_hz
    yield Row(
        "request sent to A -> frame at a viewer of B, p99, 10 Hz",
        p99,
        "ms",
        {"tick's p99 + bare send loop's lateness": 0.99 * tick_ms + middle(late)},
        (Bar("ms", p99, tick_ms + 40), Bar("gaps, duplicates, missing values", wrong, 0)),
        {
            "p50": middle(age["p50"] for age in ages),
            "max": max(age["max"] for age in ages),
            "waited_for_core": middle(fed.waited for fed in stretches),
        },
    )


def _bodies(count: int, feeders: int) -> list[list[bytes]]:
    """Return each feeder's batches: a sample of each of its 1,000 series, a second apart."""
    first_ms = now_ms() - 1000 * (count + 10)

    def body(feeder: int, number: int) -> bytes:
        t = first_ms + 1000 * number
        rows = [
            {"series": "orders", "labels": {"shop": f"s{feeder}{n:03}"}, "value": (n * 37 + number) % 1000 / 8, "t": t}
            for n in range(_SAMPLES)
        ]
        return json.dumps(rows, separators=(",", ":")).encode()

    return [[body(feeder, number) for number in range(count)] for feeder in range(feeders)]


@bench
def replicate(bench: Bench) -> Iterator[Row]:
    """Measure the CPU of a process for batches of 1,000 samples that another process accepted; no viewers."""
    rounds, each, feeders = int(bench.pick(3, 9)), int(bench.pick(15, 30)), 4
    store = bench.redis(core=LOAD_CORE)
    taking, following = bench.server("--redis", store.url, core=LOAD_CORE), bench.server("--redis", store.url)
    bodies = _bodies((rounds + 1) * each, feeders)
    file = bench.folder / "bodies"
    file.write_bytes(b"\n".join(body for column in zip(*bodies, strict=True) for body in column))
    decoder = bench.peer("decode", str(file))
    poster = bench.take(Poster(taking.port))
    ours, floor = [], []
    for number in range(rounds + 1):
        cpu_s = following.cpu_s()
        for place in range(number * each, (number + 1) * each):
            for column in bodies:
                poster.post(column[place])
        time.sleep(0.3)
        cpu_s = following.cpu_s() - cpu_s
        decoded_s = decoder.ask(f"decode {each * feeders}")["cpu_s"]
        if number:  # the first round makes the series
            ours.append(cpu_s * 1e6 / (each * feeders))
            floor.append(decoded_s * 1e6 / (each * feeders))
    ratio = middle(mine / least for mine, least in zip(ours, floor, strict=True))
    samples = feeders * _SAMPLES * each * (rounds + 1)
    stored = redis.Redis(port=store.port).memory_usage("{dashboard:metrics.0}:log", samples=0) or 0
    yield Row(
        "CPU per batch of 1,000 samples only replicated",
        middle(ours),
        "us",
        {"msgspec's typed decode": middle(floor)},
        (Bar("x msgspec's typed decode", ratio, 2.5),),
        {"least_us": min(ours), "least_decode_us": min(floor)},
    )
    per_sample = stored / samples
    yield Row("Redis memory per sample, batches of 1,000", per_sample, "bytes", bars=(Bar("bytes", per_sample, 16),))


@bench
def comeback(bench: Bench) -> Iterator[Row]:
    """Measure 10,000 viewers of two workers behind one socket, cut without a close frame, that return with their position."""
    count, rounds = int(bench.pick(2_000, 10_000)), int(bench.pick(2, 3))
    store = bench.redis(core=LOAD_CORE)
    server = bench.server("--redis", store.url, "--workers", "2")
    ours = Viewers(bench, server.port, watch("fan", rate_hz=2), check=True)
    client = redis.Redis(port=store.port)
    wrong = dict.fromkeys(("gaps", "duplicates", "missing", "errors", "not_resumed"), 0)
    took_s, reads = [], []
    with Feeder(server.port, counting("fan", 3), 5):
        time.sleep(0.5)
        ours.open(count, timeout_s=120)
        time.sleep(1)
        for _ in range(rounds):
            ours.report()
            before = _reads(client)
            answer = ours.ask("cut", timeout_s=120)
            reads.append(_reads(client) - before)
            took_s.append(float(answer["seconds"]))
            time.sleep(2)
            report = ours.report()
            wrong["not_resumed"] += count - answer["resumed"] + answer["failed"]
            for name in ("gaps", "duplicates", "missing", "errors"):
                wrong[name] += report[name]
    yield Row(
        f"seconds until {count:,} viewers of two workers have resumed",
        max(took_s),
        "s",
        bars=(
            Bar("s", max(took_s), 10),
            Bar("gaps, duplicates, missing values, not resumed", sum(wrong.values()), 0),
            Bar("reads from Redis a returning viewer", max(reads) / count, 0.05),
        ),
        notes={"median": middle(took_s), "reads": max(reads), **wrong},
    )


def _reads(client: redis.Redis) -> int:
    """Return the number of commands so far by which the server read entries or checkpoints from Redis."""
    stats = client.info("commandstats")
    names = ("xread", "xrange", "xrevrange", "hgetall", "mget", "get")
    return sum(int(stats.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in names)


@bench
def newnode(bench: Bench) -> Iterator[Row]:
    """Measure from the start of a process to its first answer: 10,000 series with all windows full, and a minute of journal."""
    series = int(bench.pick(2_000, 10_000))
    store = bench.redis(core=LOAD_CORE)
    stored_s = store_history(store.url, series=series, distinct=int(bench.pick(1, 8)))
    took_s = []
    for _ in range(int(bench.pick(2, 3))):
        began = time.monotonic()
        server = bench.server("--redis", store.url)
        took_s.append(time.monotonic() - began)
        rss_mib = server.rss_kib() / 1024
        server.close()
    used = redis.Redis(port=store.port).info("memory")["used_memory"]
    yield Row(
        f"seconds from start to ready, {series:,} series with full history",
        min(took_s),
        "s",
        bars=(Bar("s", min(took_s), 5),),
        notes={
            "slowest_s": max(took_s),
            "rss_mib": rss_mib,
            "redis_mib": used / (1 << 20),
            "checkpoint_stored_s": stored_s,
        },
    )


@bench
def workers(bench: Bench) -> Iterator[Row]:
    """Compare one worker with two for the same viewers: how many more viewers the second adds at the same load of each.

    The load client needs a core as well, so two busy workers and it do not fit on two cores.  So both are measured below
    that, on the server's core, and what is compared is the CPU that each viewer takes: capacity is its inverse.
    """
    count, rate_hz = int(bench.pick(500, 2_000)), 20
    rounds, seconds = int(bench.pick(2, 5)), bench.pick(2, 4)
    store = bench.redis(core=LOAD_CORE)
    one = bench.server("--redis", store.url)
    alone = Viewers(bench, one.port, watch("fan", rate_hz=rate_hz))
    pair = [bench.server("--redis", store.url) for _ in range(2)]
    shared = [Viewers(bench, each.port, watch("fan", rate_hz=rate_hz)) for each in pair]
    single, double, lates = [], [], []
    for _ in range(rounds):
        alone.open(count)
        fed = Fed(one, alone, Feeder(one.port, counting("fan", 3), rate_hz), seconds)
        single.append(fed.cpu_s / fed.seconds)
        lates.append(fed.report["late"]["p99"])
        alone.ask("drop")
        for viewers in shared:
            viewers.open(count // 2)
        before = [each.cpu_s() for each in pair]
        fed = Fed(pair[0], shared[0], Feeder(pair[0].port, counting("fan", 3), rate_hz), seconds)
        double.append(sum(each.cpu_s() - was for each, was in zip(pair, before, strict=True)) / fed.seconds)
        for viewers in shared:
            viewers.ask("drop")
    ratio = middle(2 * mine / both for mine, both in zip(single, double, strict=True))
    yield Row(
        "viewers of two workers : viewers of one, at the same CPU each",
        ratio,
        "x",
        {"cores of one": middle(single), "cores of both": middle(double)},
        (Bar("one : two, of 1.7", 1.7 / ratio, 1.0),),
        {"viewers": count, "late_p99_ms": middle(lates)},
    )
