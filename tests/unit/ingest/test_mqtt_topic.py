from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.mqtt_topic import filters_of, folded, parse_template


def test_a_template_is_a_topic_filter() -> None:
    template = parse_template("zigbee2mqtt/{device}")
    assert template.topic_filter == "zigbee2mqtt/+"
    assert template.match("zigbee2mqtt/lamp") == ("zigbee2mqtt", [("device", "lamp")])
    assert template.match("other/lamp") is template.match("zigbee2mqtt/a/b") is None
    assert parse_template("a/b").match("a/b") == ("a_b", [])
    assert parse_template("a/{name}/b/{x}/c").match("a/n/b/1/c") == ("n_b_c", [("x", "1")])


@pytest.mark.parametrize("text", ["", "{room}", "a/#", "a/+", "a/{9}", "a/{x}y", "a/{x}/{x}", "a/{__x}", "a/{}"])
def test_templates_that_are_wrong_are_invalid(text: str) -> None:
    with pytest.raises(Invalid):
        parse_template(text)


@pytest.mark.parametrize(
    ("topics", "found"),
    [
        (["a/{name}", "a/{name}/availability", "tele/{device}/{name}"], []),
        (["a/{name}", "b/{name}"], [(1, 0)]),
        (["a/{name}", "a/b/{name}"], [(1, 0)]),
        (["a/{room}/{name}", "a/{name}/{room}"], [(1, 0)]),
        (["a/{name}/on", "b/{name}/on", "b/{room}/{name}/on"], [(1, 0)]),
        (["a/{x}/b", "a/b/{x}"], [(1, 0)]),
        (["a/{x}/b", "a/{y}/b", "a/b"], []),
    ],
)
def test_templates_that_would_make_one_series_of_two_topics_are_found(
    topics: list[str], found: list[tuple[int, int]]
) -> None:
    assert list(folded([parse_template(topic) for topic in topics])) == found


@pytest.mark.parametrize(
    ("topics", "filters"),
    [
        (["a/{name}", "a/{name}/x", "a/b/{name}", "ab/{x}/{name}"], ["a/#", "ab/#"]),
        (["{name}/state", "a/{name}"], ["+/state", "a/+"]),
        (["a/b"], ["a/b/#"]),
    ],
)
def test_what_is_subscribed_to_shows_topics_beside_the_templates_and_nothing_twice(
    topics: list[str], filters: list[str]
) -> None:
    assert filters_of([parse_template(topic) for topic in topics]) == filters
