"""Telegraf's and collectd's JSON: which parser reads a body, and what the agents are told."""

from __future__ import annotations

import json

import msgspec
import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import Refusal
from dashboard.ingest.line_sources import LineSources
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import NOT_FINITE
from dashboard.web.feed.agents import CollectdJson, TelegrafJson
from tests.unit.web.feed.asked import LATEST_MS, asked, outcome

METRIC = {"name": "cpu", "tags": {"host": "a"}, "fields": {"usage": 1.5}, "timestamp": LATEST_MS // 1000 - 60}
VALUES = {
    "values": [1.5], "dstypes": ["gauge"], "dsnames": ["value"], "time": LATEST_MS / 1000 - 60, "interval": 10,
    "host": "a", "plugin": "load", "plugin_instance": "", "type": "load", "type_instance": "",
}  # fmt: skip
BAD = Refusal(2, "value", "is not a number")


def telegraf() -> TelegrafJson:
    return TelegrafJson(Origins(), LineSources(100))


@pytest.mark.parametrize(
    "body", [json.dumps({"metrics": [METRIC]}).encode(), b"\xef\xbb\xbf [" + json.dumps(METRIC).encode() + b"]", b"cpu,host=a usage=1.5"]
)  # fmt: skip
def test_telegraf_may_send_json_or_lines(body: bytes) -> None:
    assert [key.partition("{")[0] for key in telegraf().parse(asked(body)).batch.keys] == ["cpu_usage"]


@pytest.mark.parametrize("body", [b"metric=cpu", b"# HELP cpu x\n", b"\x85ab", b"cpu.a 1.5 1800000000\n"])
def test_telegrafs_other_formats_are_refused_with_the_cure(body: bytes) -> None:
    with pytest.raises(Invalid, match="set data_format"):
        telegraf().parse(asked(body))


def test_telegraf_does_not_repeat_what_was_refused() -> None:
    answer = telegraf().answer(asked(), telegraf().parse(asked(b"[]")), outcome(BAD))
    assert answer.status == 200
    assert msgspec.json.decode(answer.body) == {
        "accepted": 1,
        "refused": [{"index": 2, "field": "value", "reason": "is not a number", "code": "invalid"}],
    }
    assert b"refused" not in telegraf().answer(asked(), telegraf().parse(asked(b"[]")), outcome()).body


def test_long_bodies_of_telegraf_are_divided_by_their_kind() -> None:
    line = b"cpu,host=a usage=1.5\n"
    slices = list(telegraf().slices(line * 60_000))
    assert len(slices) > 1
    assert b"".join(each.body.rstrip() + b"\n" for each in slices) == line * 60_000
    assert [each.body for each in telegraf().slices(b"[1]")] == [b"[1]"]
    assert telegraf().moved(Refusal(0, "", "line 1: no"), 5) == Refusal(5, "", "line 6: no")


def test_collectd_is_told_of_faults_but_not_of_missing_numbers() -> None:
    collectd = CollectdJson(Origins())
    parsed = collectd.parse(asked(json.dumps([VALUES]).encode()))
    assert len(parsed.batch.keys) == 1
    assert collectd.answer(asked(), parsed, outcome(Refusal(0, "value", "NaN", code=NOT_FINITE))).status == 200
    with pytest.raises(Invalid, match="3 values refused; value list 2: value: is not a number"):
        collectd.answer(asked(), parsed, outcome(BAD, unlisted=2))
    assert [each.body for each in collectd.slices(b"[1]")] == [b"[1]"]
