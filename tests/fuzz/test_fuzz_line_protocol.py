from __future__ import annotations

from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from tests.support.parsed_checks import LATEST_MS, fuzz

SEEDS = [
    b'cpu,host=a usage=1.5,n=12i,u=12u,s="te\\"xt",b=t,c=True,d=FALSE 1700000000000000000',
    b"cpu,host=a,core=0 user=1,system=2,idle=97.5 1700000000000000000\ncpu,host=b user=3\n\nmem free=5i 1700000001000000000\n",
    "m\\ x,a\\,b=c\\=d f\\=g=1 1700000000000000000\n# comment\nm,é=ü f=\"κ\ny\"".encode(),
    b'a f=1\nbad\nb,t="x s="y"\nc f=2',
]  # fmt: skip
PIECES = [
    b'"', b"\\", b",", b"=", b" ", b"\n", b"i", b"u", b"t", b"nan", b"1e400", b"9" * 30, b"\t", b'f="', b'\\"', b"\\\\", b"\\ ",
    b"\xff", b"\x00", b"#", b"9007199254740993i", b"-1", b"\r\n", b" 5", b",host=a", b"\xc2\x85", b'"\xff"', b"\x01",
]  # fmt: skip


def test_no_body_makes_the_parser_raise_anything_but_invalid() -> None:
    cache = LineCache(500)
    fuzz(lambda body: parse_line_protocol(body, cache, LATEST_MS), SEEDS, PIECES)
    assert len(cache) <= 500
