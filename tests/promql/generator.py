"""Seeded generator of expressions: every function, operator and modifier of the stable language, over the judged samples."""

from __future__ import annotations

from random import Random

COUNTERS = ("http_requests_total", "errors_total", "latency_seconds_count", "jobs", "slow", "irregular")
GAUGES = ("temperature_celsius", "cpu_usage", "level", "up", "boot_time_seconds", "once")
MATCHERS = (
    '{job="api"}', '{job=~"api|web"}', '{instance!="a:9100"}', '{code=~"4..|5.."}', '{host!~"web-1.*"}', '{room="lab"}', "{}",
    '{job!=""}', '{nowhere=""}',
)  # fmt: skip
LABELS = ("job", "instance", "code", "host", "core", "room", "state", "name", "version", "n")
RANGES = ("30s", "1m", "2m", "5m", "7m30s", "10m", "90", "1h")
ELEMENTWISE = (
    "abs", "ceil", "exp", "floor", "ln", "log10", "log2", "sgn", "sqrt", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos",
    "cosh", "sin", "sinh", "tan", "tanh", "deg", "rad", "sort", "sort_desc", "timestamp", "absent", "round",
    "day_of_month", "day_of_week", "day_of_year", "days_in_month", "hour", "minute", "month", "year",
    "histogram_avg", "histogram_count", "histogram_sum", "histogram_stddev", "histogram_stdvar",
)  # fmt: skip
WINDOWED = (
    "avg_over_time", "min_over_time", "max_over_time", "sum_over_time", "count_over_time", "stddev_over_time", "stdvar_over_time",
    "last_over_time", "present_over_time", "absent_over_time", "changes", "resets", "delta", "deriv", "idelta", "increase",
    "irate", "rate",
)  # fmt: skip
OTHERS = (
    "clamp", "clamp_max", "clamp_min", "histogram_fraction", "histogram_quantile", "label_join", "label_replace", "pi",
    "predict_linear", "quantile_over_time", "scalar", "time", "vector", "round2", "dates",
)  # fmt: skip
AGGREGATIONS = (
    "sum",
    "avg",
    "min",
    "max",
    "count",
    "group",
    "stddev",
    "stdvar",
    "topk",
    "bottomk",
    "quantile",
    "count_values",
)
ARITHMETIC = ("+", "-", "*", "/", "%", "^", "atan2")
COMPARISONS = ("==", "!=", ">", "<", ">=", "<=")
_PATTERNS = ("(.*)", "(a|w).*", "web-([0-9]+)", "")
SETS = ("and", "or", "unless")


