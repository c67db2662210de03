"""Judge of this server's answers beside those of a real Prometheus 3, over the same samples.

``python -m tests.promql.judge --prometheus PATH`` asks both through their HTTP APIs, with a new seed for each day.
With ``--record`` it writes Prometheus' answers for a fixed seed to ``tests/data``, which the suite replays everywhere.
How Prometheus is built: docs/expressions.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import lzma
import re
import struct
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.promql import replay, whole_buckets
from tests.promql.compare import compact, difference
from tests.promql.generator import Generator
from tests.promql.replay import replica_of
from tests.promql.samples import LENGTH_MS, RECORDED_MS, Line, lines
from tests.promql.written import WRITTEN
from tests.support.inprocess import running
from tests.support.redis_server import free_port
from tests.support.write_request import encode, snappy

RECORDED = Path(__file__).parents[1] / "data" / "promql-answers.json.xz"
RECORDED_BUCKETS = RECORDED.with_name("promql-bucket-answers.json.xz")
#: Rounds of the generator: each function, operator and modifier stands at least so often.
ROUNDS = 14
SEED = 18
_STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]


def cases(seed: int, rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Return all queries: at one time, and every second one also over a range."""
    texts = [*WRITTEN, *dict.fromkeys(Generator(seed).expressions(rounds))]
    return [{"q": text, "r": False} for text in texts] + [{"q": text, "r": True} for text in texts[::2]]


def parameters(case: dict[str, Any], start_ms: int) -> tuple[str, dict[str, str]]:
    """Return the route and the parameters of a query over samples that begin at ``start_ms``."""
    end_ms = start_ms + LENGTH_MS
    text = case["q"].replace("NOW_MINUS_600", str((end_ms - 600_000) / 1000)).replace("NOW", str(end_ms / 1000))
    if case["r"]:
        span = {"start": str((start_ms + 400_000) / 1000), "end": str(end_ms / 1000), "step": "287"}
        return "query_range", {"query": text, **span}
    return "query", {"query": text, "time": str((end_ms - 7_300) / 1000)}


def body(series: list[Line]) -> bytes:
    """Return the samples as a remote write request."""
    rows = []
    for line in series:
        samples = [(value, t) for t, value in line.samples] + [(_STALE, t) for t in line.ends]
        rows.append(({"__name__": line.name, **line.labels}, sorted(samples, key=lambda pair: pair[1])))
    return snappy(encode(rows))


def ask(base: str, route: str, fields: dict[str, str]) -> dict[str, Any]:
    """Return the JSON of an answer, also of an error."""
    request = Request(f"{base}/api/v1/{route}", urlencode(fields).encode())
    try:
        with urlopen(request) as response:
            return dict(json.load(response))
    except HTTPError as error:
        return dict(json.load(error))


def write(url: str, data: bytes) -> None:
    """Send a remote write request."""
    headers = {
        "Content-Type": "application/x-protobuf",
        "Content-Encoding": "snappy",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    }
    urlopen(Request(url, data, headers)).close()


class Prometheus:
    """Process of a Prometheus in a temporary folder."""

    def __init__(self, path: str) -> None:
        self._folder = TemporaryDirectory()
        port = free_port()
        config = Path(self._folder.name, "prometheus.yml")
        config.write_text("global: {}\n")
        arguments = [
            path, f"--config.file={config}", f"--storage.tsdb.path={self._folder.name}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver", "--log.level=error",
        ]  # fmt: skip
        self.process = subprocess.Popen(arguments)
        self.base = f"http://127.0.0.1:{port}"

    def __enter__(self) -> Prometheus:
        for _ in range(600):
            try:
                urlopen(f"{self.base}/-/ready").close()
            except (URLError, HTTPError):
                time.sleep(0.1)
            else:
                return self
        raise TimeoutError("Prometheus does not start")

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(20)
        self._folder.cleanup()


def record(path: str) -> None:
    """Write Prometheus' answers for the fixed seed."""
    with Prometheus(path) as judge:
        write(f"{judge.base}/api/v1/write", body(lines(RECORDED_MS)))
        _record(RECORDED, judge.base, [(case, *parameters(case, RECORDED_MS)) for case in cases(SEED)])
        over = [(case, *whole_buckets.parameters(case, RECORDED_MS)) for case in whole_buckets.cases()]
        _record(RECORDED_BUCKETS, judge.base, over)


def _record(path: Path, base: str, queries: list[tuple[dict[str, Any], str, dict[str, str]]]) -> None:
    found = [[case["q"], int(case["r"]), compact(ask(base, route, fields))] for case, route, fields in queries]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(lzma.compress(json.dumps(found, separators=(",", ":")).encode()))
    print(f"{len(found)} answers, {path.stat().st_size} bytes")


def is_magnified(expression: str) -> bool:
    """Return whether an expression has a function that magnifies one unit in the last place (docs/expressions.md, differences)."""
    return re.search(r"\b(?:sin|cos|tan|count_values)\s*\(", expression) is not None


async def compare(path: str, seed: int) -> tuple[int, int]:
    """Ask both, print the differences, and return their number: those without a known reason, and those with one."""
    start_ms = (int(time.time() * 1000) - LENGTH_MS) // 60_000 * 60_000
    data, different, magnified = body(lines(start_ms, seed)), 0, 0
    with Prometheus(path) as judge:
        await asyncio.to_thread(write, f"{judge.base}/api/v1/write", data)
        async with running(raw_window_s=14_400, journal_window_s=900) as server:
            ours = f"http://127.0.0.1:{server.port}"
            await asyncio.to_thread(write, f"{ours}/api/v1/write", data)
            await asyncio.sleep(0.5)
            every = cases(seed)
            for case in every:
                route, fields = parameters(case, start_ms)
                theirs = await asyncio.to_thread(ask, judge.base, route, fields)
                own = await asyncio.to_thread(ask, f"{ours}/prometheus", route, fields)
                if found := difference(compact(theirs), compact(own), fields["query"]):
                    known = is_magnified(fields["query"])
                    different, magnified = different + (not known), magnified + known
                    print(f"{route} {fields['query']}\n    {found}")
        over = await asyncio.to_thread(_compare_buckets, judge.base, start_ms, seed)
    print(f"seed {seed}: {different} of {len(every)} answers differ, and {magnified} by a magnified last digit")
    print(f"seed {seed}: {over} of {len(whole_buckets.cases())} answers over whole buckets differ")
    return different + over, magnified


def _compare_buckets(base: str, start_ms: int, seed: int) -> int:
    """Print where ranges beyond the raw window differ, and return how many."""
    replica, different = replica_of(lines(start_ms, seed), start_ms, whole_buckets.WINDOWS), 0
    for case in whole_buckets.cases():
        route, fields = whole_buckets.parameters(case, start_ms)
        if found := difference(
            compact(ask(base, route, fields)), compact(replay.ask(replica, route, fields)), case["q"]
        ):
            different += 1
            print(f"buckets {case['q']}\n    {found}")
    return different


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--prometheus", required=True, help="path of the program")
    parser.add_argument("--record", action="store_true", help="write the answers for the suite")
    parser.add_argument("--seed", type=int, default=int(time.time()) // 86_400)
    arguments = parser.parse_args()
    if arguments.record:
        record(arguments.prometheus)
    else:
        sys.exit(asyncio.run(compare(arguments.prometheus, arguments.seed))[0] > 0)


if __name__ == "__main__":
    main()
