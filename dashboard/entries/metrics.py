"""Payloads of the ``metrics`` partitions (changes of series or of documents) and their bytes."""

from __future__ import annotations

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.entries.documents import DocumentDeleted, DocumentWritten, ItemsListed
from dashboard.entries.samples import Samples, SeriesEnded

Change = Samples | DocumentWritten | DocumentDeleted | SeriesEnded | ItemsListed

#: Every payload by its tag. Tags are stored: none is changed or used again.
CHANGES: dict[str, type[Change]] = {
    "s": Samples,
    "e": SeriesEnded,
    "d": DocumentWritten,
    "x": DocumentDeleted,
    "l": ItemsListed,
}

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Change)


def encode_change(change: Change) -> bytes:
    """Return the payload bytes of a change."""
    return _encoder.encode(change)


def decode_change(payload: bytes) -> Change:
    """Decode a payload to a change. Raises Invalid for damaged bytes and for bytes of another program."""
    try:
        change: Change = _decoder.decode(payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"is not an entry of this program: {error}") from None
    if isinstance(change, Samples):
        rows = change.keys.count(b"\n") + 1
        if len(change.values) != 8 * rows or (isinstance(change.times, bytes) and len(change.times) != 8 * rows):
            raise Invalid(f"has columns whose length does not fit its {rows} keys")
        if isinstance(change.times, int) and not -(2**63) <= change.times < 2**63:
            raise Invalid(f"has the time {change.times}, which int64 cannot hold")
        if any(not 0 <= row < rows for row in [d[0] for d in change.declared] + [k[0] for k in change.kinds]):
            raise Invalid(f"declares a row beyond its {rows} rows")
    elif isinstance(change, DocumentWritten):
        _check_json(change.body)
    elif isinstance(change, ItemsListed):
        for _, item in change.items:
            if item:  # else it leaves the list
                _check_json(item)
    return change


def _check_json(body: bytes) -> None:
    try:
        msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"has a document that is not JSON: {error}") from None
