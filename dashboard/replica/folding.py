"""Buckets as checkpoints store them. Pure."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np
from msgspec import Struct

from dashboard.replica.chunks import Opened, PackedBuckets, joined, pack_order, unpack_chunks, unpack_order
from dashboard.replica.sample_order import Order, orders_joined, unknown_order

#: Trimming moves memory or unpacks a chunk: done when this many buckets are due.
TRIM_BATCH = 64
_NO_BYTES = memoryview(b"")


class Folded(Struct, array_like=True, frozen=True):
    """Buckets as a checkpoint stores them: compressed columns of all buckets but the last, and the last bucket uncompressed.

    ``columns``: slots, mins, maxs, sums, counts, one after the other; little-endian, 8 bytes for each value, compressed by zlib.
    ``checksum``: CRC-32 of ``columns``, so that damage is found at the start and not at the first read.  ``trimmed_from``: a trim
    removes buckets only if its slot is later than this; None if there are too few buckets to trim.

    ``order``: the order of the same buckets, see ``pack_order``; empty in checkpoints from before there was an order.
    """

    rows: int
    columns: memoryview
    checksum: int
    trimmed_from: int | None
    last: tuple[int, float, float, float, int] | None
    order: memoryview = _NO_BYTES
    order_checksum: int = 0
    last_order: tuple[float, float, float, int, int] | None = None


class Raw(NamedTuple):
    """Buckets captured for ``fold`` in a thread: the folded and packed buckets unchanged, and the columns of the open buckets."""

    folded: Folded | None
    chunks: tuple[PackedBuckets, ...]
    hidden: int
    columns: Opened
    order: Order


def is_damaged(folded: Folded) -> bool:
    """Return whether the columns are not those that were stored."""
    if folded.order and zlib.crc32(folded.order) != folded.order_checksum:
        return True
    return zlib.crc32(folded.columns) != folded.checksum or folded.rows < 0


def unfolded(folded: Folded) -> tuple[Opened, Order]:
    """Decompress folded buckets; the last bucket is not among them."""
    data, size = zlib.decompress(folded.columns), 8 * folded.rows
    slots, counts = (np.frombuffer(data, "<i8", folded.rows, size * n).astype(np.int64) for n in (0, 4))
    mins, maxs, sums = (np.frombuffer(data, "<f8", folded.rows, size * n).astype(np.float64) for n in (1, 2, 3))
    opened = Opened(slots, mins, maxs, sums, counts.astype(np.uint32))
    return opened, unpack_order(folded.order, opened) if folded.order else unknown_order(mins, maxs)


def last_of(folded: Folded, last: tuple[int, float, float, float, int]) -> tuple[Opened, Order]:
    """Return the last bucket, ``last``, as columns."""
    slot, least, greatest, total, count = last
    mins, maxs, sums = np.array([least]), np.array([greatest]), np.array([total])
    opened = Opened(np.array([slot]), mins, maxs, sums, np.array([count], np.uint32))
    if folded.last_order is None:
        return opened, unknown_order(mins, maxs)
    first, newest, resets, start, span = folded.last_order
    ends = np.array([first]), np.array([newest]), np.array([resets])
    return opened, Order(*ends, np.array([start]), np.array([span]))


def fold(raw: Raw) -> Folded:
    """Compress the columns of ``Buckets.raw`` for a checkpoint. This takes a millisecond or two, so call it in a thread."""
    parts = [unfolded(raw.folded)] if raw.folded is not None else []
    if raw.chunks:
        past, past_order = unpack_chunks(raw.chunks)
        parts.append((past.part(raw.hidden), past_order.part(raw.hidden)))
    parts.append((raw.columns, raw.order))
    opened, order = joined([part for part, _ in parts]), orders_joined([part for _, part in parts])
    slots, mins, maxs, sums, counts = opened
    if not len(slots):
        return Folded(0, _NO_BYTES, 0, None, None)
    values = [column[:-1].astype("<f8").tobytes() for column in (mins, maxs, sums)]
    columns = [slots[:-1].astype("<i8").tobytes(), *values, counts[:-1].astype("<i8").tobytes()]
    data, rows = zlib.compress(b"".join(columns), 1), len(slots) - 1
    packed = pack_order(order.part(0, -1), opened.part(0, -1)) if rows else b""
    trimmed_from = int(slots[TRIM_BATCH - 1]) if rows >= TRIM_BATCH else None
    ordered = memoryview(packed), zlib.crc32(packed), order.end()
    return Folded(rows, memoryview(data), zlib.crc32(data), trimmed_from, opened.end(), *ordered)
