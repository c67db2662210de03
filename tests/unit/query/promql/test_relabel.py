"""label_replace and label_join."""

from __future__ import annotations

import time

import pytest

from dashboard.query.promql.errors import FailedExpression, OverBudget
from tests.support.deadline import within
from tests.unit.query.promql.support import ask, values

HOSTS = {"x host=web-1 zone=eu": [1.0], "x host=db zone=eu": [2.0]}


def test_a_label_is_made_from_a_match_of_the_whole_value() -> None:
    found = values('label_replace(x, "n", "$1-${k}", "host", "web-([0-9])(?P<k>.*)")', HOSTS)
    assert found == {"__name__=x host=db zone=eu": 2, "__name__=x host=web-1 n=1- zone=eu": 1}
    assert values('label_replace(x, "zone", "", "host", "db")', HOSTS)["__name__=x host=db"] == 2
    assert "host=db" in next(iter(values('label_replace(x{host="db"}, "__name__", "", "host", ".*")', HOSTS)))


def test_labels_are_joined() -> None:
    assert "all=db/eu" in next(iter(values('label_join(x{host="db"}, "all", "/", "host", "zone")', HOSTS)))


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(FailedExpression, match="invalid regular expression"):
        ask('label_replace(x, "a", "b", "c", "(")', HOSTS)
    with pytest.raises(FailedExpression, match="same labelset"):
        ask('label_replace(x, "host", "one", "host", ".*")', HOSTS)


@pytest.mark.parametrize(
    "text",
    [
        "label_join(" * 30 + "x" + ', "n", ",", "n", "n", "host")' * 30,
        "label_replace(" * 30 + "x" + ', "host", "$1$1", "host", "(.*)")' * 30,
    ],
)
def test_labels_that_grow_with_every_call_are_refused_in_time(text: str) -> None:
    began = time.process_time()
    with pytest.raises(OverBudget, match="labels of more than"):
        ask(text, HOSTS)
    within(time.process_time() - began, 5, "the CPU time")  # without a bound: a thousand million times the text
