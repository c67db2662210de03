"""Warnings and remarks about an evaluation, with Prometheus' words. Source: ``util/annotations`` of Prometheus."""

from __future__ import annotations

BAD_QUANTILE = "PromQL warning: quantile value should be between 0 and 1"
BAD_BUCKET = 'PromQL warning: bucket label "le" is missing or has a malformed value'
SORT_IN_RANGE = "PromQL warning: sort is ineffective for range queries since results are always ordered by labels"
NO_COUNTER = "PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket:"
NOT_MONOTONIC = (
    "PromQL info: input to histogram_quantile needed to be fixed for monotonicity "
    "(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
)
#: Beginning of remarks that Prometheus does not have, because it keeps no buckets.
OWN = "dashboard info: "
UNSURE_RESETS = (
    f"{OWN}approximate: samples that are no longer kept came late, so resets between them may be missing or count twice"
)
OF_BUCKETS = f"{OWN}approximate: computed from buckets, because the samples are no longer kept"
#: Most warnings, and most remarks, of an answer.
MOST = 10


class Notes:
    """Warnings and remarks in order of their first occurrence, without repetitions."""

    __slots__ = ("infos", "warnings")

    def __init__(self) -> None:
        self.warnings: dict[str, None] = {}
        self.infos: dict[str, None] = {}

    def warn(self, text: str) -> None:
        """Add a warning."""
        if len(self.warnings) < MOST:
            self.warnings[text] = None

    def inform(self, text: str) -> None:
        """Add a remark."""
        if len(self.infos) < MOST:
            self.infos[text] = None

    def own(self) -> str:
        """Return the first remark that Prometheus does not have, without its beginning; "" if there is none."""
        return next((text.removeprefix(OWN) for text in self.infos if text.startswith(OWN)), "")

    def check_quantile(self, values: list[float]) -> None:
        """Warn about quantiles that are not between 0 and 1."""
        for value in values:
            if not 0 <= value <= 1:
                self.warn(f"{BAD_QUANTILE}, got {_go(value)}")


def _go(value: float) -> str:
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return f"{value:g}"
