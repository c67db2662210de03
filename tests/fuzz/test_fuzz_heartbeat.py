from __future__ import annotations

from urllib.parse import parse_qsl

from dashboard.ingest.heartbeat import parse_ping, parse_ping_path, parse_push
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import fuzz


def test_no_query_makes_a_push_raise_anything_but_invalid() -> None:
    def parse(data: bytes) -> Parsed:
        return parse_push("web 1", dict(parse_qsl(data.decode("utf-8", "replace"))))

    seeds = [b"status=up&msg=OK&ping=12", b"status=down&msg=a%20b", b"ping=1.5"]
    pieces = [b"&", b"=", b"%", b"%00", b"nan", b"1e400", b"status=x", b"\xff", b"up", b"1_0"]
    fuzz(parse, seeds, pieces, inputs=50_000, refuses=False)  # as Uptime Kuma takes anything


def test_no_path_makes_a_ping_raise_anything_but_invalid() -> None:
    def parse(data: bytes) -> Parsed:
        ping = parse_ping_path(data.decode("utf-8", "replace"))
        return parse_ping(ping.check, ping.action, data)

    seeds = [b"uuid/start", b"uuid/fail", b"uuid/12", b"uuid", b"uuid/log"]
    fuzz(parse, seeds, [b"/", b"0", b"-", b"255", b"\xff", b"\x00", "²".encode(), b"start"], inputs=50_000)
