"""Aggregation of StatsD metrics between two flushes. It reads no clock: the time comes with ``flush``.

A metric's series, each declared with the flush interval as its cadence:

- counter: ``name``, the rate per second, and ``name_count``, the count in this interval; both are 0 while the counter is silent,
  until the counter is forgotten;
- gauge: ``name``, the last value, only for intervals in which a value was sent (so a silent gauge becomes stale);
- timer, histogram, distribution: ``name_count``, ``_mean``, ``_min``, ``_max``, ``_p50``, ``_p90``, ``_p99``;
- set: ``name``, the number of distinct members.

A metric with an explicit time (``|T``) is not aggregated over time: a gauge gives ``name`` and a counter ``name_count`` at that
time; counts with the same time are added up. A metric is forgotten after ``idle_flushes`` silent flushes. A gauge's value is
kept, because ``+n`` and ``-n`` change that value. A series that a metric of another type owns already (a counter's and a timer's
``name_count``) is left out and refused; a metric that would have no series is refused. Fast path: a line that differs from an
earlier line only in its value costs one look-up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dashboard.domain.errors import Invalid
from dashboard.domain.series import parse_series, series_key
from dashboard.ingest.batch import MAX_BAD_LINES, UNREAD
from dashboard.ingest.origins import NameTaken, Origins, taken_by
from dashboard.ingest.parsed import Parsed, Recall, finite
from dashboard.ingest.statsd import MAX_DATAGRAM_BYTES, Check, GaugeSigns, Metric, MetricType, parse_line, single_lines

#: Most values of one timer in one interval for its percentiles; of more, every second, fourth, … is kept.
MAX_KEPT = 4_096
MAX_MEMBERS = 10_000
MAX_REFUSED = 1_000
MAX_WAITING = 10_000
_LARGEST = 1e300
#: How a single number is applied to its cell.
_COUNTED, _TIMED, _CHANGED, _SET = range(4)
_WORDS = {"c": "counter", "g": "gauge", "s": "set", "ms": "timer", "h": "histogram", "d": "distribution"}
#: Work in one piece of a flush, in samples; sorting ``_SORTED_PER_SAMPLE`` values of a timer takes as long as one sample.
_PIECE_SAMPLES = 4_000
_SORTED_PER_SAMPLE = 25


class Cell:
    """State of one metric since the last flush. The type decides which fields are used."""

    __slots__ = (
        "barred",
        "base",
        "count",
        "high",
        "idle",
        "is_live",
        "key",
        "low",
        "members",
        "names",
        "origin",
        "stride",
        "total",
        "touched",
        "type",
        "values",
    )

    def __init__(self, key: str, type_: MetricType, origin: str) -> None:
        self.key, self.type, self.origin = key, type_, origin
        self.base = 0.0  # a gauge's value
        self.idle = 0
        self.is_live = False  # a value without an explicit time was received
        self.names = _names(key, type_)
        self.barred: frozenset[str] = frozenset()  # series that another metric owns
        self.members: set[str] = set()
        self.values: list[float] = []
        self.empty()

    def empty(self) -> None:
        """Begin a new interval."""
        self.touched = False
        self.total = self.count = 0.0
        self.low, self.high = _LARGEST, -_LARGEST
        self.stride = 1
        self.values.clear()
        self.members.clear()

    def time(self, value: float, weight: float) -> None:
        """Add one value of a timer with its weight: a sampled value stands for ``weight`` values."""
        self.count += weight
        self.total += value * weight
        if value < self.low:
            self.low = value
        if value > self.high:
            self.high = value
        if self.stride == 1 or int(self.count) % self.stride == 0:
            self.values.append(value)
            if len(self.values) >= MAX_KEPT:
                del self.values[::2]
                self.stride *= 2


class Aggregator:
    """Aggregator of datagrams. ``accepted`` and ``refused`` (by code) together count every line."""

    def __init__(self, *, max_metrics: int = 10_000, idle_flushes: int = 300, gauge_signs: GaugeSigns = "auto") -> None:
        self._max_metrics = max_metrics
        self._gauge_signs = gauge_signs
        self._idle_flushes = idle_flushes
        self._cells: dict[tuple[str, MetricType], Cell] = {}
        self._bases: dict[str, float] = {}  # values of forgotten gauges, which +n and -n change
        self._owners: dict[str, Cell] = {}  # by series
        #: By (name, everything behind the value): the cell, the weight, and how a single number is applied.
        self._known: Recall[tuple[bytes, bytes], tuple[Cell, float, int]] = Recall(2 * max_metrics)
        self._checks = Origins(max_metrics)  # by document
        self._waiting = Parsed()
        self._counted: dict[tuple[str, int], int] = {}  # rows of counts with an explicit time, by series and time
        self.accepted = 0
        self.refused: Counter[str] = Counter()

    def feed(self, data: bytes, latest_ms: int) -> int:
        """Process one datagram; a bad line is refused and the others are kept, up to ``MAX_BAD_LINES`` bad lines.

        Return the number of bad lines.
        """
        known, taken, bad = self._known, 0, 0
        lines = data[:MAX_DATAGRAM_BYTES].split(b"\n")
        for number, line in enumerate(lines):
            head, _, rest = line.partition(b":")
            stated, _, tail = rest.partition(b"|")
            found = known.get((head, tail))
            if found is not None:
                cell, weight, how = found
                try:
                    value = float(stated)
                except ValueError:
                    value = _LARGEST
                if -_LARGEST < value < _LARGEST and b"_" not in stated:
                    if how == _COUNTED:
                        cell.total += value * weight
                        cell.touched = True
                        taken += 1
                        continue
                    if how == _TIMED:
                        cell.time(value, weight)
                        cell.touched = True
                        taken += 1
                        continue
                    if how == _SET or stated[:1] not in b"+-":
                        cell.base = value
                        cell.touched = True
                        taken += 1
                        continue
            if line and line != b"\r":
                bad += self._slowly(number, line.rstrip(b"\r"), (head, tail), latest_ms)
                if bad >= MAX_BAD_LINES:
                    self._leave_unread(number + 1, lines)
                    break
        self.accepted += taken
        return bad

    def _leave_unread(self, number: int, lines: list[bytes]) -> None:
        """Refuse the lines from ``number`` on, without reading them."""
        unread = sum(1 for line in lines[number:] if line and line != b"\r")
        if unread:
            self.refused[UNREAD] += unread

    def flush(self, now_ms: int, seconds: float) -> Iterator[Parsed]:
        """Yield the samples, at ``now_ms``, of all metrics since the last flush ``seconds`` ago, in pieces of some 10 ms of work.

        Datagrams may be fed between two pieces. They count in this flush if their metric was not yielded yet, else in the next
        flush.
        """
        parsed, self._waiting, work = self._waiting, Parsed(), 0.0
        self._counted.clear()
        for name, cell in list(self._cells.items()):
            cell.idle = 0 if cell.touched else cell.idle + 1
            if cell.idle > self._idle_flushes:
                self._forget(name, cell)
            elif cell.touched or (cell.type == "c" and cell.is_live):
                work += len(cell.names) + len(cell.values) / _SORTED_PER_SAMPLE
                _emit(parsed, cell, now_ms, seconds)
            cell.empty()
            if work >= _PIECE_SAMPLES:
                yield parsed
                parsed, work = Parsed(), 0.0
        yield parsed

    def _forget(self, name: tuple[str, MetricType], cell: Cell) -> None:
        """Forget a metric that was silent for long, but keep a gauge's value."""
        del self._cells[name]
        for series in set(cell.names) - cell.barred:
            self._owners.pop(series, None)
        self._known.clear()
        if cell.type == "g":
            self._bases[name[0]] = cell.base
            if len(self._bases) > self._max_metrics:
                del self._bases[next(iter(self._bases))]

    def _slowly(self, number: int, line: bytes, seen: tuple[bytes, bytes], latest_ms: int) -> int:
        """Process one line by all rules; return the number of bad lines: 0 or 1, or more if the line is packed."""
        singles = single_lines(line)
        if len(singles) > 1:
            return self._feed_singles(singles, latest_ms)
        try:
            said = parse_line(line, latest_ms, self._gauge_signs)
            if isinstance(said, Metric):
                self._take(said, seen, line)
            elif len(self._waiting.events) >= MAX_WAITING:
                raise Invalid(f"more than {MAX_WAITING} events in one interval")
            elif isinstance(said, Check):
                self._checks.renew(latest_ms)
                self._checks.claim(f"{said.document} ", said.origin, self._waiting.batch.claims)
                self._waiting.events.append(said.event)
                self._waiting.write(said.document, said.body)
            else:
                self._waiting.events.append(said)
        except Invalid as invalid:
            self.refused[invalid.code] += 1
            if len(self._waiting.batch.refused) < MAX_REFUSED:
                self._waiting.refuse(number, invalid, line)
            return 1
        self.accepted += 1
        return 0

    def _feed_singles(self, singles: list[bytes], latest_ms: int) -> int:
        """Process the lines of a packed line, which together may be longer than a datagram; return the number of bad lines."""
        bad = 0
        for number, single in enumerate(singles):
            bad += self.feed(single, latest_ms)
            if bad >= MAX_BAD_LINES:
                self._leave_unread(number + 1, singles)
                break
        return bad

    def _take(self, metric: Metric, seen: tuple[bytes, bytes], line: bytes) -> None:
        if metric.t_ms is not None:
            self._add_timed(metric)
            return
        cell = self._cell(metric)
        cell.touched = cell.is_live = True
        weight = 1 / metric.rate
        for value in metric.values:
            if isinstance(value, str):
                if len(cell.members) < MAX_MEMBERS:
                    cell.members.add(value)
            elif metric.type == "c":
                cell.total += value * weight
            elif metric.type == "g":
                cell.base = cell.base + value if metric.signed else value
            else:
                cell.time(value, weight)
        if metric.type != "s" and len(line) <= 1_000:
            how = _COUNTED if metric.type == "c" else _TIMED
            if metric.type == "g":
                how = _CHANGED if metric.deltas else _SET
            self._known.learn(seen, (cell, weight, how))

    def _add_timed(self, metric: Metric) -> None:
        if len(self._waiting.batch.keys) + len(metric.values) > MAX_WAITING:
            raise Invalid(f"more than {MAX_WAITING} samples with an explicit time in one interval")
        if metric.type not in ("c", "g"):
            raise Invalid("only counters and gauges may have an explicit time", field="t")
        assert metric.t_ms is not None
        cell = self._cell(metric)
        series = cell.names[-1]
        if series in cell.barred:
            raise NameTaken(
                f"the series {series[:100]} belongs to another metric; rename one of the two", field="series"
            )
        for value in metric.values:
            assert not isinstance(value, str)
            values, row = self._waiting.batch.values, len(self._waiting.batch.keys)
            if metric.type == "c":
                row = self._counted.setdefault((series, metric.t_ms), row)
            if row < len(values):
                values[row] = finite(values[row] + value / metric.rate)
            else:
                self._waiting.add(series, metric.t_ms, value / metric.rate, kind="gauge")

    def _cell(self, metric: Metric) -> Cell:
        """Return the metric's cell; raises NameTaken if the cell belongs to another name, LimitOfMetrics if there are too many."""
        key, type_ = metric.key, metric.type
        cell = self._cells.get((key, type_))
        if cell is None and type_ in ("ms", "h"):
            cell = self._cells.get((key, "h" if type_ == "ms" else "ms"))  # Etsy's and Datadog's name of one type
        if cell is None:
            if len(self._cells) >= self._max_metrics:
                raise LimitOfMetrics(f"would be one more than {self._max_metrics} metrics", field="series")
            cell = Cell(key, type_, metric.origin)
            self._own(cell)
            self._cells[key, type_] = cell
            if type_ == "g":
                cell.base = self._bases.pop(key, 0.0)
        if cell.origin != metric.origin:
            raise taken_by(key, metric.origin, cell.origin)
        return cell

    def _own(self, cell: Cell) -> None:
        """Give the cell its series; leave out series of other metrics; raises NameTaken if no series is left."""
        taken = [series for series in cell.names if series in self._owners]
        for series in taken:
            owner = self._owners[series]
            why = NameTaken(
                f"the {_WORDS[owner.type]} {owner.key[:100]} has the series {series[:100]} already; rename the "
                f"{_WORDS[cell.type]}",
                field="series",
            )
            if len(taken) == len(cell.names):
                raise why
            self._waiting.refuse(0, why, f"{cell.key}:…|{cell.type}")
        cell.barred = frozenset(taken)
        self._owners.update({series: cell for series in cell.names if series not in cell.barred})


