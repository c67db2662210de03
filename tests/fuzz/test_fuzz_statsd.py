from __future__ import annotations

from dashboard.ingest.parsed import Parsed
from dashboard.ingest.statsd_aggregator import Aggregator
from tests.support.parsed_checks import LATEST_MS, T, fuzz

SEEDS = [
    b"a.b:1|c|@0.5|#env:prod,x\na.b:2|c\ng:-3|g",
    b"t:1:2.5|h|c:abc\nt:5|ms|T1700000000\ns:user|s",
    b"_e{6,4}:Deploy|text|d:1700000000|h:web|#a:b\n_sc|db|2|d:1700000000|m:down",
    b"a,k=v:1|c\na;k=v:1|d|card:low\ng:4|g",
]
PIECES = [
    b":", b"|", b"|c", b"|g", b"|ms", b"|s", b"|@0.1", b"|#", b",", b"\n", b"nan", b"1e400", b"1e300", b"-", b"+", b"_", b"\xff", b"\x00",
    b"|T1700000000", b"|T", b"_e{", b"_e{1,1}:a|b", b"_sc|", b"9" * 30, b"1_0", b"\r", b"#k:v,k:w", b"|m:",
]  # fmt: skip


def test_no_datagram_makes_the_aggregator_raise() -> None:
    aggregator = Aggregator(max_metrics=500)
    lines = 0

    def parse(data: bytes) -> Parsed:
        nonlocal lines
        lines += sum(1 for line in data.split(b"\n") if line and line != b"\r")
        aggregator.feed(data, LATEST_MS)
        (parsed,) = aggregator.flush(T, 1.0)
        return parsed

    fuzz(parse, SEEDS, PIECES, inputs=3_000)  # a flush goes through all metrics
    for number in range(100):
        fuzz_once(aggregator, number)
    assert aggregator.accepted + aggregator.refused.total() >= lines


def fuzz_once(aggregator: Aggregator, seed: int) -> None:
    """Feed a thousand datagrams between two flushes."""

    def parse(data: bytes) -> Parsed | None:
        before = aggregator.accepted + aggregator.refused.total()
        aggregator.feed(data, LATEST_MS)
        assert aggregator.accepted + aggregator.refused.total() - before <= data.count(b"\n") + data.count(b":") + 1
        return None

    fuzz(parse, SEEDS, PIECES, inputs=1_000, seed=seed, least=0)
    list(aggregator.flush(T, 1.0))
