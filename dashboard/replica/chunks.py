"""Chunks: buckets of the past, packed losslessly into about a tenth of their size. Pure.

Most values have few decimals, so a column is stored as whole numbers of a decimal unit, and as the small differences
between the doubles and these numbers. If the differences between consecutive numbers are smaller, these differences are
stored instead of the numbers. Bytes of equal significance are put next to each other, and zlib compresses the result. A
column that equals ``mins`` is not stored; all columns of buckets with one sample are equal.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dashboard.replica.sample_order import Order, orders_joined

_LEVEL = 4
#: Raw deflate with a window of 1 KiB: the chunk is never stored, so it needs no checksum. A larger window would compress chunks little
#: better, and each packing would touch 268 KB of fresh memory.
_WBITS, _MEMORY = -10, 3
_WBITS_OF_READERS = -15
#: Numbers of decimals that are tried.
_DECIMALS = (0, 1, 2, 3, 4, 6)
#: Values of each column that are tested to choose the number of decimals.
_PROBED = 4
_NEARLY = 1e-14
#: Largest difference between a double and the nearest decimal number, in units of the double's last bit. It is large for sums near zero.
_MOST_UNITS = (1 << 31) - 1
_LARGEST = 2.0**53
#: Encoded numbers that are all zero.
_ZEROS = bytes(9)
_Ints: TypeAlias = NDArray[np.int64]
_Floats: TypeAlias = NDArray[np.float64]
_Counts: TypeAlias = NDArray[np.uint32]
#: Kinds of stored numbers.
_OF_WIDTH = {width: np.dtype(f"<i{width}") for width in (1, 2, 4, 8)}
_DOUBLE = np.dtype("<f8")
#: First byte of a block of doubles: plain doubles, decimal numbers, or differences of decimal numbers.
_PLAIN, _DECIMAL, _DIFFERENCES = range(3)


class Opened(NamedTuple):
    """Columns of buckets for reading. ``maxs`` and ``sums`` are each the same object as ``mins`` if they are equal to ``mins``."""

    slots: _Ints
    mins: _Floats
    maxs: _Floats
    sums: _Floats
    counts: _Counts

    def part(self, start: int, end: int | None = None) -> Opened:
        """Return the columns' items from ``start`` to ``end``."""
        mins = self.mins[start:end]
        maxs, sums = (mins if column is self.mins else column[start:end] for column in (self.maxs, self.sums))
        return Opened(self.slots[start:end], mins, maxs, sums, self.counts[start:end])

    def end(self) -> tuple[int, float, float, float, int]:
        """Return the last bucket."""
        return (
            int(self.slots[-1]),
            float(self.mins[-1]),
            float(self.maxs[-1]),
            float(self.sums[-1]),
            int(self.counts[-1]),
        )


class PackedBuckets(NamedTuple):
    """Packed buckets: first and last slot, number, packed columns, and the order of samples, packed by itself: few callers read it."""

    first: int
    last: int
    rows: int
    data: bytes
    order: bytes


def pack_chunk(columns: Opened, order: Order) -> PackedBuckets:
    """Pack columns of equal length, at least one row, ordered by slot."""
    slots, mins, maxs, sums, counts = columns
    block, same = mins.reshape(1, -1), b"\x01\x01"
    if maxs is not mins or sums is not mins:
        least, *others = (column.tobytes() for column in (mins, maxs, sums))
        same = bytes(other == least for other in others)  # compares bits, because 0.0 == -0.0
        block = np.frombuffer(b"".join([least, *(each for each in others if each != least)])).reshape(-1, len(mins))
    parts = [_ints_out(slots[1:] - slots[:-1]), _ints_out(counts.astype(np.int64)), same, _doubles_out(block)]
    packed_order = pack_order(order, columns)
    return PackedBuckets(int(slots[0]), int(slots[-1]), len(slots), _deflated(parts), packed_order)


def _deflated(parts: list[bytes]) -> bytes:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WBITS, _MEMORY)
    return packer.compress(b"".join(parts)) + packer.flush()


def pack_order(order: Order, columns: Opened) -> bytes:
    """Pack the order of buckets, which checkpoints store as well.

    First and last values are not stored if they are the least and greatest values, as in a counter.
    """
    firsts, lasts = order.firsts.tobytes(), order.lasts.tobytes()
    is_like_counter = firsts == columns.mins.tobytes() and lasts == columns.maxs.tobytes()
    has_resets = bool(order.resets.view(np.int64).any())  # also true for -0.0
    parts = [bytes((is_like_counter, has_resets)), _ints_out(order.starts), _ints_out(order.spans)]
    if not is_like_counter:  # one after the other, as in time: differences are smallest then
        ends = np.empty((1, 2 * len(order.firsts)))
        ends[0, ::2], ends[0, 1::2] = order.firsts, order.lasts
        parts.append(_doubles_out(ends))
    if has_resets:
        parts.append(_doubles_out(order.resets.reshape(1, -1)))
    return _deflated(parts)


