"""Chunks: buckets of the past, packed losslessly into about a tenth of their size. Pure.

Most values have few decimals, so a column is stored as whole numbers of a decimal unit, and as the small differences between the
doubles and these numbers. If differences between consecutive numbers are smaller, they are stored instead. Bytes of equal
significance are put next to each other, and zlib compresses the result. A column that equals ``mins`` is not stored; all columns
of buckets with one sample are equal.
"""

from __future__ import annotations

import zlib
from array import array
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

_LEVEL = 4
#: Raw deflate: the chunk is never stored, so it needs no checksum.
_WBITS = -15
#: Numbers of decimals that are tried.
_DECIMALS = (0, 1, 2, 3, 4, 6)
#: Values of each column that are tested to choose the number of decimals.
_PROBED = 8
_NEARLY = 1e-14
#: Largest difference between a double and the nearest decimal number, in units of the double's last bit.
_MOST_UNITS = 127
_LARGEST = 2.0**53
_WIDTHS = (1, 2, 4, 8)
_Ints: TypeAlias = NDArray[np.int64]
_Floats: TypeAlias = NDArray[np.float64]
#: First byte of a block of doubles: plain doubles, decimal numbers, or differences of decimal numbers.
_PLAIN, _DECIMAL, _DIFFERENCES = range(3)


class Opened(NamedTuple):
    """Columns of buckets. ``maxs`` is the same object as ``mins`` if it is equal to ``mins``, and so is ``sums``."""

    slots: array[int]
    mins: array[float]
    maxs: array[float]
    sums: array[float]
    counts: array[int]

    def part(self, start: int, end: int | None = None) -> Opened:
        """Return copies of the columns' items from ``start`` to ``end``."""
        mins = self.mins[start:end]
        maxs, sums = (mins if column is self.mins else column[start:end] for column in (self.maxs, self.sums))
        return Opened(self.slots[start:end], mins, maxs, sums, self.counts[start:end])

    def delete(self, start: int, end: int) -> None:
        """Remove the items from ``start`` to before ``end``. The columns must be different objects."""
        del (
            self.slots[start:end],
            self.mins[start:end],
            self.maxs[start:end],
            self.sums[start:end],
            self.counts[start:end],
        )


class PackedBuckets(NamedTuple):
    """Packed buckets: their first and last slot, their number, and the packed columns."""

    first: int
    last: int
    rows: int
    data: bytes


def pack_chunk(columns: Opened) -> PackedBuckets:
    """Pack columns of equal length, at least one row, ordered by slot."""
    slots, mins, maxs, sums, counts = columns
    least, *others = (column.tobytes() for column in (mins, maxs, sums))
    same = bytes(other == least for other in others)  # compares bits, because 0.0 == -0.0
    block = np.frombuffer(b"".join([least, *(each for each in others if each != least)])).reshape(-1, len(mins))
    with np.errstate(over="ignore", invalid="ignore"):
        parts = [_ints_out(np.diff(_ints(slots))), _ints_out(np.array(counts, np.int64)), same, _doubles_out(block)]
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WBITS)
    data = packer.compress(b"".join(parts)) + packer.flush()
    return PackedBuckets(slots[0], slots[-1], len(slots), data)


def unpack_chunk(chunk: PackedBuckets) -> Opened:
    """Return the columns of a chunk."""
    reader = _ColumnReader(chunk)
    slots, counts = reader.slots(), reader.counts()
    are_same = reader.flags(2)
    mins, *others = reader.doubles(3 - sum(are_same))
    maxs, sums = (mins if is_same else others.pop(0) for is_same in are_same)
    return Opened(slots, mins, maxs, sums, counts)


def slots_of(chunk: PackedBuckets) -> array[int]:
    """Return the slots of a chunk."""
    return _ColumnReader(chunk).slots()


def _ints(column: array[int] | array[float]) -> _Ints:
    return np.frombuffer(column.tobytes(), np.int64)


def _ints_out(values: _Ints) -> bytes:
    """Encode numbers: 0 and one number if all are equal, else their width and their bytes, grouped by significance."""
    least, greatest = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if least == greatest:
        return b"\x00" + least.to_bytes(8, "little", signed=True)
    width = next(each for each in _WIDTHS if -(1 << 8 * each - 1) <= least and greatest < 1 << 8 * each - 1)
    return bytes((width,)) + _shuffled(values.astype(f"<i{width}").tobytes(), width)


