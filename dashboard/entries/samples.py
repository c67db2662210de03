"""What a journal entry's payload says, and its bytes: MessagePack arrays that begin with a tag.

Samples travel in columns.  ``keys`` is the canonical text of each sample's series, joined by newlines (which no key can
hold), so a replica that has met the same list before finds its series with one look-up.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from dashboard.domain.errors import Invalid


class Samples(Struct, array_like=True, tag="s", frozen=True, gc=False):
    """Rows of (series, time, value). ``times``: one for all, or little-endian int64; ``values``: little-endian float64.

    ``declared`` holds (row, unit, every_s) for rows whose series' unit or cadence was said (None: not said), ``kinds``
    (row, kind) for those whose kind was.
    """

    keys: bytes
    times: int | bytes
    values: bytes
    declared: tuple[tuple[int, str | None, float | None], ...] = ()
    kinds: tuple[tuple[int, str], ...] = ()


class SeriesEnded(Struct, array_like=True, tag="e", frozen=True):
    """Their sender says that no more comes of these series; ``keys`` as in ``Samples``. A later sample is a new beginning.

    ``times``: when each ended, in ms; none: with the last that came before this entry.
    """

    keys: bytes
    times: tuple[int, ...] = ()


class ItemsListed(Struct, array_like=True, tag="l", frozen=True):
    """Items (id, JSON object) to put in front of the ``items`` of the document ``key``, the last first; each replaces the one of its id.

    The oldest leave when there are more than ``most``, or more than ``max_bytes`` in all; ``ok_leaves``: those whose state is ok first.
    """

    key: str
    items: tuple[tuple[str, bytes], ...]
    most: int
    max_bytes: int
    ok_leaves: bool = False


class DocumentWritten(Struct, array_like=True, tag="d", frozen=True):
    """The document ``key`` is now ``body`` (JSON text); ``passing`` as in ``Document``."""

    key: str
    body: bytes
    every_s: float | None = None
    passing: bool = False


class DocumentDeleted(Struct, array_like=True, tag="x", frozen=True):
    """The document ``key`` is gone."""

    key: str


Change = Samples | DocumentWritten | DocumentDeleted | SeriesEnded | ItemsListed

T = TypeVar("T", int, float)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Change)
_BIG_ENDIAN = sys.byteorder == "big"


def encode_change(change: Change) -> bytes:
    """The payload bytes of one change."""
    return _encoder.encode(change)


def decode_change(payload: bytes) -> Change:
    """The inverse; raises Invalid for bytes that are not a change (foreign or damaged entries)."""
    try:
        change: Change = _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"not an entry of this program: {error}") from None
    if isinstance(change, Samples):
        rows = change.keys.count(b"\n") + 1
        if len(change.values) != 8 * rows or (isinstance(change.times, bytes) and len(change.times) != 8 * rows):
            raise Invalid(f"columns of different length, {rows} keys")
        if isinstance(change.times, int) and not -(2**63) <= change.times < 2**63:
            raise Invalid("a time beyond int64")
        if any(not 0 <= row < rows for row in [d[0] for d in change.declared] + [k[0] for k in change.kinds]):
            raise Invalid("a declaration for a row that is not there")
    elif isinstance(change, DocumentWritten):
        _check_json(change.body)
    elif isinstance(change, ItemsListed):
        for _, item in change.items:
            _check_json(item)
    return change


def _check_json(body: bytes) -> None:
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"a document that is not JSON: {error}") from None


def encode_samples(
    keys: Sequence[str],
    times: Sequence[int] | int,
    values: Sequence[float],
    declared: Sequence[tuple[int, str | None, float | None]] = (),
    kinds: Sequence[tuple[int, str]] = (),
) -> bytes:
    """The payload bytes of a batch of samples, one row a sample, in the order given."""
    column = times if isinstance(times, int) else pack(array("q", times))
    texts = "\n".join(keys).encode()
    return _encoder.encode(Samples(texts, column, pack(array("d", values)), tuple(declared), tuple(kinds)))


def pack(column: array[int] | array[float]) -> bytes:
    """An array's items as little-endian bytes."""
    if _BIG_ENDIAN:
        column = column[:]
        column.byteswap()
    return column.tobytes()


def unpack_ints(data: bytes) -> array[int]:
    """Little-endian int64 -> array."""
    return _unpack(array("q"), data)


def unpack_floats(data: bytes) -> array[float]:
    """Little-endian float64 -> array."""
    return _unpack(array("d"), data)


def _unpack(column: array[T], data: bytes) -> array[T]:
    column.frombytes(data)
    if _BIG_ENDIAN:
        column.byteswap()
    return column