def unpack_order(data: bytes | memoryview, columns: Opened) -> Order:
    """Return the packed order of buckets. ``columns``: their other columns."""
    reader = _ColumnReader(data, 0, len(columns.mins))
    is_like_counter, has_resets = reader.flags(2)
    starts, spans = reader.ints(), reader.ints()
    firsts, lasts = (columns.mins, columns.maxs) if is_like_counter else reader.doubles(1, 2)[0].reshape(-1, 2).T
    resets = reader.doubles(1)[0] if has_resets else np.zeros(len(columns.mins))
    return Order(firsts, lasts, resets, starts, spans)


def unpack_chunk(chunk: PackedBuckets) -> Opened:
    """Return the columns of a chunk."""
    reader = _ColumnReader(chunk.data, chunk.first, chunk.rows)
    slots, counts = reader.slots(), reader.counts()
    are_same = reader.flags(2)
    mins, *others = reader.doubles(3 - sum(are_same))
    maxs, sums = (mins if is_same else others.pop(0) for is_same in are_same)
    return Opened(slots, mins, maxs, sums, counts)


def unpack_chunks(chunks: Sequence[PackedBuckets]) -> tuple[Opened, Order]:
    """Return the columns of consecutive chunks, appended to each other, and the order of their buckets."""
    parts = [unpack_chunk(chunk) for chunk in chunks]
    return joined(parts), orders_joined(
        [unpack_order(chunk.order, part) for chunk, part in zip(chunks, parts, strict=True)]
    )


def slots_of(chunk: PackedBuckets) -> _Ints:
    """Return the slots of a chunk."""
    return _ColumnReader(chunk.data, chunk.first, chunk.rows).slots()


def slot_at(index: int, chunks: Sequence[PackedBuckets], hidden: int, open_slots: array[int]) -> int | None:
    """Return the slot of the bucket at ``index``, counted from the oldest; None if there are fewer buckets.

    ``hidden``: number of buckets of the first chunk that do not count; ``open_slots``: the slots after the chunks.
    """
    index += hidden
    for chunk in chunks:
        if index < chunk.rows:
            return int(slots_of(chunk)[index])
        index -= chunk.rows
    return open_slots[index] if index < len(open_slots) else None


def joined(parts: Sequence[Opened]) -> Opened:
    """Append columns to each other; ``maxs`` and ``sums`` of the result are the same object as ``mins`` if that is true of all parts."""
    if len(parts) == 1:
        return parts[0]
    mins = np.concatenate([part.mins for part in parts])
    maxs, sums = (
        mins if all(part[n] is part.mins for part in parts) else np.concatenate([part[n] for part in parts])
        for n in (2, 3)
    )
    counts = np.concatenate([part.counts for part in parts])
    return Opened(np.concatenate([part.slots for part in parts]), mins, maxs, sums, counts)


def _bounds(values: _Ints) -> tuple[int, int]:
    return (int(values.min()), int(values.max())) if values.size else (0, 0)


def _ints_out(values: _Ints, bounds: tuple[int, int] | None = None) -> bytes:
    """Encode numbers: if all are equal, as 0 and one number, else as their width and their bytes, grouped by significance.

    ``bounds``: the least and the greatest number, if known.
    """
    least, greatest = bounds or _bounds(values)
    if least == greatest:
        return b"\x00" + least.to_bytes(8, "little", signed=True)
    most = max(greatest, ~least)
    width = 1 if most < 1 << 7 else 2 if most < 1 << 15 else 4 if most < 1 << 31 else 8
    return bytes((width,)) + _shuffled(values.astype(f"<i{width}").tobytes(), width)


def _doubles_out(block: _Floats) -> bytes:
    """Encode rows of doubles: all rows with the same number of decimals, or all as plain doubles."""
    probed: list[float] = block[:, :_PROBED].ravel().tolist()
    for decimals in _DECIMALS:
        if not all(abs(round(value, decimals) - value) <= _NEARLY * abs(value) for value in probed):
            continue
        if (found := _units(block, 10.0**decimals)) is not None:
            numbers, rest = found
            steps = numbers[:, 1:] - numbers[:, :-1]
            of_steps, of_numbers = _bounds(steps), _bounds(numbers)
            if steps.size and of_steps[1] - of_steps[0] < of_numbers[1] - of_numbers[0]:
                first = numbers[:, 0].astype("<i8").tobytes()
                return bytes((_DIFFERENCES, decimals)) + first + _ints_out(steps.ravel(), of_steps) + rest
            return bytes((_DECIMAL, decimals)) + _ints_out(numbers.ravel(), of_numbers) + rest
    return bytes((_PLAIN,)) + _shuffled(block.astype("<f8").tobytes(), 8)


