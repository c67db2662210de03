from __future__ import annotations

import pytest

from dashboard.boards.condition import NO_CONDITION, TagCondition, tags_in


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("", set()),
        ("*", {"*"}),
        ('"a"', {"a"}),
        ("a", {"a"}),
        ('"x", W/"a" ,"b"', {"x", "a", "b"}),
        ('"a,b"', {"a,b"}),
    ],
)
def test_tags_are_read_from_a_list(header: str, tags: set[str]) -> None:
    assert tags_in(header) == tags


def test_a_star_stands_for_every_board_that_exists() -> None:
    some, every = frozenset({"a", "b"}), frozenset({"*"})
    assert [TagCondition(match=some).allows(tag) for tag in ("a", "b", "c", "")] == [True, True, False, False]
    assert [TagCondition(match=every).allows(tag) for tag in ("a", "")] == [True, False]
    assert [TagCondition(none_match=some).excludes(tag) for tag in ("a", "c", "")] == [True, False, False]
    assert [TagCondition(none_match=every).excludes(tag) for tag in ("a", "")] == [True, False]
    assert [(NO_CONDITION.allows(tag), NO_CONDITION.excludes(tag)) for tag in ("a", "")] == [(True, False)] * 2
