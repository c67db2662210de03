"""Functions of windows by their names."""

from __future__ import annotations

from dashboard.query.promql.signatures import FUNCTIONS
from dashboard.query.promql.syntax import Kind
from dashboard.query.promql.window_functions import OVER_TIME
from tests.unit.query.promql.support import values


def test_every_function_of_windows_is_there() -> None:
    assert {name for name, signature in FUNCTIONS.items() if Kind.MATRIX in signature.args} == OVER_TIME.keys()


def test_windows_without_samples_have_no_value() -> None:
    for name in OVER_TIME.keys() - {"absent_over_time", "quantile_over_time", "predict_linear"}:
        assert values(f"{name}(x[1m])", {"x": [1.0, 2.0]}, 600_000) == {}
        assert values(f"{name}(nothing[1m])", {"x": [1.0]}) == {}
