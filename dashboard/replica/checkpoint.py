"""Checkpoint of a replica: its state as records, and back.

Series are captured one by one while entries continue to be applied.  The header is captured first, so a record may include
entries that came after the header.  Replay from the header's position therefore skips, for each series, the entries that its
record already includes (``SeriesTable.restored_seq``).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from dashboard.domain.document import Document
from dashboard.domain.errors import Invalid
from dashboard.domain.position import Position
from dashboard.domain.series import parse_series
from dashboard.entries.samples import pack, unpack_floats, unpack_ints
from dashboard.replica.coarse import ALL_STORED
from dashboard.replica.documents import StoredDocument
from dashboard.replica.folding import Folded, Raw, fold
from dashboard.replica.patience import Patience
from dashboard.replica.replica import Replica
from dashboard.replica.series import Series, Windows

HEADER = "header"


class _Header(Struct, array_like=True):
    windows: Windows
    now_ms: int
    swept_ms: int
    gone: list[tuple[int, int, str]]
    gone_floor: int
    floor_seq: int
    documents_floor: int
    samples: int
    patience: tuple[int, int, int] = (0, 0, 0)  # latest reading, leap held, reading after the leap


class _Series(Struct, array_like=True):
    sid: int
    text: str
    unit: str
    every_s: float | None
    every_s_declared: bool
    created_seq: int
    meta_seq: int
    last_seq: int
    last_ms: int
    disorder_seq: int
    trimmed_seq: int
    thinned_seq: int
    thinned_count: int
    folded: int
    folded_run: int
    slot_ms: int
    samples: memoryview  # of the record's bytes, without a copy
    fine: Folded
    coarse: Folded
    kind: str = ""
    ended_ms: int = 0
    ends: bytes = b""
    seam: int = ALL_STORED  # see ``CoarseBuckets``


class RawSeries(NamedTuple):
    """Captured series, for ``encode_series``: its attributes, and copies of its columns."""

    described: dict[str, Any]
    samples: list[bytes]
    fine: Raw
    coarse: Raw


class _Document(Struct, array_like=True):
    seq: int
    key: str
    body: bytes | None
    t_ms: int
    every_s: float | None
    passing: bool = False


def capture_header(replica: Replica) -> tuple[str, bytes]:
    """Return the header record, for the position at which the capture begins."""
    table = replica.table
    header = _Header(
        table.windows,
        replica.now_ms,
        table.swept_ms,
        list(table.gone),
        table.gone_floor,
        replica.floor_seq,
        replica.documents_floor,
        replica.samples,
        (table.patience.latest_ms, table.patience.held_ms, table.patience.leapt_ms),
    )
    return HEADER, msgspec.msgpack.encode(header)


def capture_series(series: Series) -> RawSeries:
    """Return a copy of the present state of a series; nothing is compressed yet."""
    series.settle()
    described = {
        "sid": series.sid,
        "text": series.text,
        "unit": series.unit,
        "every_s": series.every_s,
        "every_s_declared": series.every_s_declared,
        "created_seq": series.created_seq,
        "meta_seq": series.meta_seq,
        "last_seq": series.last_seq,
        "last_ms": series.last_ms,
        "disorder_seq": series.disorder_seq,
        "trimmed_seq": series.trimmed_seq,
        "thinned_seq": series.thinned_seq,
        "thinned_count": series.thinned_count,
        "folded": series.folded,
        "folded_run": series.folded_run,
        "slot_ms": series.slot_ms,
        "kind": series.kind,
        "ended_ms": series.ended_ms,
        "ends": pack(series.ends) if series.ends else b"",
        "seam": series.coarse.seam,
    }
    samples = [pack(series.seqs), pack(series.times), pack(series.values)]
    return RawSeries(described, samples, series.fine.raw(), series.coarse.raw())


def encode_series(raw: RawSeries) -> tuple[str, bytes]:
    """Return the record of a series. Compressing takes milliseconds: call it in a thread."""
    samples = zlib.compress(b"".join(raw.samples), 1)
    record = _Series(**raw.described, samples=memoryview(samples), fine=fold(raw.fine), coarse=fold(raw.coarse))
    return f"s:{record.text}", msgspec.msgpack.encode(record)


def capture_document(key: str, stored: StoredDocument) -> tuple[str, bytes]:
    """Return the record of a document or of its deletion."""
    document = stored.document or Document(key, b"", 0)
    body = document.body if stored.document else None
    return f"d:{key}", msgspec.msgpack.encode(_Document(stored.seq, key, body, *document[2:]))


def capture(replica: Replica) -> Iterator[tuple[str, bytes]]:
    """Yield all records, the header first."""
    yield capture_header(replica)
    for series in replica.table:
        yield encode_series(capture_series(series))
    for key, stored in replica.documents.items():
        yield capture_document(key, stored)


def restore(position: Position, records: dict[str, bytes], windows: Windows) -> Replica:
    """Return the replica that the records describe.

    Raises Invalid when the records cannot be read, or when their buckets have other lengths than ``windows``.
    """
    replica = Replica(windows, position)
    table = replica.table
    try:
        header = msgspec.msgpack.decode(records[HEADER], type=_Header)
        if (header.windows.fine_step_ms, header.windows.coarse_step_ms) != (
            windows.fine_step_ms,
            windows.coarse_step_ms,
        ):
            raise Invalid("the stored history has other bucket lengths than the settings")
        replica.now_ms, replica.floor_seq, replica.samples = header.now_ms, header.floor_seq, header.samples
        table.swept_ms = header.swept_ms
        table.patience = Patience(*header.patience)
        table.gone.extend(header.gone)
        table.gone_floor = header.gone_floor
        replica.documents_floor = header.documents_floor
        whole_from_ms = header.now_ms - header.windows.fine_ms
        loaded = [_load_series(blob, windows, whole_from_ms) for key, blob in records.items() if key.startswith("s:")]
        for series in loaded:
            table.restore(series)
        for blob in (blob for key, blob in records.items() if key.startswith("d:")):
            record = msgspec.msgpack.decode(blob, type=_Document)
            rest = record.t_ms, record.every_s, record.passing
            document = None if record.body is None else Document(record.key, record.body, *rest)
            replica.documents[record.key] = StoredDocument(record.seq, document)
    except (msgspec.MsgspecError, KeyError, ValueError, OverflowError) as error:
        raise Invalid(f"the checkpoint cannot be read: {error}") from None
    replica.document_version += 1
    return replica


def _load_series(blob: bytes, windows: Windows, whole_from_ms: int) -> Series:
    record = msgspec.msgpack.decode(blob, type=_Series)
    series = Series(record.sid, parse_series(record.text), windows, record.created_seq)
    series.unit, series.every_s, series.every_s_declared = record.unit, record.every_s, record.every_s_declared
    series.kind, series.ended_ms = record.kind, record.ended_ms
    series.ends = unpack_ints(record.ends) if record.ends else None
    series.meta_seq, series.last_seq, series.last_ms = record.meta_seq, record.last_seq, record.last_ms
    series.disorder_seq, series.trimmed_seq = record.disorder_seq, record.trimmed_seq
    series.thinned_seq, series.thinned_count = record.thinned_seq, record.thinned_count
    series.folded, series.folded_run, series.slot_ms = record.folded, record.folded_run, record.slot_ms
    try:
        data = zlib.decompress(record.samples)
    except zlib.error as error:
        raise ValueError(f"damaged columns: {error}") from None
    size = len(data) // 3
    if len(data) % 24 or not 0 <= record.folded <= size // 8:
        raise ValueError("columns of different length")
    series.load(unpack_ints(data[:size]), unpack_ints(data[size : 2 * size]), unpack_floats(data[2 * size :]))
    series.fine.restore(record.fine)
    series.coarse.restore(record.coarse, record.seam, whole_from_ms)
    return series
