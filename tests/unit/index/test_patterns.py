from __future__ import annotations

import re

import pytest

from dashboard.index.patterns import Chunk, literals_of, prefix_of

VALUES = ["a", "b", "ab", "web-1", "web-2", "", "x y", "ü", "A", "a\nb", "10", "\n"]


@pytest.mark.parametrize(
    "pattern",
    [
        "a",
        "a|b",
        "web-.*",
        ".*",
        ".+",
        "",
        "[^a]*",
        "(?i)a",
        "^a$",
        "a|",
        "\\Aa",
        "\\d+",
        "a.b",
        "(?s)a.b",
        "ü",
        "x y",
        "$",
    ],
)
def test_the_values_are_found_that_the_whole_pattern_matches_each_once(pattern: str) -> None:
    found = list(Chunk(VALUES).matching(pattern))
    expected = [value for value in VALUES if re.fullmatch(pattern.replace("\\A", ""), value)]
    assert sorted(found) == sorted(expected)


def test_an_empty_chunk_matches_nothing() -> None:
    assert list(Chunk([]).matching(".*")) == []


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [("a|b", ("a", "b")), ("web-1", ("web-1",)), ("a.b", None), ("a*", None), ("", None), ("a|", None)],
)
def test_a_list_of_literals_is_recognised(pattern: str, literals: tuple[str, ...] | None) -> None:
    assert literals_of(pattern) == literals


@pytest.mark.parametrize(("pattern", "prefix"), [("web-.*", "web-"), (".*", None), ("a.*b", None), ("a|b.*", None)])
def test_a_prefix_is_recognised(pattern: str, prefix: str | None) -> None:
    assert prefix_of(pattern) == prefix