class Generator:
    """Generator of expressions by their feature, nested a little at random."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def expressions(self, rounds: int) -> list[str]:
        """Return ``rounds`` expressions of each function, operator and modifier."""
        found = []
        for _ in range(rounds):
            found += [f"{name}({self.vector(1)})" for name in ELEMENTWISE]
            found += [f"{name}({self.window(1)})" for name in WINDOWED]
            found += [self.other(name) for name in OTHERS]
            found += [self.aggregation(name, 2) for name in AGGREGATIONS]
            found += [self.binary(op) for op in (*ARITHMETIC, *COMPARISONS, *SETS)]
            found += [f"({self.vector(1)}) {op} bool {self.number()}" for op in COMPARISONS]
            found += [*(self.matching() for _ in range(4)), *(self.other("histogram_quantile") for _ in range(2))]
            found += [self.other("time"), f"{self.selector()} @ start()"]
            found += [self.grouping("group_left"), self.grouping("group_right")]
            found += [f"{self.selector()} offset {self.offset()}", f"{self.selector()} @ {self.at()}"]
            found += [f"-{self.selector()}", f"max_over_time({self.subquery()})"]
            found += [f"rate({self.selector()}[{self.pick(RANGES)}] offset {self.offset()})"]
            found += [f"avg_over_time({self.selector()}[{self.pick(RANGES)}] @ {self.at()})"]
        return found

    def pick(self, choices: tuple[str, ...]) -> str:
        """Return one of the choices."""
        return self._random.choice(choices)

    def number(self) -> str:
        """Return a number."""
        return self.pick(("0", "1", "0.5", "20", "-3", "1e3", "Inf", "NaN", "0x1F", "2.5"))

    def offset(self) -> str:
        """Return an offset."""
        return self.pick(("1m", "90s", "5m", "-1m", "0s", "10m"))

    def at(self) -> str:
        """Return a time for ``@``; NOW is the end of the samples in seconds."""
        return self.pick(("start()", "end()", "NOW", "NOW_MINUS_600"))

    def selector(self) -> str:
        """Return an instant selector."""
        name = self.pick((*COUNTERS, *GAUGES))
        return name + (self.pick(MATCHERS) if self._random.random() < 0.4 else "")

    def vector(self, depth: int) -> str:
        """Return an expression of an instant vector."""
        if depth <= 0 or self._random.random() < 0.4:
            return self.selector()
        kind = self._random.randrange(4)
        if kind == 0:
            return f"{self.pick(WINDOWED)}({self.window(depth - 1)})"
        if kind == 1:
            return f"{self.pick(ELEMENTWISE[:24])}({self.vector(depth - 1)})"
        if kind == 2:
            return f"{self.selector()} {self.pick(ARITHMETIC)} {self.number()}"
        return self.aggregation(self.pick(AGGREGATIONS[:8]), depth - 1)

    def window(self, depth: int) -> str:
        """Return an expression of a range vector."""
        if depth > 0 and self._random.random() < 0.2:
            return self.subquery()
        return f"{self.selector()}[{self.pick(RANGES)}]"

    def subquery(self) -> str:
        """Return a subquery."""
        step = self.pick(("", "15s", "30s", "1m", "40s"))
        more = self._random.choice(("", "", f" offset {self.offset()}", f" @ {self.at()}"))
        return f"{self.pick(WINDOWED)}({self.selector()}[2m])[{self.pick(('3m', '5m', '10m'))}:{step}]{more}"

    def labels(self) -> str:
        """Return some label names."""
        return ", ".join(self._random.sample(LABELS, self._random.randrange(3)))

    def aggregation(self, name: str, depth: int) -> str:
        """Return an aggregation."""
        modifier = self._random.choice(("", f"by ({self.labels()}) ", f"without ({self.labels()}) "))
        operand = self.vector(depth)
        if name in ("topk", "bottomk"):
            return f"{name} {modifier}({self._random.randrange(5)}, {operand})"
        if name == "quantile":
            return f"{name} {modifier}({self.pick(('0', '0.5', '0.9', '1', '-1', '2', 'NaN'))}, {operand})"
        if name == "count_values":
            return f'{name} {modifier}("value", {operand})'
        return f"{name} {modifier}({operand})"

    def binary(self, op: str) -> str:
        """Return a binary operator between two operands of any kind."""
        left, right = self.vector(1), self.vector(1)
        if op not in SETS:
            kind = self._random.randrange(4)
            if kind == 0:
                right = self.number()
            elif kind == 1:
                left = self.number()
            elif kind == 2 and op in ARITHMETIC:
                left, right = self.number(), self.number()
            else:
                right = left if self._random.random() < 0.5 else right
        return f"({left}) {op} ({right})"

    def matching(self) -> str:
        """Return operands matched by some labels."""
        op = self.pick((*ARITHMETIC, *COMPARISONS, *SETS))
        how = self._random.choice((f"on ({self.labels()})", f"ignoring ({self.labels()})", "on (job, instance)"))
        left = self.pick(("errors_total", "sum by (job, instance) (http_requests_total)", "cpu_usage", 'up{job="api"}'))
        right = self.pick(
            ("errors_total", "sum by (job) (http_requests_total)", "target_info", 'http_requests_total{code="500"}')
        )
        return f"{left} {op} {how} {right}"

    def grouping(self, group: str) -> str:
        """Return a many-to-one matching."""
        op = self.pick((*ARITHMETIC, *COMPARISONS))
        many = self.pick(("http_requests_total", "cpu_usage", "errors_total", "rate(http_requests_total[2m])"))
        one = self.pick(("target_info", "sum by (job) (errors_total)", 'up{job="api"}'))
        include = self.pick(("", "(version)", "(version, cluster)", "(nowhere)"))
        left, right = (many, one) if group == "group_left" else (one, many)
        return f"{left} {op} on (job) {group} {include} {right}"

    def other(self, name: str) -> str:
        """Return a call of a function with arguments of its own."""
        vector, number = self.vector(1), self.number()
        q = self.pick(("0", "0.25", "0.5", "0.99", "1", "-0.1", "1.1", "NaN"))
        buckets = self.pick(
            (
                "latency_seconds_bucket",
                "rate(latency_seconds_bucket[5m])",
                "sum by (le) (rate(latency_seconds_bucket[2m]))",
                vector,
            )
        )
        return {
            "clamp": f"clamp({vector}, {number}, {self.number()})",
            "clamp_max": f"clamp_max({vector}, {number})",
            "clamp_min": f"clamp_min({vector}, {number})",
            "histogram_fraction": f"histogram_fraction({number}, {self.number()}, {buckets})",
            "histogram_quantile": f"histogram_quantile({q}, {buckets})",
            "label_join": f'label_join({vector}, "{self.pick(("new", "job", "__name__"))}", "-", "job", "{self.pick(LABELS)}")',
            "label_replace": f'label_replace({vector}, "{self.pick(("new", "job"))}", "{self.pick(("$1", "x-${1}", "", "fixed"))}", '
            f'"{self.pick(LABELS)}", "{self.pick(_PATTERNS)}")',
            "pi": f"{vector} * pi()",
            "predict_linear": f"predict_linear({self.window(0)}, {self.pick(('60', '3600', '-100'))})",
            "quantile_over_time": f"quantile_over_time({q}, {self.window(1)})",
            "scalar": f"scalar({self.pick(('once', 'up', vector))}) + {number}",
            "time": f"time() - {self.pick(('timestamp(up)', number, vector))}",
            "vector": f"vector({number}) {self.pick(ARITHMETIC)} vector({self.number()})",
            "round2": f"round({vector}, {self.pick(('0.1', '5', '-2', '0'))})",
            "dates": f"{self.pick(('hour', 'minute', 'month', 'year', 'day_of_week', 'day_of_year', 'days_in_month'))}()",
        }[name]
