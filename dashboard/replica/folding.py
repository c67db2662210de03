"""Buckets as checkpoints store them. Pure."""

from __future__ import annotations

import zlib
from typing import NamedTuple

from msgspec import Struct

from dashboard.entries.samples import unpack_floats, unpack_ints
from dashboard.replica.chunks import Opened, PackedBuckets, unpack_chunks

#: Trimming moves memory or unpacks a chunk: done when this many buckets are due.
TRIM_BATCH = 64


class Folded(Struct, array_like=True, frozen=True):
    """Buckets as a checkpoint stores them: compressed columns of all buckets but the last, and the last bucket uncompressed.

    ``columns``: slots, mins, maxs, sums, counts, one after the other; little-endian, 8 bytes for each value, compressed by zlib.
    ``checksum``: CRC-32 of ``columns``, so that damage is found at the start and not at the first read.  ``trimmed_from``: a trim
    removes buckets only if its slot is later than this; None if there are too few buckets to trim.
    """

    rows: int
    columns: memoryview
    checksum: int
    trimmed_from: int | None
    last: tuple[int, float, float, float, int] | None


class Raw(NamedTuple):
    """Buckets captured for ``fold`` in a thread: the folded and packed buckets unchanged, and the columns of the open buckets as bytes."""

    folded: Folded | None
    chunks: tuple[PackedBuckets, ...]
    hidden: int
    columns: list[bytes]


def unfolded(folded: Folded) -> list[bytes]:
    """Decompress the columns of folded buckets; the last bucket is not among them."""
    data, size = zlib.decompress(folded.columns), 8 * folded.rows
    return [data[start : start + size] for start in range(0, 5 * size, size)]


def as_bytes(columns: Opened) -> list[bytes]:
    """Return the columns as ``Folded`` has them, uncompressed and one by one."""
    slots, mins, maxs, sums, counts = columns
    values = [column.astype("<f8").tobytes() for column in (mins, maxs, sums)]
    return [slots.astype("<i8").tobytes(), *values, counts.astype("<i8").tobytes()]


def fold(raw: Raw) -> Folded:
    """Compress the columns of ``Buckets.raw`` for a checkpoint. This takes a millisecond or two, so call it in a thread."""
    parts = [unfolded(raw.folded)] if raw.folded is not None else []
    if raw.chunks:
        parts.append(as_bytes(unpack_chunks(raw.chunks).part(raw.hidden)))
    columns = [b"".join(column) for column in zip(*parts, raw.columns, strict=True)]
    rows = len(columns[0]) // 8
    if not rows:
        return Folded(0, memoryview(b""), 0, None, None)
    ends = [column[-8:] for column in columns]
    slot, count = unpack_ints(ends[0])[0], unpack_ints(ends[4])[0]
    least, greatest, total = (unpack_floats(end)[0] for end in ends[1:4])
    data = zlib.compress(b"".join(column[:-8] for column in columns), 1)
    trimmed_from = unpack_ints(columns[0][: 8 * TRIM_BATCH])[-1] if rows > TRIM_BATCH else None
    last = (slot, least, greatest, total, count)
    return Folded(rows - 1, memoryview(data), zlib.crc32(data), trimmed_from, last)
