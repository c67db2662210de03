from __future__ import annotations

from dashboard.ingest.families import Families
from dashboard.ingest.parsed import Parsed
from tests.support.write_request import WriteRequest


def metadata(*said: tuple[int, str]) -> list[bytes]:
    request = WriteRequest()
    for kind, family in said:
        request.metadata.add(type=kind, metric_family_name=family)
    return [each.SerializeToString() for each in request.metadata]


def body(*keys: str) -> Parsed:
    parsed = Parsed()
    for key in keys:
        parsed.add(key, None, 1.0)
    return parsed


def noted(families: Families, *keys: str) -> dict[str, str]:
    parsed = body(*keys)
    families.note(parsed)
    return parsed.batch.kinds


def test_what_is_said_of_a_family_holds_for_its_series() -> None:
    families = Families()
    families.learn(metadata((1, "requests"), (2, "load"), (3, "latency"), (0, "nothing")))
    assert noted(
        families, "requests_total", 'load{host="a"}', 'latency_bucket{le="1"}', "latency_sum", "other", "nothing"
    ) == {
        "requests_total": "counter",
        'load{host="a"}': "gauge",
        'latency_bucket{le="1"}': "histogram",
        "latency_sum": "histogram",
    }


def test_a_series_is_looked_at_once_until_something_new_was_said() -> None:
    families = Families()
    families.learn(metadata((2, "load")))
    assert noted(families, "load") == {"load": "gauge"}
    assert noted(families, "load") == {}
    families.learn(metadata((1, "load")))
    assert noted(families, "load") == {"load": "counter"}


def test_not_more_families_are_known_than_there_is_room_for_and_damaged_ones_are_passed_over() -> None:
    families = Families(max_items=2)
    families.learn([b"\xff\xff", *metadata((2, "a"), (2, "b"), (2, "c"))])
    assert noted(families, "a", "b", "c") == {"a": "gauge", "b": "gauge"}
