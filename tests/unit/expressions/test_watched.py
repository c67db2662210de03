"""Watched texts are selectors or expressions."""

from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.expressions.watched import LiveSpec, fault_of, selectors_among, step_for, watched, watched_again


def test_selectors_stay_what_they_are() -> None:
    plain = ["cpu", 'cpu{host="a"}', '{__name__=~".+"}', "disk.used-bytes"]
    found = selectors_among([*plain, "rate(x[1m])", "a / b"])
    assert [selector and selector.text for selector in found] == [*plain, None, None]


@pytest.mark.parametrize("text", ["rate(x)", "sum(", "a b", "1 +"])
def test_a_text_that_is_neither_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(Invalid, match=r"neither a selector nor an expression: 1:\d"):
        selectors_among([text])


@pytest.mark.parametrize(
    "text", ['{n=~"[a-z]{1,9%d}"}', 'sum({n=~"[a-z]{1,9%d}"})', r'x{n=~"\\pL%d"} + 1', r'x{n=~"\x5cpL%d"} + 1']
)
def test_all_patterns_of_a_request_have_a_budget(text: str) -> None:
    assert len(selectors_among([text % 10])) == 1
    with pytest.raises(Invalid, match="take too long to compile for one request"):
        selectors_among([text % number for number in range(10, 90)])


def test_an_expression_has_the_same_name_everywhere_and_one_for_each_step() -> None:
    spec = LiveSpec("sum(x)", 1)
    assert len({spec.name, spec._replace(step_s=5).name, spec._replace(text="sum(y)").name}) == 3
    found = watched(["a", " sum(x) ", "b"], [1], 900_000)
    assert [selector.text for selector in found.selectors] == ["a", spec.name, "b"]
    assert found.expressions == (spec,)


@pytest.mark.parametrize(("window_s", "step_s"), [(60, 1), (900, 1), (21_600, 30), (172_800, 300)])
def test_steps_are_few_and_their_histories_cover_the_window(window_s: int, step_s: int) -> None:
    assert step_for(window_s * 1000) == step_s
    assert LiveSpec("x + 0", step_s).history_s >= window_s


def test_texts_that_many_screens_watch_are_parsed_once_for_each_window() -> None:
    found = watched_again(["a", "sum(x)"], None, 900_000)
    assert found == watched(["a", "sum(x)"], [1], 900_000)
    assert watched_again(["a", "sum(x)"], None, 900_000) is found
    assert watched_again(["a", "sum(x)"], None, 21_600_000).expressions[0].step_s == 30
    assert watched_again(["a", "sum(x)"], [1], 900_000) == found
    with pytest.raises(Invalid, match="neither a selector nor"):
        watched_again(["a", "rate(x)"], None, 900_000)


def test_faults_are_told() -> None:
    assert fault_of("sum(x)") == ""
    assert fault_of("sum(") == "1:4: unclosed left parenthesis"