def _doubles_out(block: _Floats) -> bytes:
    """Encode rows of doubles: all rows with the same number of decimals, or all as plain doubles."""
    probed: list[float] = block[:, :_PROBED].ravel().tolist()
    for decimals in _DECIMALS:
        if not all(abs(round(value, decimals) - value) <= _NEARLY * abs(value) for value in probed):
            continue
        if (found := _units(block, 10.0**decimals)) is not None:
            numbers, units = found
            steps, rest = np.diff(numbers), _ints_out(units.ravel())
            if steps.size and np.ptp(steps) < np.ptp(numbers):
                first = numbers[:, 0].astype("<i8").tobytes()
                return bytes((_DIFFERENCES, decimals)) + first + _ints_out(steps.ravel()) + rest
            return bytes((_DECIMAL, decimals)) + _ints_out(numbers.ravel()) + rest
    return bytes((_PLAIN,)) + _shuffled(block.astype("<f8").tobytes(), 8)


def _units(values: _Floats, unit: float) -> tuple[_Ints, _Ints] | None:
    """Return the values as whole numbers of ``1 / unit``, and the remaining differences in units of the last bit; None
    if a number or a difference is too big."""
    scaled = values * unit
    if not np.abs(scaled).max() < _LARGEST:  # also true if a sum is not finite
        return None
    numbers = np.rint(scaled).astype(np.int64)
    differences = values.view(np.int64) - (numbers / unit).view(np.int64)
    if differences.max() > _MOST_UNITS or differences.min() < -_MOST_UNITS:
        return None
    return numbers, differences


def _shuffled(data: bytes, width: int) -> bytes:
    return data if width == 1 else np.frombuffer(data, np.uint8).reshape(-1, width).T.tobytes()


class _ColumnReader:
    """Reader of a chunk's columns, in their order."""

    def __init__(self, chunk: PackedBuckets) -> None:
        self._data = zlib.decompress(chunk.data, _WBITS)
        self._first, self._rows = chunk.first, chunk.rows
        self._at = 0

    def _take(self, size: int) -> bytes:
        start, self._at = self._at, self._at + size
        return self._data[start : self._at]

    def flags(self, count: int) -> tuple[bool, ...]:
        """Read ``count`` flags of a byte each."""
        return tuple(map(bool, self._take(count)))

    def slots(self) -> array[int]:
        """Read the slots."""
        steps = self._ints(self._rows - 1)
        if isinstance(steps, int):
            return array("q", (self._first + steps * np.arange(self._rows)).tobytes())
        return array("q", [self._first]) + array("q", (self._first + steps.cumsum()).tobytes())

    def counts(self) -> array[int]:
        """Read the counts."""
        counts = self._ints(self._rows)
        if isinstance(counts, int):
            return array("I", (counts,)) * self._rows
        return array("I", counts.astype(np.uintc).tobytes())

    def _summed(self, first: _Ints) -> _Ints:
        """Read the differences of rows that begin with the numbers ``first``; return the rows."""
        numbers = np.empty((len(first), self._rows), np.int64)
        numbers[:, 0] = first
        numbers[:, 1:] = self._rows_of(self._ints(len(first) * (self._rows - 1)), len(first))
        return numbers.cumsum(axis=1, out=numbers)

    def _rows_of(self, numbers: _Ints | int, count: int) -> _Ints | int:
        return numbers if isinstance(numbers, int) else numbers.reshape(count, -1)

    def _ints(self, count: int) -> _Ints | int:
        """Read ``count`` numbers; if all are equal, return that number."""
        width = self._take(1)[0]
        if not width:
            return int.from_bytes(self._take(8), "little", signed=True)
        return np.frombuffer(self._unshuffled(width, count), f"<i{width}").astype(np.int64)

    def doubles(self, count: int) -> list[array[float]]:
        """Read ``count`` rows of doubles."""
        mark = self._take(1)[0]
        if mark == _PLAIN:
            block = np.frombuffer(self._unshuffled(8, count * self._rows), "<f8").astype(np.float64)
            return [array("d", row.tobytes()) for row in block.reshape(count, -1)]
        unit = 10.0 ** self._take(1)[0]
        if mark == _DIFFERENCES:
            numbers = self._summed(np.frombuffer(self._take(8 * count), "<i8"))
        else:
            numbers = np.empty((count, self._rows), np.int64)
            numbers[:] = self._rows_of(self._ints(count * self._rows), count)
        bits = (numbers / unit).view(np.int64)
        units = self._rows_of(self._ints(count * self._rows), count)
        if not isinstance(units, int) or units:
            bits += units
        return [array("d", row.tobytes()) for row in bits]

    def _unshuffled(self, width: int, count: int) -> bytes:
        data = self._take(width * count)
        return data if width == 1 else np.frombuffer(data, np.uint8).reshape(width, -1).T.tobytes()
