"""Benches of accepting samples, their CPU and the delay until screens show them: ingest, post, latency."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.bench.fanout import Fed, bare_viewers, told
from tests.bench.feed import Feeder, Poster, counting, now_ms
from tests.bench.figure import Bar, Row, bench, calmest, middle
from tests.bench.processes import Bench, Peer, Server
from tests.bench.viewers import Viewers, watch

_SAMPLES = 1000
_FEEDERS = 4


def _bodies(feeder: int, count: int, first_ms: int) -> list[bytes]:
    """Return a feeder's batches: one sample of each of its 1,000 series, a tenth of a second apart."""

    def sample(n: int, t_ms: int) -> dict[str, object]:
        return {
            "series": "orders",
            "labels": {"shop": f"s{feeder}{n:03}"},
            "value": round(random.gauss(50, 10), 2),
            "t": t_ms,
        }

    return [
        json.dumps([sample(n, first_ms + 100 * number) for n in range(_SAMPLES)], separators=(",", ":")).encode()
        for number in range(count)
    ]


def _post_all(posters: list[Poster], bodies: list[list[bytes]]) -> None:
    """Post each feeder's bodies, one at a time; all feeders post at once."""

    def post(poster: Poster, some: list[bytes]) -> None:
        for body in some:
            poster.post(body)

    with ThreadPoolExecutor(len(posters)) as pool:
        list(pool.map(post, posters, bodies))


@bench
def ingest(bench: Bench) -> Iterator[Row]:
    """Measure JSON batches of 1,000 samples over 4 kept connections, journal and replica included; no viewers.

    Several feeders, so that the server is never idle, as the peer is not: a core that sleeps between batches is slow.
    """
    rounds, each = int(bench.pick(5, 16)), int(bench.pick(20, 30))
    first_ms, total = now_ms() - 600_000, (rounds + 1) * each
    bodies = [_bodies(feeder, total, first_ms) for feeder in range(_FEEDERS)]
    file = bench.folder / "bodies"
    file.write_bytes(b"\n".join(body for column in zip(*bodies, strict=True) for body in column))
    server, decoder = bench.server(), bench.peer("decode", str(file))
    posters = [bench.take(Poster(server.port)) for _ in range(_FEEDERS)]
    ours, floor = [], []
    batches = each * _FEEDERS
    for number in range(rounds + 1):
        cpu_s = server.cpu_s()
        _post_all(posters, [column[number * each : (number + 1) * each] for column in bodies])
        time.sleep(0.05)
        cpu_s = server.cpu_s() - cpu_s
        decoded_s = decoder.ask(f"decode {batches}")["cpu_s"]
        if number:  # the first round makes the series
            ours.append(cpu_s * 1e6 / batches)
            floor.append(decoded_s * 1e6 / batches)
    ratio = middle(mine / least for mine, least in zip(ours, floor, strict=True))
    yield Row(
        "server CPU per batch of 1,000 samples",
        middle(ours),
        "us",
        {"msgspec's typed decode": middle(floor)},
        (Bar("x msgspec's typed decode", ratio, 6),),
        {
            "body_bytes": len(bodies[-1][-1]),
            "samples_per_cpu_s": 1e6 * _SAMPLES / middle(ours),
            "least_us": min(ours),
            "least_decode_us": min(floor),
        },
    )


@bench
def post(bench: Bench) -> Iterator[Row]:
    """Measure one sample a POST, stored on the disk, beside a bare Tornado handler: on a connection each, as curl does,
    and on a kept one."""
    rounds, posts = int(bench.pick(3, 7)), int(bench.pick(150, 500))
    server, peer = bench.server(), bench.peer("handler")

    def cpu_us(of: Server | Peer, *, kept: bool) -> float:
        poster, cpu_s = Poster(of.port), of.cpu_s()
        for number in range(posts):
            if not kept:
                poster.close()
                poster = Poster(of.port)
            poster.post(b'{"series":"one","value":%d}' % number)
        poster.close()
        return (of.cpu_s() - cpu_s) * 1e6 / posts

    for kept, how in ((False, "a connection each"), (True, "one connection")):
        cpu_us(server, kept=kept)
        both = [(cpu_us(server, kept=kept), cpu_us(peer, kept=kept)) for _ in range(rounds)]
        mine, floor = (middle(column) for column in zip(*both, strict=True))
        ratio = middle(ours / least for ours, least in both)
        yield Row(
            f"server CPU of a POST of one sample, {how}",
            mine,
            "us",
            {"bare Tornado handler": floor},
            (Bar("x bare Tornado handler", ratio, 2),),
        )


@bench
def latency(bench: Bench) -> Iterator[Row]:
    """Measure from just before a request is sent (earlier than its acceptance) to its value's arrival at each of 100 viewers."""
    count, rate_hz = 100, 10
    rounds, seconds = int(bench.pick(2, 3)), bench.pick(2, 8)
    server = bench.server()
    ours = Viewers(bench, server.port, watch("pulse", rate_hz=rate_hz), check=True)
    ours.open(count)
    bare, raw = bare_viewers(bench, count)
    stretches: list[Fed] = []
    late, answered, posts, wrong = [], [], 1, 0

    def once() -> Fed:
        nonlocal posts, wrong
        feeder = Feeder(server.port, counting("pulse", 1), 20, first=posts, jitter=1)
        fed = Fed(server, ours, feeder, seconds)
        posts = feeder.number  # the next stretch counts on
        wrong += sum(fed.report[name] for name in ("gaps", "duplicates", "missing"))
        answered.extend(feeder.answered_ms)
        return fed

    for _ in range(rounds):
        stretches.append(calmest(bench, once))
        late.append(told(bare, raw, min(seconds, 3), rate_hz, 200)[1]["late"]["p99"])
    ages = [fed.report["age"] for fed in stretches]
    p99, tick_ms = middle(age["p99"] for age in ages), 1000 / rate_hz
    answered.sort()
    yield Row(
        "request sent -> frame at the viewer, p99, 10 Hz",
        p99,
        "ms",
        {"tick's p99 + bare send loop's lateness": 0.99 * tick_ms + middle(late)},
        (Bar("ms", p99, tick_ms + 30), Bar("gaps, duplicates, missing values", wrong, 0)),
        {
            "p50": middle(age["p50"] for age in ages),
            "p999": middle(age["p999"] for age in ages),
            "max": max(age["max"] for age in ages),
            "answered_202_p50": answered[len(answered) // 2],
            "answered_202_p99": answered[len(answered) * 99 // 100],
            "client_busy": middle(fed.report["busy"] for fed in stretches),
            "waited_for_core": middle(fed.waited for fed in stretches),
        },
    )
