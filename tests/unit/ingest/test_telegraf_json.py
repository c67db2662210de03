from __future__ import annotations

import json
from typing import Any

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.telegraf_json import parse_telegraf_json
from tests.support.claims import accepted
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


@pytest.mark.parametrize("stamp", [T // 1000, T, T * 1_000, T * 1_000_000, T / 1000, str(T // 1000), f"{T}000000"])
def test_the_size_of_a_time_tells_its_unit(stamp: float | str) -> None:
    assert parse({"name": "a", "fields": {"x": 1}, "timestamp": stamp}).batch.times == [T]


@pytest.mark.parametrize("text", ["2023-11-14T22:13:20Z", "2023-11-14T23:13:20.000000000+01:00", "2023-11-14 22:13:20"])
def test_a_time_may_be_text(text: str) -> None:
    assert parse({"name": "a", "fields": {"x": 1}, "timestamp": text}).batch.times == [1_700_000_000_000]
    assert parse({"name": "a", "fields": {"x": 1}, "timestamp": "noon"}).batch.refused[0].field == "timestamp"


def test_good_metrics_and_fields_are_kept() -> None:
    good = {"name": "a", "fields": {"x": 1, "y": None, "z": 2**60 + 1, "w": [7, None, {"v": 8}], "v": 10**400}}
    parsed = parse(
        {
            "metrics": [
                good,
                5,
                {},
                {"name": "b"},
                {"name": "b", "fields": {"x": 1}, "tags": {"x": []}},
                {"name": "c", "fields": {"x": 1}, "timestamp": 5},
            ]
        }
    )
    assert parsed.batch.keys == ["a_x", "a_z", "a_w_0", "a_w_2_v"]
    assert parsed.batch.values == [1, 2**60, 7, 8]
    assert [(r.index, r.field) for r in parsed.batch.refused] == [
        (0, "fields.v"), (1, ""), (2, "name"), (3, "fields"), (4, "tags.x"), (5, "timestamp"),
    ]  # fmt: skip


def test_a_bad_number_or_a_key_that_stands_twice_costs_only_its_field() -> None:
    body = b'{"name":"a","tags":{"n":1,"none":null},"fields":{"x":NaN,"y":1,"z":2,"z":3}}'
    parsed = parse_telegraf_json(body, LATEST_MS)
    check_parsed(parsed)
    assert parsed.batch.keys == ['a_y{n="1"}']
    assert [(r.field, r.code) for r in parsed.batch.refused] == [("fields.x", "not_finite"), ("fields.z", "invalid")]


def test_names_that_would_become_one_series_are_refused_also_over_bodies() -> None:
    origins = Origins()
    bodies: list[tuple[Any, list[str]]] = [
        ({"name": "edge_a", "fields": {"b": 1, "c": [1], "c_0": 2}}, ["edge_a_b", "edge_a_c_0"]),
        ({"name": "edge", "fields": {"a_b": 2}}, []),
        ({"name": "edge", "tags": {"h": "x"}, "fields": {"a_b": 2}}, ['edge_a_b{h="x"}']),
    ]
    for body, taken in bodies:
        parsed = accepted(parse_telegraf_json(json.dumps(body).encode(), LATEST_MS, origins=origins))
        assert parsed.batch.keys == taken
        assert {r.code for r in parsed.batch.refused} <= {"name_taken"}


@pytest.mark.parametrize("body", [b"", b"5", b'{"metrics":5}', b"[" * 100_000])
def test_other_bodies_are_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        parse_telegraf_json(body, LATEST_MS)
