"""Values of expressions over a grid of steps, as columns.

A vector has a row for each series and a column for each step. ``there`` says which values exist. NaN cannot mark a
missing value, because NaN is a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from dashboard.query.promql.errors import FailedExpression

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
#: Sorted by label name; ``__name__`` is one of them.
Labels: TypeAlias = tuple[tuple[str, str], ...]

NAME = "__name__"
#: Added to the unit of a rate. So a rate of counts is ``/s`` within an evaluation.
PER_SECOND = "/s"


class Grid(Struct, frozen=True):
    """Steps at which an expression is evaluated, in milliseconds."""

    start_ms: int
    step_ms: int
    count: int

    @property
    def end_ms(self) -> int:
        """Time of the last step, in milliseconds."""
        return self.start_ms + (self.count - 1) * self.step_ms

    def times(self) -> Ints:
        """Return the steps' times, in milliseconds."""
        return self.start_ms + self.step_ms * np.arange(self.count, dtype=np.int64)


class Scalar(Struct, frozen=True):
    """A number for each step of the grid."""

    values: Floats


class String(Struct, frozen=True):
    """A string."""

    value: str


class Vector(Struct, frozen=True):
    """Rows of series. ``is_ordered``: True if the order of the rows is part of the result.

    ``inputs``: for each row, a bit for every input it was computed from; empty if inputs are not tracked.
    """

    labels: Sequence[Labels]
    values: Floats
    there: Bools
    inputs: Sequence[int] = ()
    unit: str = ""
    is_ordered: bool = False

    def but(self, values: Floats, there: Bools | None = None, *, unit: str | None = None) -> Vector:
        """Return a vector with the same rows and other values."""
        there = self.there if there is None else there
        return Vector(self.labels, values, there, self.inputs, self.unit if unit is None else unit)


class OfBuckets(NamedTuple):
    """Columns of buckets that each stand for one sample, the bucket's last one.

    ``resets``: the sum of the values before each fall.  ``first_times``: times of ``firsts``.  ``doubts``: whether ``resets`` is
    approximate.
    """

    counts: Ints
    sums: Floats
    mins: Floats
    maxs: Floats
    firsts: Floats
    resets: Floats
    first_times: Ints
    doubts: Bools


class Aggregates:
    """Samples behind each sample of columns: those of the bucket whose last sample it is, or only itself. See ``OfBuckets``.

    Each column is made when it is first used, because most functions need few of them.
    """

    def __init__(self, times: Ints, values: Floats, buckets: Sequence[tuple[int, OfBuckets]]) -> None:
        """``buckets``: the index of the first sample that stands for a bucket, with the buckets from there on."""
        self._times = times
        self._values = values
        self._buckets = buckets

    @cached_property
    def counts(self) -> Ints:
        """Number of samples."""
        column = np.ones(len(self._values), dtype=np.int64)
        for start, buckets in self._buckets:
            column[start : start + len(buckets.counts)] = buckets.counts
        return column

    @cached_property
    def first_times(self) -> Ints:
        """Time of the first sample."""
        column = self._times.copy()
        for start, buckets in self._buckets:
            column[start : start + len(buckets.first_times)] = buckets.first_times
        return column

    @cached_property
    def doubts(self) -> Bools:
        """Mark of each sample whose ``resets`` are approximate."""
        column = np.zeros(len(self._values), dtype=np.bool_)
        for start, buckets in self._buckets:
            column[start : start + len(buckets.doubts)] = buckets.doubts
        return column

    @cached_property
    def sums(self) -> Floats:
        """Sum of the values."""
        return self._floats(self._values.copy(), [buckets.sums for _, buckets in self._buckets])

    @cached_property
    def mins(self) -> Floats:
        """Least value."""
        return self._floats(self._values.copy(), [buckets.mins for _, buckets in self._buckets])

    @cached_property
    def maxs(self) -> Floats:
        """Greatest value."""
        return self._floats(self._values.copy(), [buckets.maxs for _, buckets in self._buckets])

    @cached_property
    def firsts(self) -> Floats:
        """First value."""
        return self._floats(self._values.copy(), [buckets.firsts for _, buckets in self._buckets])

    @cached_property
    def resets(self) -> Floats:
        """Sum of the values before each fall."""
        return self._floats(np.zeros(len(self._values)), [buckets.resets for _, buckets in self._buckets])

    def _floats(self, column: Floats, of_buckets: Sequence[Floats]) -> Floats:
        for (start, _), items in zip(self._buckets, of_buckets, strict=True):
            column[start : start + len(items)] = items
        return column


