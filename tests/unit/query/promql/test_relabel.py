"""label_replace and label_join."""

from __future__ import annotations

import pytest

from dashboard.query.promql.errors import FailedExpression
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
