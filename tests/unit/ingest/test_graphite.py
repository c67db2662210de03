from __future__ import annotations

import pickle
import struct

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import MAX_BAD_LINES
from dashboard.ingest.graphite import PathCache, looks_pickled, parse_graphite
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import LATEST_MS, T, check_parsed


def parse(data: bytes, cache: PathCache | None = None) -> Parsed:
    parsed = parse_graphite(data, PathCache() if cache is None else cache, LATEST_MS)
    check_parsed(parsed)
    return parsed


def test_lines_are_read_the_same_known_or_not() -> None:
    data = b"servers.web-1.load 1.5 1700000000\ndisk.used;host=a b;x 5 N\n"
    data += b"disk.used;host=a;rack=b%20 5 -1\r\n\nplain\t3\n0day 1 1700000000.5"
    cache = PathCache()
    for _ in range(2):
        parsed = parse(data, cache)
        assert list(zip(parsed.batch.keys, parsed.batch.times, parsed.batch.values, strict=True)) == [
            ("servers.web-1.load", T, 1.5), ('disk.used{host="a",rack="b%20"}', None, 5), ("plain", None, 3), ("_0day", T + 500, 1),
        ]  # fmt: skip
        assert [(r.index, r.snippet) for r in parsed.batch.refused] == [(1, "disk.used;host=a b;x 5 N")]


@pytest.mark.parametrize(
    "line",
    [b"a", b"a b", b"a 1 2 3", b"a nan 1700000000", b"a inf", b"a 1_0", b"a 1 x", b"a 1 nan", b"a 1 5", b"a;b 1", b"a;=b 1", b"\xff 1",
     b"a;b=\xff 1", b"x" * 5_000 + b" 1", b"a" * 2_049 + b" 1", b"a 1 1e30", b"cos(", b";a=b 1", b"a 1e400"],
)  # fmt: skip
def test_bad_lines_are_refused_alone(line: bytes) -> None:
    parsed = parse(b"ok 1\n" + line + b"\nok 2")
    assert parsed.batch.values == [1, 2]
    assert [r.index for r in parsed.batch.refused] == [1]


def test_too_many_lines_are_invalid() -> None:
    with pytest.raises(Invalid):
        parse(b"\n" * 200_001)


def test_a_pickle_is_recognised_by_how_a_connection_begins() -> None:
    for protocol in range(6):
        payload = pickle.dumps([("a.b", (1_700_000_000, 1.5))], protocol=protocol)
        assert looks_pickled(struct.pack("!L", len(payload)) + payload), protocol
    assert not any(map(looks_pickled, (b"", b"a 1", b"a.b 1 1700000000\n", b"\x00\x00\x00\x05abc", b"\n\n\n\n(l")))


def test_two_paths_that_would_become_one_series_are_refused() -> None:
    parsed = parse_graphite(b"a%b 1 -1\na_b 2 -1\na%b 3 -1", PathCache(), LATEST_MS)
    assert (parsed.batch.keys, [r.code for r in parsed.batch.refused]) == (["a_b", "a_b"], ["name_taken"])


def test_the_good_lines_among_very_many_bad_ones_are_taken() -> None:
    """One sender's bad lines may stand before another sender's good ones."""
    parsed = parse_graphite(b"bad\n" * MAX_BAD_LINES + b"a 1 -1\n\nbad\n" * 100, PathCache(), LATEST_MS)
    assert (parsed.batch.keys, len(parsed.batch.refused), parsed.batch.unread) == (["a"] * 100, MAX_BAD_LINES, 100)
