"""Prometheus remote write 1.0: a snappy block that holds a protobuf ``WriteRequest``.

Source: prometheus.io/docs/specs/prw/remote_write_spec (1.0), prompb/remote.proto and types.proto.  Almost every series of a body
was in the previous body, with the same bytes for its labels.  So labels are looked up as bytes, and only samples are decoded.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress

from dashboard.domain.errors import Invalid
from dashboard.domain.series import CEILING, parse_series
from dashboard.ingest.batch import FULL_PART, MAX_REFUSALS, MAX_SAMPLES, Batch, check_time
from dashboard.ingest.claims import Claims
from dashboard.ingest.families import Families
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.native_histogram import STALE_BITS, take_histogram
from dashboard.ingest.origins import Origins, OwnedRecall, origin_of
from dashboard.ingest.packed import unpack_snappy_block
from dashboard.ingest.parsed import NotFinite, Parsed
from dashboard.ingest.protobuf import (
    BYTES,
    FIXED32,
    FIXED64,
    VARINT,
    NotRead,
    TooManyFields,
    double,
    read_few_fields,
    read_fields,
    read_varint,
    same_in_all,
    signed,
)
from dashboard.ingest.write_pieces import MAX_METADATA, Divided, divided, is_long

MAX_DECODED_BYTES = 32 * 1024 * 1024
#: A longer sample has more fields than the protocol's; by their number it is not limited otherwise.
_SAMPLE_BYTES = 32
_MAX_CACHED_BYTES = 4_096
#: The end of a series with one sample: field 2 of 16 bytes, which holds field 1, a double, and field 2, a time of 6 bytes.
_TAIL = struct.Struct("<3xdx6s")
_VALUE = struct.Struct("<3xd7x")
_TAIL_MARKS = ((0, b"\x12"), (1, b"\x10"), (2, b"\x09"), (11, b"\x10"))
_TAIL_BYTES = _TAIL.size
_TAIL_BEGINS = b"\x12\x10\x09"
#: The same for the value 0, which protobuf leaves out.
_ZERO_BEGINS, _ZERO_BYTES = b"\x12\x07\x10", 9
_ZERO_TAIL = _TAIL_BEGINS + bytes(8) + b"\x10"

#: Series by the bytes of their labels.
LabelCache = OwnedRecall[bytes, str]


def parse_remote_write(
    body: bytes,
    cache: LabelCache,
    latest_ms: int,
    *,
    families: Families | None = None,
    max_bytes: int = MAX_DECODED_BYTES,
) -> Parsed:
    """Parse a snappy block; a refusal's index is that of its series, from 0.

    Raises MissingExtra, Invalid when the body cannot be read, and TooLarge when it claims to be longer than ``max_bytes``.
    """
    return parse_write_request(unpack_snappy_block(body, max_bytes), cache, latest_ms, families)


def parse_write_request(data: bytes, cache: LabelCache, latest_ms: int, families: Families | None = None) -> Parsed:
    """Parse the protobuf message ``WriteRequest``, or the first part of a long one; raises Invalid when it is malformed."""
    families, not_read = families or Families(), NotRead.of_body(len(data))
    cache.renew(latest_ms)
    if is_long(data):
        body = divided(data)
        families.learn(body.metadata)
        parts = _parts(body, cache, latest_ms, not_read, families)
        parsed = next(parts)
        parsed.rest = parts
        return parsed
    parsed, metadata = _piece(data, cache, latest_ms, not_read)
    if metadata:
        families.learn(metadata)
    families.note(parsed)
    return parsed


def _parts(body: Divided, cache: LabelCache, latest_ms: int, not_read: NotRead, families: Families) -> Iterator[Parsed]:
    """Parse the pieces of a body; yield a part whenever one is full, and the last one.

    A fault that ends the parsing is raised before the first part is stored; later the rest of the series are refused.
    """
    (parsed, places), first, is_begun = _new_part(), 0, False
    try:
        for first, data in body.pieces:
            if parsed.batch.is_hopeless():
                parsed.batch.leave_unread(first, body.series - first)
                break
            found, _ = _piece(data, cache, latest_ms, not_read, parsed.batch.claims)
            families.note(found)
            parsed.join(found, first)
            places += range(first, first + len(found.batch.keys))
            if parsed.is_full(FULL_PART):
                is_begun = True
                yield parsed
                parsed, places = _new_part()
    except Invalid as invalid:
        if not is_begun:
            raise
        parsed.refuse(first, invalid)
        parsed.batch.unread += max(0, body.series - first - 1)
    yield parsed


def _new_part() -> tuple[Parsed, list[int]]:
    """Return a part, and the list of the series' indices in the body, one for each of the part's rows."""
    places: list[int] = []
    return Parsed(Batch(where=lambda: places)), places


def _piece(
    data: bytes, cache: LabelCache, latest_ms: int, not_read: NotRead, claims: Claims | None = None
) -> tuple[Parsed, list[bytes]]:
    """Parse a message of a few series; return its metadata too. The indices of its refusals are those of its series, from 0.

    ``claims``: of the pieces before.
    """
    parsed, metadata = Parsed(), list[bytes]()
    parsed.batch.claims = {} if claims is None else claims
    others = _quickly(data, parsed, cache, latest_ms, metadata)
    for place, (index, series) in enumerate(others):
        if parsed.batch.is_hopeless():
            parsed.batch.leave_unread(index, len(others) - place)
            break
        try:
            _take(series, parsed, cache, latest_ms, not_read)
        except TooManyFields:
            raise
        except Invalid as invalid:
            parsed.refuse(index, invalid, _described(series))
    if others and parsed.batch.refused:
        parsed.batch.refused.sort(key=lambda refusal: refusal.index)
    return parsed, metadata


def _quickly(
    data: bytes, parsed: Parsed, cache: LabelCache, latest_ms: int, metadata: list[bytes]
) -> list[tuple[int, bytes]]:
    """Add the series with known labels and one sample of the usual layout; return the other series with their indices."""
    keys, tails, others = list[str](), list[bytes](), list[tuple[int, bytes]]()
    known, at, end, skipped = cache.get, 0, len(data), 0
    while at < end:
        tag, length, begin = data[at], data[at + 1] if at + 1 < end else 0x80, at + 2
        if tag == 0x0A and length >= 0x80 and at + 2 < end and data[at + 2] < 0x80:
            length, begin = length & 0x7F | data[at + 2] << 7, at + 3
        elif tag != 0x0A or length >= 0x80:
            tag, begin = read_varint(data, at)
            length, begin = read_varint(data, begin) if tag & 7 == BYTES else (_width(data, begin, tag & 7), begin)
        at = begin + length
        if tag != 0x0A:
            skipped += 1
            if skipped > MAX_METADATA:
                raise Invalid(f"more than {MAX_METADATA} fields that are not series")
            if tag == 0x1A:
                metadata.append(data[begin:at])
            elif tag == 0x2A:
                raise Invalid("the body is a request of version 2, its Content-Type does not say so")
            continue
        key = known(data[begin : at - 18]) if length > 18 else None
        if key is not None:  # known bytes are whole labels, so a field begins behind them
            keys.append(key)
            tails.append(data[at - 18 : at])
        elif length > 9 and data[at - 9 : at - 6] == _ZERO_BEGINS and (key := known(data[begin : at - 9])) is not None:
            keys.append(key)
            tails.append(_ZERO_TAIL + data[at - 6 : at])
        else:
            others.append((len(keys) + len(others), data[begin:at]))
            if len(others) > MAX_SAMPLES:
                break
    if at > end:
        raise Invalid("a protobuf field is longer than its message: the body was cut off")
    if len(keys) + len(others) > MAX_SAMPLES:
        raise Invalid(f"more than {MAX_SAMPLES} series in one body; send fewer at a time")
    if keys:
        taken = {index for index, _ in others}
        left = _add_columns(parsed, keys, b"".join(tails), latest_ms, taken)
        if left:
            others = _with(others, left, data)
    return others


def _with(others: list[tuple[int, bytes]], left: Sequence[int], data: bytes) -> list[tuple[int, bytes]]:
    """Merge two lists of series for the slow path, in the order of the body: ``others``, and the series ``left`` of ``data``.

    ``left``: indices of series in ``data``, counted without those in ``others``.
    """
    series = [value for number, wire, value in read_fields(data) if (number, wire) == (1, BYTES)]
    taken = {index for index, _ in others}
    rest = [index for index in range(len(series)) if index not in taken]
    both = taken.union(rest[row] for row in left)
    return [(index, value) for index, value in enumerate(series) if index in both and isinstance(value, bytes)]


def _add_columns(parsed: Parsed, keys: list[str], tails: bytes, latest_ms: int, taken: set[int]) -> Sequence[int]:
    """Add the samples whose bytes have the usual layout and a valid time; return the rows of all other samples.

    ``tails``: encoded sample of each series, all of the same length. ``taken``: indices (in the body) of series not in ``keys``.
    """
    if any(tails[place::_TAIL_BYTES] != mark * len(keys) for place, mark in _TAIL_MARKS):
        return range(len(keys))
    values: Sequence[float]
    stamps: Sequence[bytes]
    if same_in_all(tails, _TAIL_BYTES, 12, 18):
        values, stamps = [value for (value,) in _VALUE.iter_unpack(tails)], [tails[12:18]] * len(keys)
    else:
        values, stamps = zip(*_TAIL.iter_unpack(tails), strict=True)
    moments: dict[bytes, int | None] = {}
    for stamp in set(stamps):
        try:
            t_ms, width = read_varint(stamp, 0)
            if width == len(stamp):
                moments[stamp] = check_time(t_ms, latest_ms)
        except Invalid:
            continue
    left: list[int] = []
    if len(moments) < len(set(stamps)) or not all(map(math.isfinite, values)):
        left = [row for row, stamp in enumerate(stamps) if stamp not in moments]
        odd = [row for row, v in enumerate(values) if not math.isfinite(v) and stamps[row] in moments]
        _add_not_finite(parsed, [(row, keys[row], moments[stamps[row]]) for row in odd], tails, len(keys), taken)
        kept = sorted(set(range(len(keys))).difference(left, odd))
        keys, values, stamps = ([column[row] for row in kept] for column in (keys, values, stamps))  # type: ignore[assignment]  # lists of the same items
    parsed.batch.keys += keys
    parsed.batch.times += map(moments.__getitem__, stamps)
    parsed.batch.values += values
    return left


def _add_not_finite(
    parsed: Parsed, rows: list[tuple[int, str, int | None]], tails: bytes, count: int, taken: set[int]
) -> None:
    """Record the end of each series whose value is a staleness marker; refuse all other values of ``rows``, which are not finite."""
    places = [index for index in range(count + len(taken)) if index not in taken]
    for row, key, t_ms in rows:
        begin = row * _TAIL_BYTES + len(_TAIL_BEGINS)
        if int.from_bytes(tails[begin : begin + 8], "little") == STALE_BITS:
            parsed.ended.append((key, t_ms))
        else:
            parsed.refuse(places[row], NotFinite(), key)


def _width(data: bytes, at: int, wire: int) -> int:
    """Return the length of an unknown field's value."""
    if wire == VARINT:
        return read_varint(data, at)[1] - at
    if wire == FIXED64:
        return 8
    if wire == FIXED32:
        return 4
    raise Invalid(f"protobuf wire type {wire} is not understood")


