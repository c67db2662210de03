"""Series that their sender does not own yet, or never will: their names are parsed once, and claimed for each body."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from dashboard.ingest import (
    graphite,
    line_protocol,
    opentsdb,
    otlp_metric,
    prometheus_text,
    remote_write,
    remote_write2,
)
from dashboard.ingest.graphite import PathCache, parse_graphite
from dashboard.ingest.line_protocol import LineCache, parse_line_protocol
from dashboard.ingest.opentsdb import PointCache, parse_opentsdb_lines
from dashboard.ingest.origins import NameTaken, Origins
from dashboard.ingest.otlp import parse_otlp_json
from dashboard.ingest.otlp_cache import PointCache as OtlpCache
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.prometheus_text import KnownHeads, parse_prometheus
from dashboard.ingest.remote_write import LabelCache, parse_write_request
from dashboard.ingest.remote_write2 import SymbolCache, parse_request2
from tests.support.claims import accepted, own, store
from tests.support.parsed_checks import LATEST_MS, T
from tests.support.write_request import Request2, add_series2, encode

#: Parses the same body anew; its series have two rows, or there are two series.
Parse = Callable[[], Parsed]
LABELS = {"__name__": "a b", "host": "x"}


def of_lines(origins: Origins) -> tuple[Any, Parse]:
    cache = LineCache(origins=origins)
    body = f"a,host=x b=1,c=2 {T}\na,host=x c=2,b=1 {T + 1}".encode()
    return line_protocol, lambda: parse_line_protocol(body, cache, LATEST_MS, precision="ms")


def of_graphite(origins: Origins) -> tuple[Any, Parse]:
    cache = PathCache(origins=origins)
    return graphite, lambda: parse_graphite(b"a;host=x 1\na;host=x 2", cache, LATEST_MS)


def of_opentsdb(origins: Origins) -> tuple[Any, Parse]:
    cache = PointCache(origins=origins)
    return opentsdb, lambda: parse_opentsdb_lines(
        b"put a %d 1 host=x\nput a %d 1 host=x" % (T, T + 1), cache, LATEST_MS
    )


def of_prometheus(origins: Origins) -> tuple[Any, Parse]:
    cache = KnownHeads(origins=origins)
    body = b'# TYPE a counter\na{host="x"} 1\na{host="x"} 2'
    return prometheus_text, lambda: parse_prometheus(body, LATEST_MS, labels={"job": "j"}, known=cache)


def of_remote_write(origins: Origins) -> tuple[Any, Parse]:
    cache = LabelCache(origins=origins)
    body = encode([(LABELS, [(1.5, T)]), (LABELS | {"host": "y"}, [(0.0, T + 1)])])
    return remote_write, lambda: parse_write_request(body, cache, LATEST_MS)


def of_remote_write2(origins: Origins) -> tuple[Any, Parse]:
    cache, request = SymbolCache(origins=origins), Request2()
    add_series2(request, LABELS, (1.0, T))
    add_series2(request, LABELS, (2.0, T + 1))
    return remote_write2, lambda: parse_request2(request.SerializeToString(), cache, LATEST_MS)


def of_otlp(origins: Origins) -> tuple[Any, Parse]:
    cache = OtlpCache(origins=origins)
    point = b'{"asInt": 1, "attributes": [{"key": "host", "value": {"stringValue": "x"}}]}'
    gauge = b'{"name": "a b", "gauge": {"dataPoints": [%s, %s]}}' % (point, point)
    body = b'{"resourceMetrics": [{"scopeMetrics": [{"metrics": [%s]}]}]}' % gauge
    return otlp_metric, lambda: parse_otlp_json(body, cache, LATEST_MS)


FORMATS = [of_lines, of_graphite, of_opentsdb, of_prometheus, of_remote_write, of_remote_write2, of_otlp]


def columns(parsed: Parsed) -> list[Any]:
    batch = parsed.batch
    return [batch.keys, batch.times, batch.values, batch.kinds, batch.declared, batch.refused]


def count_names(module: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list to which each series that the module makes of a name is added from now on."""
    made, of = [], "series_key" if module is otlp_metric else "foreign_key"
    real = inspect.getattr_static(module, of)

    def counted(name: str, *rest: Any) -> Any:
        made.append(name)
        return real(name, *rest)

    monkeypatch.setattr(module, of, counted)
    return made


@pytest.mark.parametrize("form", FORMATS)
def test_names_that_are_not_owned_are_parsed_once_and_claimed_in_each_body(
    form: Callable[[Origins], tuple[Any, Parse]], monkeypatch: pytest.MonkeyPatch
) -> None:
    module, parse = form(Origins())
    made = count_names(module, monkeypatch)
    first = parse()
    assert first.batch.keys
    assert first.batch.claims.keys() == set(first.batch.keys)
    assert len(made) == len(set(first.batch.keys))
    made.clear()
    for _ in range(3):
        again = parse()
        assert columns(again) == columns(first)
        assert again.batch.claims.keys() == first.batch.claims.keys()
        assert [claim.origin for claim in again.batch.claims.values()] == [
            claim.origin for claim in first.batch.claims.values()
        ]
    assert not made
    accepted(again)
    for _ in range(2):
        known = parse()
        assert (columns(known), known.batch.claims) == (columns(first), {})
    assert not made  # what waited is known now


@pytest.mark.parametrize("form", FORMATS)
def test_a_name_that_waits_is_refused_when_another_name_owns_its_series(
    form: Callable[[Origins], tuple[Any, Parse]],
) -> None:
    origins = Origins()
    parse = form(origins)[1]
    for key in set(parse().batch.keys):
        own(origins, key, "somebody else")
    for _ in range(2):
        refused = parse()
        assert (refused.batch.keys, refused.batch.claims) == ([], {})
        assert {each.code for each in refused.batch.refused} == {NameTaken.code}


def test_fields_of_a_line_wait_or_are_known_each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    made, cache = count_names(line_protocol, monkeypatch), LineCache()

    def claims(body: bytes) -> list[str]:
        parsed = parse_line_protocol(body, cache, LATEST_MS)
        assert len(parsed.batch.keys) == body.count(b"=")
        found = parsed.batch.claims
        store({key: claim for key, claim in found.items() if key != "a_refused"})
        return sorted(found)

    assert claims(b"a ok=1,refused=2") == ["a_ok", "a_refused"]
    assert claims(b"a ok=1") == []
    assert claims(b"a refused=2,ok=1") == ["a_refused"]
    assert claims(b"a ok=1,refused=2,new=3") == ["a_new", "a_refused"]
    for _ in range(2):
        assert claims(b"a new=3,refused=2,ok=1") == ["a_refused"]
        assert claims(b"a new=3,ok=1") == []
    assert {"a_new", "a_ok", "a_refused"} == set(made), made
    assert len(made) == 4, made  # a_refused once more, beside the field that was new then


def test_claims_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_protocol, "_MAX_CACHED_SERIES_CHARACTERS", 20)
    cache = LineCache(max_items=2)
    for number in range(9):
        parse_line_protocol(b"a f%d=1" % number, cache, LATEST_MS)
        parse_line_protocol(b"b%d f=1" % number, cache, LATEST_MS)
    assert sum(len(claim.key) for claims in cache.fields.values() for claim in claims.values()) <= 2 * 20
    assert cache == {}