def _units(values: _Floats, unit: float) -> tuple[_Ints, bytes] | None:
    """Return the values as whole numbers of ``1 / unit``, and the remaining differences in units of the last bit.

    Return None if a number or a difference is too big.
    """
    if not np.abs(values).max() < _LARGEST / unit:  # also true if a sum is not finite
        return None
    numbers = np.rint(values * unit).astype(np.int64)
    decimal = numbers / unit
    if decimal.tobytes() == values.tobytes():
        return numbers, _ZEROS
    differences = values.view(np.int64) - decimal.view(np.int64)
    bounds = _bounds(differences)
    if bounds[1] > _MOST_UNITS or bounds[0] < -_MOST_UNITS:
        return None
    return numbers, _ints_out(differences.ravel(), bounds)


def _shuffled(data: bytes, width: int) -> bytes:
    return data if width == 1 else np.frombuffer(data, np.uint8).reshape(-1, width).T.tobytes()


class _ColumnReader:
    """Reader of a chunk's columns, in their order."""

    def __init__(self, data: bytes | memoryview, first: int, rows: int) -> None:
        self._data = zlib.decompress(data, _WBITS_OF_READERS)
        self._first, self._rows = first, rows
        self._at = 0

    def flags(self, count: int) -> tuple[bool, ...]:
        """Read ``count`` flags of a byte each."""
        start, self._at = self._at, self._at + count
        return tuple(map(bool, self._data[start : self._at]))

    def slots(self) -> _Ints:
        """Read the slots of the chunk's buckets."""
        steps = self._ints(self._rows - 1)
        if isinstance(steps, int):  # 0 for a single bucket
            return np.arange(self._first, self._first + max(steps, 1) * self._rows, max(steps, 1))
        slots = np.empty(self._rows, np.int64)
        slots[0], slots[1:] = self._first, steps
        return slots.cumsum(out=slots)

    def counts(self) -> _Counts:
        """Read the number of samples of each of the chunk's buckets."""
        numbers = self._ints(self._rows)
        return np.full(self._rows, numbers, np.uint32) if isinstance(numbers, int) else numbers.astype(np.uint32)

    def ints(self) -> _Ints:
        """Read a number of each of the chunk's buckets."""
        numbers = self._ints(self._rows)
        return np.full(self._rows, numbers) if isinstance(numbers, int) else numbers.astype(np.int64)

    def _summed(self, first: _Ints, length: int) -> _Ints:
        """Read the differences between consecutive numbers of each row, and return the rows, each of ``length``.

        ``first``: the first number of each row.
        """
        numbers = np.empty((len(first), length), np.int64)
        numbers[:, 0] = first
        numbers[:, 1:] = self._rows_of(self._ints(len(first) * (length - 1)), len(first))
        return numbers.cumsum(axis=1, out=numbers)

    def _rows_of(self, numbers: _Ints | int, count: int) -> _Ints | int:
        return numbers if isinstance(numbers, int) else numbers.reshape(count, -1)

    def _ints(self, count: int) -> _Ints | int:
        """Read ``count`` numbers, which keep the width in which they are stored; if all are equal, return that number."""
        start, width = self._at + 1, self._data[self._at]
        if not width:
            self._at = start + 8
            return int.from_bytes(self._data[start : self._at], "little", signed=True)
        self._at = start
        return np.frombuffer(self._grouped(width, count), _OF_WIDTH[width])

    def doubles(self, count: int, per_bucket: int = 1) -> list[_Floats]:
        """Read ``count`` rows of doubles, with ``per_bucket`` for each bucket."""
        mark, length = self._data[self._at], self._rows * per_bucket
        self._at += 1
        if mark == _PLAIN:
            return list(np.frombuffer(self._grouped(8, count * length), _DOUBLE).astype(np.float64).reshape(count, -1))
        unit = 10.0 ** self._data[self._at]
        self._at += 1
        if mark == _DIFFERENCES:
            first = np.frombuffer(self._data, _OF_WIDTH[8], count, self._at)
            self._at += 8 * count
            numbers = self._summed(first, length)
        else:
            numbers = np.empty((count, length), np.int64)
            numbers[:] = self._rows_of(self._ints(count * length), count)
        values = numbers / unit
        units = self._rows_of(self._ints(count * length), count)
        if not isinstance(units, int) or units:
            bits = values.view(np.int64)
            bits += units
        return list(values)

    def _grouped(self, width: int, count: int) -> bytes:
        """Return the bytes of ``count`` numbers, which are stored grouped by significance."""
        start, self._at = self._at, self._at + width * count
        planes = self._data[start : self._at]
        return planes if width == 1 else np.frombuffer(planes, np.uint8).reshape(width, count).T.tobytes()