def _take(series: bytes, parsed: Parsed, cache: LabelCache, latest_ms: int, not_read: NotRead) -> None:
    """Add the valid samples of one ``TimeSeries``; then raise Invalid for the first invalid sample."""
    for width, begins in ((_TAIL_BYTES, _TAIL_BEGINS), (_ZERO_BYTES, _ZERO_BEGINS)):
        if series[-width:].startswith(begins) and (key := cache.again(series[:-width], parsed.batch.claims)):
            take_points(key, [series[2 - width :]], [], parsed, latest_ms, not_read)
            return
    labels, samples, histograms = list[bytes](), list[bytes](), list[bytes]()
    places = {1: labels, 2: samples, 4: histograms}
    for number, _, value in read_fields(series):
        known = places.get(number)
        if known is not None and isinstance(value, bytes):
            known.append(value)
        else:
            not_read.add()
        if len(samples) + len(histograms) > MAX_SAMPLES or len(labels) > CEILING.labels + 1:
            break  # what follows is refused anyway
    key = _key(labels, cache.origins, not_read, parsed.batch.claims)
    tail_bytes = len(samples[0]) + 2 if len(samples) == 1 and not histograms else 0
    _learn(series, tail_bytes, key, cache, parsed.batch.claims)
    take_points(key, samples, histograms, parsed, latest_ms, not_read)


