"""Answers as Prometheus' JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from dashboard.query.promql.errors import OverBudget
from dashboard.query.promql.notes import Notes
from dashboard.query.promql.query import AnswerRow, QueryAnswer
from dashboard.query.promql.syntax import Kind
from dashboard.web.prometheus import answers
from dashboard.web.prometheus.answers import number, result_json, success, with_cpu


def row(labels: dict[str, str], *points: tuple[int, float]) -> AnswerRow:
    times, values = zip(*points, strict=True)
    return AnswerRow(tuple(labels.items()), np.array(times, np.int64), np.array(values, np.float64))


def said(kind: Kind, *rows: AnswerRow, limit: int = 0, text: str = "") -> tuple[object, bool]:
    parts, is_cut = result_json(QueryAnswer(kind, rows, Notes(), text), limit)
    return json.loads(b"".join(parts)), is_cut


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"), (0.1, "0.1"), (-2.5, "-2.5"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (1e-6, "0.000001"),
        (1e-7, "1e-07"), (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN"), (1.5e300, "1.5e+300"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_prometheus_writes_them(value: float, text: str) -> None:
    assert number(value) == text


def test_each_kind_of_result_has_its_form() -> None:
    one = row({"__name__": "cpu"}, (1_500, 2.0))
    assert said(Kind.VECTOR, one) == (
        {"resultType": "vector", "result": [{"metric": {"__name__": "cpu"}, "value": [1.5, "2"]}]}, False,
    )  # fmt: skip
    two = row({"a": "b"}, (1_000, 2.0), (2_005, math.nan))
    assert said(Kind.MATRIX, two) == (
        {"resultType": "matrix", "result": [{"metric": {"a": "b"}, "values": [[1, "2"], [2.005, "NaN"]]}]}, False,
    )  # fmt: skip
    assert said(Kind.SCALAR, row({}, (1_000, 3.0))) == ({"resultType": "scalar", "result": [1, "3"]}, False)
    assert said(Kind.STRING, row({}, (1_000, 0.0)), text='a"b') == (
        {"resultType": "string", "result": [1, 'a"b']},
        False,
    )


def test_a_result_is_cut_at_its_limit_and_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row({"n": str(count)}, (1_000, 1.0)) for count in range(3)]
    result, is_cut = said(Kind.VECTOR, *rows, limit=2)
    assert is_cut
    assert [each["metric"]["n"] for each in result["result"]] == ["0", "1"]  # type: ignore[index]
    assert said(Kind.VECTOR, *rows, limit=3)[1] is False
    monkeypatch.setattr(answers, "MAX_ANSWER_BYTES", 100)
    with pytest.raises(OverBudget, match="ask for fewer series"):
        said(Kind.VECTOR, *rows)


def test_every_kind_of_result_takes_the_cpu_time() -> None:
    for kind in Kind:
        answer = QueryAnswer(kind, [row({}, (1_000, 1.0))], Notes(), text="t")
        plain = json.loads(b"".join(result_json(answer)[0]))
        assert json.loads(b"".join(with_cpu(result_json(answer)[0], 0.25))) == {
            **plain, "stats": {"timings": {"cpuTime": 0.25}},
        }  # fmt: skip


def test_warnings_and_remarks_stand_beside_the_data() -> None:
    assert json.loads(b"".join(success([b"[1,", b"2]"]))) == {"status": "success", "data": [1, 2]}
    body = json.loads(b"".join(success([b"1"], ["slow"], ["a counter?"])))
    assert body == {"status": "success", "data": 1, "warnings": ["slow"], "infos": ["a counter?"]}
