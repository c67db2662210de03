"""Answers of OpenTSDB's ``/api/put``."""

from __future__ import annotations

import json

import msgspec
import pytest

from dashboard.ingest.batch import Refusal
from dashboard.ingest.origins import Origins
from dashboard.web.feed.format import Fault
from dashboard.web.feed.opentsdb import OpenTsdbPut
from tests.unit.web.feed.asked import LATEST_MS, asked, outcome

POINT = {"metric": "cpu", "timestamp": LATEST_MS - 60_000, "value": 1, "tags": {"host": "a"}}
BAD = Refusal(0, "value", "is not a number", snippet='{"value":"x"}')
CUT = Refusal(1, "value", "is not a number", snippet='{"value":"x…')


def test_points_are_read() -> None:
    parsed = OpenTsdbPut(Origins()).parse(asked(json.dumps([POINT]).encode()))
    assert parsed.batch.times == [LATEST_MS - 60_000]
    assert [each.body for each in OpenTsdbPut(Origins()).slices(b"[1,2]")] == [b"[1,2]"]


@pytest.mark.parametrize(
    ("query", "refused", "status", "body"),
    [
        ({}, (), 204, None),
        ({"summary": ""}, (), 200, {"success": 1, "failed": 0}),
        ({"summary": ""}, (BAD,), 400, {"success": 1, "failed": 1}),
        (
            {"details": ""},
            (BAD, CUT),
            400,
            {
                "success": 1,
                "failed": 2,
                "errors": [
                    {"datapoint": {"value": "x"}, "error": "value: is not a number"},
                    {"datapoint": '{"value":"x…', "error": "value: is not a number"},
                ],
            },
        ),
        (
            {},
            (BAD,),
            400,
            {"error": {"code": 400, "message": "1 data points had errors; the first, 0: value: is not a number"}},
        ),
    ],
)
def test_the_answer_is_as_long_as_was_asked(
    query: dict[str, str], refused: tuple[Refusal, ...], status: int, body: object
) -> None:
    put = OpenTsdbPut(Origins())
    answer = put.answer(asked(query=query), put.parse(asked(b"[]")), outcome(*refused))
    assert answer.status == status
    assert (msgspec.json.decode(answer.body) if answer.body else None) == body


def test_a_refused_request_is_told_in_opentsdbs_form() -> None:
    answer = OpenTsdbPut(Origins()).refuse(asked(), Fault(413, "too_large", "too long", {}))
    assert msgspec.json.decode(answer.body) == {"error": {"code": 413, "message": "too long"}}
