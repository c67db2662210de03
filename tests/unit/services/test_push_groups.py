"""What a Pushgateway's groups held."""

from __future__ import annotations

from dashboard.services.push_groups import PushGroups

JOB = {"job": "a"}


def test_what_a_group_does_not_hold_any_more_is_told() -> None:
    groups = PushGroups(10)
    assert groups.replace(JOB, ["a", "b"]) == set()
    groups.add(JOB, ["c"])
    assert groups.replace(JOB, ["b"]) == {"a", "c"}
    assert groups.replace({"job": "a", "x": "y"}, ["z"]) == set()
    assert groups.remove(JOB) == {"b"}
    assert groups.remove(JOB) == set()


def test_more_series_than_may_be_remembered_are_all_forgotten() -> None:
    groups = PushGroups(3)
    groups.replace(JOB, ["a", "b"])
    groups.replace({"job": "b"}, ["c", "d"])
    assert groups.remove(JOB) == set()
    assert groups.remove({"job": "b"}) == {"c", "d"}
    groups.replace(JOB, ["a", "b", "c", "d"])
    assert groups.remove(JOB) == set()
