from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.telegraf_json import parse_telegraf_json
from tests.support.parsed_checks import LATEST_MS, T, check_parsed

ONE = {
    "name": "docker", "tags": {"host": "raynor", "": "x"}, "timestamp": T // 1000,
    "fields": {"n_images": 660, "ok": True, "state": "up", "load.1": -0.5},
}  # fmt: skip


def parse(given: Any) -> Parsed:
    parsed = parse_telegraf_json(json.dumps(given).encode(), LATEST_MS)
    check_parsed(parsed)
    return parsed


def test_a_list_and_one_object_are_the_same() -> None:
    one = ONE | {"tags": {"host": "raynor"}}
    for given in ({"metrics": [one]}, one, [one]):
        parsed = parse(given)
        assert dict(zip(parsed.batch.keys, parsed.batch.values, strict=True)) == {
            'docker_n_images{host="raynor"}': 660, 'docker_ok{host="raynor"}': 1, 'docker_load.1{host="raynor"}': -0.5,
        }  # fmt: skip
        assert set(parsed.batch.times) == {T}
        assert parsed.documents == [("docker_state/host:raynor", b'{"text":"up"}', None)]


@pytest.mark.parametrize("stamp", [T // 1000, T, T * 1_000, T * 1_000_000, T / 1000])
def test_the_size_of_a_time_tells_its_unit(stamp: float) -> None:
    assert parse({"name": "a", "fields": {"x": 1}, "timestamp": stamp}).batch.times == [T]


def test_good_metrics_and_fields_are_kept() -> None:
    good = {"name": "a", "fields": {"x": 1, "y": None, "z": 2**60}}
    parsed = parse(
        {
            "metrics": [
                good,
                5,
                {},
                {"name": "b"},
                {"name": "b", "fields": {"x": 1}, "tags": {"x": 1}},
                {"name": "c", "fields": {"x": 1}, "timestamp": 5},
            ]
        }
    )
    assert parsed.batch.keys == ["a_x"]
    assert [(r.index, r.field) for r in parsed.batch.refused] == [
        (0, "fields.y"), (0, "fields.z"), (1, ""), (2, "name"), (3, "fields"), (4, "tags"), (5, "timestamp"),
    ]  # fmt: skip
    assert parsed.batch.refused[0].snippet == '{"y":null}'


@pytest.mark.parametrize("body", [b"", b"5", b'{"metrics":5}', b'{"a":NaN}', b"[" * 50 + b"]" * 50])
def test_other_bodies_are_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_telegraf_json(body, LATEST_MS)