def take_points(
    key: str, samples: list[bytes], histograms: list[bytes], parsed: Parsed, latest_ms: int, not_read: NotRead
) -> None:
    """Add the valid samples and native histograms of one series; then raise Invalid for the first invalid sample or histogram.

    Samples beyond ``MAX_SAMPLES`` of a body, and those after ``MAX_REFUSALS`` invalid ones, are not read. Raises TooManyFields.
    """
    failed: Invalid | None = None
    failures = 0
    for sample in samples:
        if failures >= MAX_REFUSALS:
            break
        if len(parsed.batch.keys) + len(parsed.ended) >= MAX_SAMPLES:
            failed = failed or Invalid(f"more than {MAX_SAMPLES} samples in one body; send fewer at a time")
            break
        try:
            bits, stated = _sample(sample, not_read)
            t_ms = check_time(stated, latest_ms, field="timestamp")
            if bits == STALE_BITS:
                parsed.ended.append((key, t_ms))
                continue
            parsed.add(key, t_ms, double(bits))
        except TooManyFields:
            raise
        except Invalid as invalid:
            failed = failed or invalid
            failures += 1
    for histogram in histograms:
        if failures >= MAX_REFUSALS:
            break
        if len(parsed.batch.keys) + len(parsed.ended) >= MAX_SAMPLES:
            failed = failed or Invalid(f"more than {MAX_SAMPLES} samples in one body; send fewer at a time")
            break
        try:
            take_histogram(histogram, parse_series(key), parsed, latest_ms, not_read)
        except TooManyFields:
            raise
        except Invalid as invalid:
            failed = failed or invalid
            failures += 1
    if failed is not None:
        try:
            raise failed
        finally:
            del failed  # it holds this frame, which would hold it


