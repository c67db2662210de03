"""Functions and aggregations of Prometheus 3's stable language. Source: Prometheus, "Query functions" and "Operators"."""

from __future__ import annotations

from typing import NamedTuple

from dashboard.query.promql.syntax import Kind

S, V, M, T = Kind.SCALAR, Kind.VECTOR, Kind.MATRIX, Kind.STRING


class Signature(NamedTuple):
    """Types of a function's arguments and result.

    ``optional``: how many of the last arguments may be left out, -1 if the last argument may be repeated.
    """

    args: tuple[Kind, ...]
    returns: Kind = V
    optional: int = 0


_OF_VECTORS = (
    "abs", "ceil", "exp", "floor", "ln", "log10", "log2", "sgn", "sqrt", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos",
    "cosh", "sin", "sinh", "tan", "tanh", "deg", "rad", "sort", "sort_desc", "timestamp", "absent",
    "histogram_avg", "histogram_count", "histogram_sum", "histogram_stddev", "histogram_stdvar",
)  # fmt: skip
_OF_WINDOWS = (
    "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "stddev_over_time", "stdvar_over_time",
    "last_over_time", "present_over_time", "absent_over_time", "changes", "resets", "delta", "deriv", "idelta", "increase",
    "irate", "rate",
)  # fmt: skip
_DATES = ("day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year")

FUNCTIONS: dict[str, Signature] = {
    **dict.fromkeys(_OF_VECTORS, Signature((V,))),
    **dict.fromkeys(_OF_WINDOWS, Signature((M,))),
    **dict.fromkeys(_DATES, Signature((V,), optional=1)),
    "clamp": Signature((V, S, S)),
    "clamp_max": Signature((V, S)),
    "clamp_min": Signature((V, S)),
    "histogram_fraction": Signature((S, S, V)),
    "histogram_quantile": Signature((S, V)),
    "label_join": Signature((V, T, T, T), optional=-1),
    "label_replace": Signature((V, T, T, T, T)),
    "pi": Signature((), S),
    "predict_linear": Signature((M, S)),
    "quantile_over_time": Signature((S, M)),
    "round": Signature((V, S), optional=1),
    "scalar": Signature((V,), S),
    "time": Signature((), S),
    "vector": Signature((S,)),
}

AGGREGATIONS = frozenset(
    ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "topk", "bottomk", "quantile", "count_values")
)
EXPERIMENTAL_AGGREGATIONS = frozenset(("limitk", "limit_ratio"))
