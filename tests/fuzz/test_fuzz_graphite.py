from __future__ import annotations

from dashboard.ingest.graphite import PathCache, parse_graphite
from tests.support.parsed_checks import LATEST_MS, fuzz

SEEDS = [
    b"servers.web-1.load 1.5 1700000000\nb 2\n",
    b"disk.used;host=a;rack=b 5 -1\nbad\n",
    "é.x;k=ü 1e3 N\r\n".encode(),
]
PIECES = [
    b" ",
    b"\n",
    b";",
    b"=",
    b"nan",
    b"inf",
    b"1e400",
    b"9" * 330,
    b"\xff",
    b"\x00",
    b"\t",
    b"_",
    b"-1",
    b"N",
    b"\x85",
    b".",
    b" 5",
]


def test_no_line_makes_the_parser_raise_anything_but_invalid() -> None:
    cache = PathCache(500)
    fuzz(lambda data: parse_graphite(data, cache, LATEST_MS), SEEDS, PIECES)
    assert len(cache) <= 500