def _learn(series: bytes, tail_bytes: int, key: str, cache: LabelCache, claims: Claims) -> None:
    """Cache the labels by their bytes, if the series has only one short sample after the labels."""
    if 2 < tail_bytes <= _TAIL_BYTES and len(series) <= _MAX_CACHED_BYTES:
        head = series[:-tail_bytes]
        with suppress(Invalid):
            if all(number == 1 and wire == BYTES for number, wire, _ in read_fields(head)):
                cache.own(head, key, key, claims)


def _described(series: bytes) -> str:
    """Return a series' labels as readable text, for a refusal's snippet."""
    pairs = []
    try:
        for number, wire, value in read_fields(series):
            if number == 1 and wire == BYTES and isinstance(value, bytes):
                texts = [
                    text.decode("utf-8", "replace") for _, _, text in read_fields(value) if isinstance(text, bytes)
                ]
                pairs.append("=".join(texts))
                if len(pairs) > CEILING.labels:
                    break
    except Invalid:
        pass
    return ", ".join(pairs) or f"protobuf of {len(series)} bytes"


def _sample(data: bytes, not_read: NotRead) -> tuple[int, int]:
    """Return the bits of a sample's value, and its time in milliseconds."""
    bits = t_ms = 0
    for number, wire, value in read_fields(data) if len(data) <= _SAMPLE_BYTES else read_few_fields(data, 3, not_read):
        if number == 1 and wire == FIXED64 and isinstance(value, int):
            bits = value
        elif number == 2 and wire == VARINT and isinstance(value, int):
            t_ms = signed(value)
    return bits, t_ms


def _key(labels: list[bytes], origins: Origins, not_read: NotRead, claims: Claims) -> str:
    name, pairs = "", {}
    if len(labels) > CEILING.labels + 1:
        raise Invalid(f"{len(labels)} labels", field="labels")
    for label in labels:
        texts = {1: "", 2: ""}
        for number, wire, value in read_few_fields(label, 2, not_read):
            if number in texts and wire == BYTES and isinstance(value, bytes):
                try:
                    texts[number] = value.decode()
                except UnicodeDecodeError:
                    raise Invalid("is not UTF-8", field="labels") from None
        if texts[1] in pairs:
            raise Invalid(f"label {texts[1][:40]!a} appears twice", field="labels")
        pairs[texts[1]] = texts[2]
    name = pairs.pop("__name__", "")
    return origins.claim(foreign_key(name, pairs.items()), origin_of(name, pairs), claims)
