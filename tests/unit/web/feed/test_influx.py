"""Parameters and answers of InfluxDB 1, 2 and 3 and of Grafana Live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from dashboard.domain.errors import Invalid, TooLarge
from dashboard.ingest.batch import Refusal
from dashboard.ingest.influx_query import Databases
from dashboard.ingest.line_sources import LineSources
from dashboard.web.feed.format import Fault
from dashboard.web.feed.influx import GrafanaLive, Influx1, Influx2, Influx3, Lines, moved_line
from tests.unit.web.feed.asked import LATEST_MS, asked, outcome

KINDS: dict[str, Callable[[], Lines]] = {
    "1": lambda: Influx1(LineSources(100), Databases()),
    "2": lambda: Influx2(LineSources(100), Databases()),
    "3": lambda: Influx3(LineSources(100)),
    "live": lambda: GrafanaLive(LineSources(100)),
}
LINE = f"cpu,host=a value=1 {LATEST_MS - 60_000}"
BAD = Refusal(1, "value", "line 2: is no number", snippet="cpu value=x")


def said(body: bytes) -> Any:
    return msgspec.json.decode(body)


@pytest.mark.parametrize(
    ("kind", "query", "path", "source"),
    [
        ("1", {"db": "telegraf"}, (), "database telegraf"),
        ("1", {"db": "telegraf", "rp": "autogen"}, (), "database telegraf"),
        ("1", {"db": "telegraf", "rp": "week"}, (), "database telegraf/week"),
        ("1", {}, (), ""),
        ("2", {"bucket": "telegraf/week"}, (), "database telegraf/week"),
        ("2", {"bucket": "telegraf"}, (), "database telegraf"),
        ("3", {"db": "telegraf"}, (), "database telegraf"),
        ("live", {}, ("shop",), "stream shop"),
    ],
)
def test_the_source_of_lines_is_their_database(
    kind: str, query: dict[str, str], path: tuple[str, ...], source: str
) -> None:
    assert KINDS[kind]().source(asked(b"", *path, query=query)) == source


@pytest.mark.parametrize(("kind", "precision"), [("1", "ms"), ("2", "ms"), ("3", "millisecond")])
def test_lines_are_read_in_their_precision(kind: str, precision: str) -> None:
    parsed = KINDS[kind]().parse(asked(LINE.encode(), query={"precision": precision}))
    assert parsed.batch.times == [LATEST_MS - 60_000]
    assert parsed.batch.refused == []


def test_a_stream_of_grafana_has_nanoseconds() -> None:
    parsed = KINDS["live"]().parse(asked(f"{LINE}000000".encode(), "shop", query={"precision": "ms"}))
    assert parsed.batch.times == [LATEST_MS - 60_000]


@pytest.mark.parametrize(("kind", "precision"), [("2", "h"), ("2", "millisecond"), ("3", "hour")])
def test_an_unknown_precision_is_refused(kind: str, precision: str) -> None:
    with pytest.raises(Invalid, match="precision"):
        KINDS[kind]().parse(asked(b"", query={"precision": precision}))


def test_databases_of_writers_are_known_to_those_who_ask() -> None:
    databases = Databases()
    Influx1(LineSources(9), databases).precision(asked(query={"db": "one"}))
    Influx2(LineSources(9), databases).precision(asked(query={"bucket": "two"}))
    assert {"one", "two"} <= set(databases.names())


def test_what_was_stored_and_what_was_not_is_told_as_the_original_tells_it() -> None:
    assert KINDS["1"]().answer(asked(), KINDS["1"]().parse(asked()), outcome()).status == 204
    assert KINDS["live"]().done().status == 200
    refused = {
        kind: make().answer(asked(), make().parse(asked()), outcome(BAD, unlisted=2)) for kind, make in KINDS.items()
    }
    assert {answer.status for answer in refused.values()} == {400}
    text = "partial write: line 2: value: is no number dropped=3"
    assert said(refused["1"].body) == {"error": text}
    assert refused["1"].headers == (("X-Influxdb-Error", text),)
    assert said(refused["2"].body) == {"code": "invalid", "message": text}
    assert said(refused["live"].body) == {"message": text}
    data = [{"original_line": "cpu value=x", "line_number": 2, "error_message": "value: line 2: is no number"}]
    assert said(refused["3"].body) == {"error": "partial write of line protocol occurred", "data": data}


def test_a_wrong_token_gets_the_originals_words() -> None:
    fault = Fault(401, "bad_token", "of ours", {})
    words = {kind: said(make().refuse(asked(), fault).body) for kind, make in KINDS.items()}
    assert words["1"] == {"error": "authorization failed"}
    assert words["2"] == {"code": "unauthorized", "message": "unauthorized access"}
    assert words["3"] == {"error": "unauthorized access", "data": None}
    assert words["live"] == {"message": "Unauthorized"}
    header = KINDS["1"]().refuse(asked(), Fault(400, "invalid", "naïve\n", {})).headers
    assert header == (("X-Influxdb-Error", "na?ve?"),)


def test_a_body_that_is_wanted_whole_or_not_at_all() -> None:
    influx3, whole = KINDS["3"](), {"accept_partial": "False"}
    with pytest.raises(TooLarge, match="accept_partial"):
        influx3.check_long(asked(query=whole))
    influx3.check_long(asked())
    with pytest.raises(Invalid, match=r"line 2: .*nothing was stored"):
        influx3.parse(asked(f"{LINE}\ncpu value=\n".encode(), query=whole))


def test_a_refusal_of_a_slice_names_its_line_in_the_body() -> None:
    assert moved_line(BAD, 10) == Refusal(11, "value", "line 12: is no number", snippet="cpu value=x")
    assert moved_line(Refusal(0, "", "no"), 10) == Refusal(10, "", "no")
    assert KINDS["1"]().moved(BAD, 1).index == 2
