from __future__ import annotations

import re

import pytest

from dashboard.index import patterns
from dashboard.index.patterns import Chunk, literals_of, ns_per_byte, prefix_of

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
    found = [value for some in Chunk(VALUES).matching(pattern) for value in some]
    expected = [value for value in VALUES if re.fullmatch(pattern.replace("\\A", ""), value)]
    assert sorted(found) == sorted(expected)


def test_an_empty_chunk_matches_nothing() -> None:
    assert [value for some in Chunk([]).matching(".*") for value in some] == []


@pytest.mark.parametrize(
    ("pattern", "literals"),
    [("a|b", ("a", "b")), ("web-1", ("web-1",)), ("a.b", None), ("a*", None), ("", None), ("a|", None)],
)
def test_a_list_of_literals_is_recognised(pattern: str, literals: tuple[str, ...] | None) -> None:
    assert literals_of(pattern) == literals


@pytest.mark.parametrize(("pattern", "prefix"), [("web-.*", "web-"), (".*", None), ("a.*b", None), ("a|b.*", None)])
def test_a_prefix_is_recognised(pattern: str, prefix: str | None) -> None:
    assert prefix_of(pattern) == prefix


@pytest.mark.parametrize("pattern", [r".*a.*", r".*[ab].{30}x", r"(?i).*B"])
def test_a_step_tests_few_bytes_and_no_value_is_missed(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    values = [f"{number}{'ab' * (number % 40)}x" for number in range(300)] + ["y" * 900, "a\nb" + "x" * 40]
    whole = {value for some in Chunk(values).matching(pattern) for value in some}
    assert whole == {value for value in values if re.fullmatch(pattern, value)}
    monkeypatch.setattr(patterns, "_STEP_BYTES", 64)
    steps = list(Chunk(values).matching(pattern))
    assert [value for some in steps for value in some] == [value for value in values if value in whole]
    assert all(sum(map(len, some)) <= 1_024 for some in steps)
    assert len(steps) > 10


def test_patterns_whose_states_do_not_fit_into_memory_are_known() -> None:
    hosts = "|".join(rf"10\.0\.0\.{number}:9100" for number in range(50))
    few = (
        "web-.*",
        r".*12.*",
        r"web-[0-9]+\.prod",
        r".*a.*b.*c.*",
        f"({hosts})",
        hosts + "|.*",
        r"\x61\t\.\-\141" * 20,
        r"(\d+\.){3}\d+:\d+",
    )
    few += ("api-[a-z0-9]{8,10}-[a-z0-9]{5}", "pod-[0-9a-f]{12}")
    assert {ns_per_byte(each) for each in few} == {5}
    many = (
        r".*[ab].{30}x",
        r".*(a|b)[a-j]{0,200}x",
        r"(?i).*\pL{0,30}x",
        ".*" + "(a|b)" * 30 + "x",
        ".*a" + "b?c?" * 20,
        ".*a" + r"\C" * 24 + "x",
        ".*a" + r"(\x41|\pN)" * 24 + "x",
        ".*a[ab]{11}x",
        "[ab]*a[ab]{11}x",
        "[ab]{1,}a[ab]{11}x",
        "[ab]{0,12}a[ab]{11}x",
        ".*a" + "a+b*" * 20 + "x",
        ".*a" + "a+\\.+" * 20 + "x",
        r".*a" + r"\b" * 12 + "a" * 40 + "x",
    )
    assert {ns_per_byte(each) for each in many} == {1_500}
