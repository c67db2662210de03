"""Journal entries for series, and their columns of samples.

``keys`` is the canonical text of each sample's series, joined by newlines (which no key can hold).  So a replica that has
read the same list before finds its series with one look-up.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

T = TypeVar("T", int, float)

_encoder = msgspec.msgpack.Encoder()
_BIG_ENDIAN = sys.byteorder == "big"


class Samples(Struct, array_like=True, tag="s", frozen=True, gc=False):
    """Rows of (series, time, value) as columns, in the order given.

    ``times``: one time in ms for all rows, or little-endian int64; ``values``: little-endian float64.

    ``declared`` holds (row, unit, every_s) for rows whose feeder declared a unit or a cadence (None: not declared),
    ``kinds`` (row, kind) for rows whose feeder declared a kind.
    """

    keys: bytes
    times: int | bytes
    values: bytes
    declared: tuple[tuple[int, str | None, float | None], ...] = ()
    kinds: tuple[tuple[int, str], ...] = ()


class SeriesEnded(Struct, array_like=True, tag="e", frozen=True):
    """End of series, declared by their feeder; ``keys`` as in ``Samples``. A later sample starts the series again.

    ``times``: when each ended, in ms; empty: at the last sample before this entry.
    """

    keys: bytes
    times: tuple[int, ...] = ()


def encode_samples(
    keys: Sequence[str],
    times: Sequence[int] | int,
    values: Sequence[float],
    declared: Sequence[tuple[int, str | None, float | None]] = (),
    kinds: Sequence[tuple[int, str]] = (),
    joined: bytes | None = None,
) -> bytes:
    """Return the payload bytes of a batch of samples, with one row for each sample, in the order given.

    ``keys``, ``times``, ``values``, ``declared``, ``kinds``: see ``Samples``. ``joined``: the keys joined by newlines, if known.
    If all times are equal, the entry has only one: it is shorter then, and replicas apply it faster.
    """
    if not isinstance(times, int) and times and times.count(times[0]) == len(times):
        times = times[0]
    column = times if isinstance(times, int) else pack(array("q", times))
    texts = "\n".join(keys).encode() if joined is None else joined
    return _encoder.encode(Samples(texts, column, pack(array("d", values)), tuple(declared), tuple(kinds)))


def pack(column: array[int] | array[float]) -> bytes:
    """Return an array's items as little-endian bytes."""
    if _BIG_ENDIAN:
        column = column[:]
        column.byteswap()
    return column.tobytes()


def unpack_ints(data: bytes) -> array[int]:
    """Convert little-endian int64 bytes to an array."""
    return _unpack(array("q"), data)


def unpack_floats(data: bytes) -> array[float]:
    """Convert little-endian float64 bytes to an array."""
    return _unpack(array("d"), data)


def _unpack(column: array[T], data: bytes) -> array[T]:
    column.frombytes(data)
    if _BIG_ENDIAN:
        column.byteswap()
    return column
