"""Functions of one value."""

from __future__ import annotations

import math

from tests.unit.query.promql.support import values

ONE = {"x": [2.5]}


def test_clamp_round_and_sign() -> None:
    assert values("clamp(x, 0, 2)", ONE) == {"": 2}
    assert values("clamp(x, 3, 2)", ONE) == {}
    assert values("clamp_min(x, 3)", ONE) == {"": 3}
    assert values("clamp_min(acos(x), Inf)", ONE) == {"": math.inf}
    assert values("clamp_max(acos(x), -Inf)", ONE) == {"": -math.inf}
    assert math.isnan(values("clamp(acos(x), 0, Inf)", ONE)[""])
    assert values("round(x)", ONE) == {"": 3}
    assert values("round(-x)", ONE) == {"": -2}
    assert values("round(x, 2)", ONE) == {"": 2}
    assert values("sgn(-x)", ONE) == {"": -1}
    assert values("deg(rad(x))", ONE) == {"": 2.5}
