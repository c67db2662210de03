"""Interface between expressions and a store of series: the samples that an expression needs, and the samples as columns. Pure."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

import numpy as np
from msgspec import Struct

from dashboard.domain.selector import Selector
from dashboard.query.promql.values import Aggregates, Bools, Floats, Ints, Labels, OfBuckets


class Need(Struct, frozen=True):
    """Samples that a selector needs: from after ``from_ms`` up to ``until_ms``.

    ``is_instant``: True if only the newest sample before each step is needed.
    """

    place: int
    selector: Selector
    from_ms: int
    until_ms: int
    is_instant: bool


class Column(Struct):
    """Samples of one series, ordered by time.

    ``ends_ms``: times at which the series ended (stale markers); ``lookback_ms``: 0 for the default lookback; ``is_delta``: whether
    each sample is the increase since the sample before.
    """

    labels: Labels
    times: Ints
    values: Floats
    ends_ms: Ints | None = None
    lookback_ms: int = 0
    number: int = 0
    unit: str = ""
    is_delta: bool = False


class SampleColumns:
    """Samples of the series of one selector, as flat columns.

    Series ``i`` has the samples from index ``starts[i]`` to before ``starts[i + 1]``. ``aggregates``: None if there are no buckets;
    ``deltas``: for each series, its ``is_delta``; None if there is no such series.
    """

    __slots__ = ("aggregates", "deltas", "ends", "labels", "lookbacks", "numbers", "starts", "times", "unit", "values")

    def __init__(self, columns: Iterable[Column] = ()) -> None:
        gathered = Gathered()
        for column in columns:
            gathered.add(
                column.labels,
                array("q", column.times.tobytes()),
                array("d", column.values.tobytes()),
                column.ends_ms,
                column.lookback_ms,
                column.number,
                column.unit,
                is_delta=column.is_delta,
            )
        self._take(gathered)

    @classmethod
    def of(cls, gathered: Gathered) -> SampleColumns:
        """Return gathered samples as columns; nothing may be added to ``gathered`` afterwards."""
        made = cls.__new__(cls)
        made._take(gathered)
        return made

    def _take(self, gathered: Gathered) -> None:
        self.labels = gathered.labels
        self.ends = gathered.ends
        self.lookbacks = gathered.lookbacks
        self.numbers = gathered.numbers
        self.unit = gathered.units.copy().pop() if len(gathered.units) == 1 else ""
        self.starts: Ints = np.array(gathered.starts, dtype=np.int64)
        self.times: Ints = np.frombuffer(b"".join(gathered.times), dtype=np.int64)
        self.values: Floats = np.frombuffer(b"".join(gathered.values), dtype=np.float64)
        self.aggregates = gathered.aggregates(self.times, self.values)
        self.deltas: Bools | None = np.array(gathered.deltas, dtype=np.bool_) if any(gathered.deltas) else None

    def __len__(self) -> int:
        return len(self.labels)


class Gathered:
    """Samples of series that are being read, one series after the other. ``times`` and ``values`` have a part for each series."""

    __slots__ = (
        "_buckets",
        "count",
        "deltas",
        "ends",
        "labels",
        "lookbacks",
        "numbers",
        "starts",
        "times",
        "units",
        "values",
    )

    def __init__(self) -> None:
        self.labels: list[Labels] = []
        self.ends: list[Ints | None] = []
        self.lookbacks: list[int] = []
        self.numbers: list[int] = []
        self.starts = [0]
        self.units: set[str] = set()
        self.deltas: list[bool] = []
        self.times: list[array[int]] = []
        self.values: list[array[float]] = []
        self.count = 0  # of samples
        self._buckets: list[tuple[int, OfBuckets]] = []

    def add(
        self,
        labels: Labels,
        times: array[int],
        values: array[float],
        ends_ms: Ints | None,
        lookback_ms: int,
        number: int,
        unit: str,
        buckets: OfBuckets | None = None,
        *,
        is_delta: bool = False,
    ) -> None:
        """Add a series with its samples, ordered by time, which the caller must not change any more.

        ``buckets``: the buckets that its first samples stand for. See ``Column``.
        """
        if buckets is not None:
            self._buckets.append((self.count, buckets))
        self.labels.append(labels)
        self.times.append(times)
        self.values.append(values)
        self.count += len(times)
        self.starts.append(self.count)
        self.ends.append(ends_ms)
        self.lookbacks.append(lookback_ms)
        self.numbers.append(number)
        self.units.add(unit)
        self.deltas.append(is_delta)

    def aggregates(self, times: Ints, values: Floats) -> Aggregates | None:
        """Return what each sample stands for, a bucket or itself; None if there are no buckets."""
        return Aggregates(times, values, self._buckets) if self._buckets else None


#: The samples of each selector, by its place.
Data = dict[int, SampleColumns]