class LimitOfMetrics(Invalid):
    """Refusal of a metric beyond the limit on the number of metrics."""

    code = "series_limit"


def _names(key: str, type_: MetricType) -> tuple[str, ...]:
    """Return the canonical texts of a metric's series; raises Invalid when the longest name would be too long."""
    if type_ in ("g", "s"):
        return (key,)
    parts = ("count",) if type_ == "c" else ("count", "mean", "min", "max", "p50", "p90", "p99")
    name, labels = parse_series(key)
    made = tuple(series_key(f"{name}_{part}", labels).text for part in parts)
    return (key, *made) if type_ == "c" else made


def _emit(parsed: Parsed, cell: Cell, now_ms: int, seconds: float) -> None:
    """Add the samples of one metric. Sums that overflow a double are left out and refused."""
    units: tuple[str | None, ...] = (None,)
    values: tuple[float, ...]
    if cell.type == "c":
        values, units = (cell.total / seconds, cell.total), ("/s", None)
    elif cell.type == "g":
        values = (cell.base,)
    elif cell.type == "s":
        values = (len(cell.members),)
    else:
        unit = "ms" if cell.type == "ms" else None
        values, units = _timings(cell), (None, unit, unit, unit, unit, unit, unit)
    for name, value, unit in zip(cell.names, values, units, strict=True):
        if name in cell.barred:
            continue
        try:
            parsed.add(name, now_ms, value, unit=unit, every_s=seconds, kind="gauge")
        except Invalid as invalid:
            parsed.refuse(0, invalid, name)


def _timings(cell: Cell) -> tuple[float, ...]:
    ordered = sorted(cell.values) or [cell.high]
    last = len(ordered) - 1
    middle = [ordered[round(part * last)] for part in (0.5, 0.9, 0.99)]
    return (cell.count, cell.total / cell.count, cell.low, cell.high, *middle)