class Ranges(Struct, frozen=True):
    """Windows of samples, one for each series and step.

    The samples of all series are in ``times`` and ``samples``, one series after the other.  A window has the samples from index
    ``low`` up to, but without, ``high``.  Its times are after ``from_ms`` and up to ``until_ms``, which are the same for all series.
    ``aggregates``: None if every sample stands for itself only.  ``deltas``: the series whose samples are increases since the sample
    before; None if there are none.
    """

    labels: Sequence[Labels]
    times: Ints
    samples: Floats
    low: Ints
    high: Ints
    from_ms: Ints
    until_ms: Ints
    inputs: Sequence[int] = ()
    unit: str = ""
    aggregates: Aggregates | None = None
    deltas: Bools | None = None

    @property
    def counts(self) -> Ints:
        """Number of samples in each window."""
        return self.high - self.low

    @property
    def firsts(self) -> Floats:
        """The first of the samples that each sample stands for."""
        return self.samples if self.aggregates is None else self.aggregates.firsts

    @property
    def first_times(self) -> Ints:
        """Time of the first of the samples that each sample stands for."""
        return self.times if self.aggregates is None else self.aggregates.first_times

    def ordered_counts(self) -> Ints:
        """Return, for each window, how many samples have a known order; a bucket with only one known value counts as one sample."""
        if self.aggregates is None:
            return self.counts
        each = np.where(self.aggregates.first_times < self.times, self.aggregates.counts, 1)
        before = np.concatenate(([0], np.cumsum(each)))
        return np.asarray(before[self.high] - before[self.low])

    def has_any(self, marks: Bools) -> bool:
        """Return whether a window has a marked sample. ``marks``: whether each of the samples is marked."""
        if not marks.any():
            return False
        before = np.concatenate(([0], np.cumsum(marks)))
        return bool((before[self.high] > before[self.low]).any())

    def middles(self) -> Ranges:
        """Return the windows with each bucket's mean, at the middle of the times of its samples, instead of its last sample."""
        if self.aggregates is None:
            return self
        found = self.aggregates
        with np.errstate(over="ignore", invalid="ignore"):
            means = found.sums / found.counts
        samples = np.where(np.isfinite(means), means, self.samples)
        times = (self.times + found.first_times) // 2
        return structs.replace(self, samples=samples, times=times, aggregates=None)


Value: TypeAlias = Scalar | String | Vector | Ranges


def unit_shown(unit: str) -> str:
    """Return the unit of an answer: none for a rate of counts, and none for seconds per second, which is a ratio."""
    return "" if unit.startswith(PER_SECOND) or unit == f"s{PER_SECOND}" else unit


def empty(count: int) -> Vector:
    """Return a vector without rows, for ``count`` steps."""
    return Vector([], np.empty((0, count)), np.empty((0, count), dtype=np.bool_))


def without_name(labels: Labels) -> Labels:
    """Return the labels without the name."""
    if labels and labels[0][0] == NAME:  # as usual, because capital letters come before it only
        return labels[1:]
    return tuple(pair for pair in labels if pair[0] != NAME)


def with_label(labels: Labels, name: str, value: str) -> Labels:
    """Return the labels with the label ``name`` set to ``value``, or removed if ``value`` is empty."""
    rest = [pair for pair in labels if pair[0] != name]
    return tuple(sorted([*rest, (name, value)])) if value else tuple(rest)


def keep(labels: Labels, names: Iterable[str]) -> Labels:
    """Return only the named labels."""
    wanted = set(names)
    return tuple(pair for pair in labels if pair[0] in wanted)


def drop(labels: Labels, names: Iterable[str]) -> Labels:
    """Return the labels except the named labels."""
    unwanted = set(names)
    return tuple(pair for pair in labels if pair[0] not in unwanted)


def shown(labels: Labels) -> str:
    """Return labels as Prometheus prints them."""
    name = dict(labels).get(NAME, "")
    inside = ", ".join(f'{n}="{v}"' for n, v in labels if n != NAME)
    return f"{name}{{{inside}}}" if inside or not name else name


def unnamed(vector: Vector) -> Vector:
    """Return the vector without its rows' names; raise FailedExpression if that makes the labels of two rows equal."""
    return merged(
        Vector([without_name(row) for row in vector.labels], vector.values, vector.there, vector.inputs, vector.unit)
    )


def merged(vector: Vector) -> Vector:
    """Join rows with the same labels; raise FailedExpression if such rows have values at the same step."""
    first: dict[Labels, int] = {}
    for row, labels in enumerate(vector.labels):
        first.setdefault(labels, row)
    if len(first) == len(vector.labels):
        return vector
    values, there, inputs = vector.values.copy(), vector.there.copy(), list(vector.inputs)
    for row, labels in enumerate(vector.labels):
        into = first[labels]
        if into != row:
            if (there[into] & vector.there[row]).any():
                raise same_labels()
            values[into] = np.where(vector.there[row], vector.values[row], values[into])
            there[into] |= vector.there[row]
            if inputs:
                inputs[into] |= inputs[row]
    return taken(Vector(vector.labels, values, there, inputs, vector.unit), list(first.values()))


def same_labels() -> FailedExpression:
    """Return the error for two series that have the same labels."""
    return FailedExpression("vector cannot contain metrics with the same labelset")


def taken(vector: Vector, rows: Sequence[int] | Ints) -> Vector:
    """Return the rows with these indices, in the order of the indices."""
    places = np.asarray(rows, dtype=np.int64)
    inputs = [vector.inputs[row] for row in places] if vector.inputs else ()
    labels = [vector.labels[row] for row in places]
    return Vector(labels, vector.values[places], vector.there[places], inputs, vector.unit, vector.is_ordered)


def compact(vector: Vector) -> Vector:
    """Return the rows that have a value at some step."""
    alive = vector.there.any(axis=1)
    return vector if alive.all() else taken(vector, np.flatnonzero(alive))
