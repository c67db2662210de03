"""Folding of many series at once: the finished time steps of series that get their samples in the same entries.

One series costs mostly the interpreter's steps; a thousand series cost hardly more numpy calls than one.  The buckets become the
same, to the bit, as if each series were folded alone.  What cannot be folded together is left to the caller, unchanged.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from operator import lt
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dashboard.replica.buckets import Buckets
from dashboard.replica.runs import Runs, are_plain, runs_of
from dashboard.replica.series import Series, Windows

_Floats: TypeAlias = NDArray[np.float64]
_Ints: TypeAlias = NDArray[np.int64]
#: Fewer series are folded faster one by one.
_TOGETHER_FROM = 64
#: The same is true of fewer samples of each series.
_SAMPLES_FROM = 4


class _Many(NamedTuple):
    """A bucket of each series, as columns: numbers as in ``Buckets.newest``. A column of one number counts for all series."""

    least: _Floats
    greatest: _Floats
    total: _Floats
    size: _Ints
    start: _Ints
    first: _Floats
    last: _Floats
    resets: _Floats
    span: _Ints


def fold_together(every: Sequence[Series], backs: list[int], windows: Windows) -> bool:
    """Fold the samples of finished steps if that can be done for all series together; return whether it was done.

    ``backs``: the places, counted from the end of each series' samples, where a new step begins.
    """
    if len(every) < _TOGETHER_FROM or every[0].run + 1 - backs[-1] < _SAMPLES_FROM:
        return False
    times, values = _alike(every)
    if values is None:
        return False
    steps = _steps(times, backs, windows.fine_step_ms, every[0].slot_ms)
    if steps is None or not are_plain(values[: steps[-1].stop] if steps else values):
        return False
    if steps:
        runs = [runs_of(times[step], values[step]) for step in steps]
        fine, coarse = zip(*(series.settled_buckets for series in every), strict=True)
        if any(each.seam * windows.coarse_step_ms > runs[0].first_ms for each in coarse):
            return False  # some samples are older than the fine buckets
        add = _merge(fine, runs)
        if add is None:
            return False
        add()
    folded = steps[-1].stop if steps else 0
    slot_ms = times[-backs[-1]] - times[-backs[-1]] % windows.fine_step_ms
    for series in every:
        series.folded += folded
        series.slot_ms = slot_ms
    return True


def _alike(every: Sequence[Series]) -> tuple[list[int], _Floats | None]:
    """Return the times of the samples that are not folded, and their values with a row for each time.

    The values are None if the times or the steps of the series differ.
    """
    times, _ = every[0].unfolded()
    slot_ms, stamps, folded = every[0].slot_ms, every[0].stamps, every[0].folded
    columns = []
    for series in every:
        if stamps is not None and series.stamps is stamps and series.folded == folded:
            values = series.unfolded_values
        else:
            its_times, values = series.unfolded()
            if its_times != times:
                return [], None
        if series.slot_ms != slot_ms:
            return [], None
        columns.append(values)
    table = np.frombuffer(b"".join(columns)).reshape(len(every), len(times))
    return times.tolist(), np.ascontiguousarray(table.T)


def _steps(times: list[int], backs: list[int], step_ms: int, slot_ms: int) -> list[slice] | None:
    """Return where the samples of each finished step are; None if a sample is not in its step, or not later than the one before."""
    if not all(map(lt, times, times[1:])):
        return None
    found, start = [], 0
    for back in backs:
        end = len(times) - back
        if end > start:
            if not slot_ms <= times[start] <= times[end - 1] < slot_ms + step_ms:
                return None
            found.append(slice(start, end))
        slot_ms = times[end] - times[end] % step_ms
        start = end
    return found


def _merge(every: Sequence[Buckets], runs: list[Runs]) -> Callable[[], None] | None:
    """Return a function that adds the runs to the buckets of all series; None if that cannot be done for all together."""
    step_ms = every[0].step_ms
    slots = [run.first_ms // step_ms for run in runs]
    newest_slots = [buckets.newest_slot for buckets in every]
    old: _Many | None = None
    if newest_slots.count(slots[0]) == len(every):
        old = _newest(every)
        start_ms = runs[0].first_ms - slots[0] * step_ms
        if not ((old.span >= 0) & (old.span < start_ms - old.start)).all():
            return None
    elif max(newest_slots) >= slots[0]:
        return None
    new: dict[int, _Many] = {}
    for run, slot in zip(runs, slots, strict=True):
        start_ms = run.first_ms - slot * step_ms
        if old is not None and slot == slots[0]:
            old = _longer(old, run, start_ms)
        else:
            new[slot] = _longer(new[slot], run, start_ms) if slot in new else _first(run, start_ms)
    return lambda: _add(every, old, new)


def _newest(every: Sequence[Buckets]) -> _Many:
    return _Many(*map(np.array, zip(*[buckets.newest() for buckets in every], strict=True)))


def _first(run: Runs, start_ms: int) -> _Many:
    size, start, span = (np.array([n], np.int64) for n in (run.size, start_ms, run.last_ms - run.first_ms))
    return _Many(run.least, run.greatest, run.total, size, start, run.first, run.last, run.resets, span)


def _longer(buckets: _Many, run: Runs, start_ms: int) -> _Many:
    """Return the buckets with a run that is later than their samples, computed as ``Buckets.merge`` does."""
    with np.errstate(over="ignore", invalid="ignore"):  # as Python's floats do
        total = buckets.total + run.total
        resets = buckets.resets + np.where(run.first < buckets.last, run.resets + buckets.last, run.resets)
    return _Many(
        np.where(run.least < buckets.least, run.least, buckets.least),
        np.where(run.greatest > buckets.greatest, run.greatest, buckets.greatest),
        total,
        buckets.size + run.size,
        buckets.start,
        buckets.first,
        run.last,
        resets,
        start_ms - buckets.start + run.last_ms - run.first_ms,
    )


def _add(every: Sequence[Buckets], old: _Many | None, new: dict[int, _Many]) -> None:
    """Replace the newest bucket of each series by ``old``, and append the ``new`` ones, by slot."""
    if old is not None:
        orders = np.stack((old.first, old.last, old.resets, old.span), axis=1).tolist()
        columns = zip(
            old.least.tolist(), old.greatest.tolist(), old.total.tolist(), old.size.tolist(), orders, strict=True
        )
        for buckets, numbers in zip(every, columns, strict=True):
            buckets.replace_newest(*numbers)
    if new:
        _append(every, new)


def _append(every: Sequence[Buckets], new: dict[int, _Many]) -> None:
    made, size = list(new.values()), len(new)
    slots, sizes = array("q", new), array("I", [int(b.size[0]) for b in made])
    starts, are_single = array("i", [int(b.start[0]) for b in made]), sizes.count(1) == size
    mins, maxs, sums = (_by_series(columns) for columns in zip(*(b[:3] for b in made), strict=True))
    spans = [b.span.repeat(len(every)).astype(np.float64) for b in made]
    parts = [(b.first, b.last, b.resets, span) for b, span in zip(made, spans, strict=True)]
    orders = _by_series([column for part in parts for column in part])
    for n, buckets in enumerate(every):
        at = slice(n * size, (n + 1) * size)
        order = orders[4 * n * size : 4 * (n + 1) * size]
        buckets.extend(slots, sizes, starts, mins[at], maxs[at], sums[at], order, are_single=are_single)


def _by_series(rows: Sequence[_Floats]) -> array[float]:
    """Return all numbers series by series. ``rows``: arrays with one number for each series."""
    whole = array("d")
    whole.frombytes(np.stack(rows, axis=1).tobytes())
    return whole
