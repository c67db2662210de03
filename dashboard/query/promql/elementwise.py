"""Functions of one value: mathematics and trigonometry, clamp and round. Source: Prometheus, "Query functions"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from dashboard.query.promql.values import Bools, Floats


def _sign(values: Floats) -> Floats:
    return np.where(values > 0, 1.0, np.where(values < 0, -1.0, values))


def _radians(values: Floats) -> Floats:
    return values * np.pi / 180


def _degrees(values: Floats) -> Floats:
    return values * 180 / np.pi


MATHEMATICS: dict[str, Callable[[Floats], Floats]] = {
    "abs": np.abs,
    "ceil": np.ceil,
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "sgn": _sign,
    "sqrt": np.sqrt,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "cos": np.cos,
    "cosh": np.cosh,
    "sin": np.sin,
    "sinh": np.sinh,
    "tan": np.tan,
    "tanh": np.tanh,
    "deg": _degrees,
    "rad": _radians,
}
#: Functions whose result has the unit of their argument.
KEEP_UNIT = frozenset(("abs", "ceil", "floor"))


def clamp(values: Floats, least: Floats, greatest: Floats) -> tuple[Floats, Bools]:
    """Return the clamped values, and whether each step has values; a step with ``greatest`` below ``least`` has none.

    NaN stays NaN, with one exception: if an infinite bound leaves only one possible value, the result is that value,
    as with Go's ``math.Max``.
    """
    low = np.where(greatest == -np.inf, greatest, np.minimum(greatest, values))
    return np.where(least == np.inf, least, np.maximum(least, low)), ~(greatest < least)


def rounded(values: Floats, to: Floats) -> Floats:
    """Return the multiples of ``to`` that are nearest to the values; ties are rounded up."""
    inverse = 1.0 / to
    return np.floor(values * inverse + 0.5) / inverse
