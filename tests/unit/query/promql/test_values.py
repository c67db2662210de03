"""Vectors and their labels."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.query.promql.errors import FailedExpression
from dashboard.query.promql.values import Vector, merged, shown, with_label, without_name


def vector(*there: list[bool]) -> Vector:
    return Vector([(("a", "1"),)] * len(there), np.arange(2.0 * len(there)).reshape(-1, 2), np.array(there))


def test_rows_of_the_same_labels_are_joined_unless_they_meet() -> None:
    joined = merged(vector([True, False], [False, True]))
    assert (joined.values.tolist(), joined.there.tolist()) == ([[0, 3]], [[True, True]])
    with pytest.raises(FailedExpression):
        merged(vector([True, False], [True, True]))


def test_labels() -> None:
    labels = (("__name__", "x"), ("b", "2"))
    assert with_label(labels, "a", "1") == (("__name__", "x"), ("a", "1"), ("b", "2"))
    assert with_label(labels, "b", "") == (("__name__", "x"),)
    assert shown(labels) == 'x{b="2"}'


def test_the_name_is_left_out_wherever_it_is_among_the_labels() -> None:
    assert without_name((("__name__", "x"), ("a", "1"))) == (("a", "1"),)
    assert without_name((("A", "1"), ("__name__", "x"), ("b", "2"))) == (("A", "1"), ("b", "2"))
    assert without_name((("a", "1"),)) == (("a", "1"),)
    assert without_name(()) == ()
