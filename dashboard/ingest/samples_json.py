"""This server's own format: a JSON array of samples, one object, or NDJSON lines; or one bare number for a named series.

``{"series":"orders","labels":{"shop":"a"},"value":3.1,"t":ms?,"unit"?,"every_s"?}``.  A batch without faults is decoded
in one go.  Any other batch is parsed sample by sample: the good samples are kept, and each bad sample is named.  If a value is an
array, its numbers become samples of series whose names end in their index.
"""

from __future__ import annotations

import json
import math
import re

import msgspec
from msgspec import Raw, Struct

from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import Invalid
from dashboard.domain.series import parse_series, series_key
from dashboard.domain.strict_json import BYTE_ORDER_MARK, check_json
from dashboard.ingest.batch import (
    MAX_SAMPLES,
    MIN_T_MS,
    Batch,
    KeyCache,
    KnownRows,
    Refusal,
    check_declared,
    check_time,
    check_value,
    while_hopeful,
)
from dashboard.ingest.json_values import leaves
from dashboard.ingest.naming import shown

#: The Raw of a missing field.
_ABSENT = Raw(b"")
_SPACE = b" \t\r\n"


class SentSample(Struct, gc=False):
    """Sample as in the body. ``labels`` are decoded only if they are new; a null value gives no sample."""

    series: str
    value: int | float | None
    labels: Raw = _ABSENT
    t: int | float | None = None
    unit: str | None = None
    every_s: int | float | None = None


class _Arrays(Struct):
    """Sample with an array of values; ``series`` is missing if the sample was posted to its series' own address."""

    value: list[object]
    series: str | None = None
    labels: Raw = _ABSENT
    t: int | float | None = None
    unit: str | None = None
    every_s: int | float | None = None


class _NamedSample(Struct, gc=False):
    """A sample posted to its series' own address."""

    value: int | float | None
    labels: Raw = _ABSENT
    t: int | float | None = None
    unit: str | None = None
    every_s: int | float | None = None


_one = msgspec.json.Decoder(SentSample)
_many = msgspec.json.Decoder(list[SentSample])
_raw_many = msgspec.json.Decoder(list[Raw])
_named = msgspec.json.Decoder(_NamedSample)
_arrays = msgspec.json.Decoder(_Arrays)
_number = msgspec.json.Decoder(int | float)
#: Finds the ends of JSON values, with invalid numbers and texts allowed.
_loose = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)
#: A number that need not be JSON.
_DECIMAL = re.compile(rb"[+-]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,5})?")
_BLANKS = re.compile(r"[ \t\r\n]*")
_FIELDS = frozenset(SentSample.__struct_fields__)


def parse_samples(body: bytes, cache: KeyCache, latest_ms: int) -> Batch:
    """Parse an array, an object or NDJSON; raises Invalid when the body as a whole cannot be read.

    ``latest_ms``: the latest time that a sample may have.
    """
    body = body.removeprefix(BYTE_ORDER_MARK)
    start = body.lstrip(_SPACE)[:1]
    if not start:
        raise Invalid('the body is empty; send [{"series":"orders","value":3}]')
    if start not in b"[{":
        if b"\n{" in body:  # NDJSON with a bad first line
            return _parse_each(_lines(body), cache, latest_ms)
        raise Invalid("send a JSON array or object, or a bare number to /api/v1/samples/NAME")
    try:
        samples = _many.decode(body) if start == b"[" else _one.decode_lines(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _parse_each(_split(body, start), cache, latest_ms)
    return _columns(samples, body, cache, latest_ms) or _parse_each(_split(body, start), cache, latest_ms)


def read_number(text: bytes) -> int | float:
    """Read a bare number, also forms that JSON lacks: ``.5``, ``+3`` and ``07``. Raises Invalid."""
    try:
        decoded: int | float = _number.decode(text)
        return decoded
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        if _DECIMAL.fullmatch(text):
            number = float(text)
            if math.isfinite(number):
                return number if set(b".eE") & set(text) else int(text)
    raise Invalid(f"{text[:40].decode('utf-8', 'replace')!a} is not a number", field="value")


def parse_named(name: str, body: bytes, cache: KeyCache, latest_ms: int) -> Batch:
    """Parse a bare number, or a sample object without ``series``, for the series ``name``. Raises Invalid."""
    text = body.removeprefix(BYTE_ORDER_MARK).strip(_SPACE)
    if not text:
        raise Invalid("is missing; send a number as the body, or ?value=3.1", field="value")
    try:
        array = _arrays_in(text if text.startswith(b"{") else b'{"value":' + text + b"}") if b"[" in text else None
        if array is not None and array.series is None:
            return _all_of(_numbered(name, array), cache, latest_ms)
        if text.startswith(b"{"):
            given = _named.decode(text)
            check_json(text)
        else:
            given = _NamedSample(read_number(text))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _invalid(error, text) from None
    sample = SentSample(name, given.value, given.labels, given.t, given.unit, given.every_s)
    return _all_of([sample], cache, latest_ms)


def _all_of(samples: list[SentSample], cache: KeyCache, latest_ms: int) -> Batch:
    """Return a batch of samples that were one item of the body. Raises Invalid."""
    batch: Batch = Batch(where=lambda: [0] * len(batch.keys))
    for sample in samples:
        _add(batch, sample, cache, latest_ms)
    return batch


def _arrays_in(text: bytes) -> _Arrays | None:
    """Read a sample whose value is an array; return None if it is no such sample. Raises Invalid for what ``check_json`` refuses."""
    try:
        found = _arrays.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    check_json(text)
    return found


def _numbered(name: str, given: _Arrays) -> list[SentSample]:
    """Return the numbers of an array as samples of numbered series; null is no value. Raises Invalid for any other value."""
    samples = []
    key = parse_series(name) if "{" in name else None
    for leaf in leaves("", given.value):
        if isinstance(leaf.value, bool) or not isinstance(leaf.value, int | float):
            raise Invalid(f"must be numbers; number{leaf.name.replace('_', ' ')} is none", field="value")
        series = f"{name}{leaf.name}" if key is None else series_key(key.name + leaf.name, dict(key.labels)).text
        samples.append(SentSample(series, leaf.value, given.labels, given.t, given.unit, given.every_s))
    return samples


def _columns(samples: list[SentSample], body: bytes, cache: KeyCache, latest_ms: int) -> Batch | None:
    """Build the batch by columns, the fast path, if it has no fault and all series are known; else return None."""
    if not samples or len(samples) > MAX_SAMPLES:
        return None
    rows = cache.find([s.series for s in samples], [s.labels for s in samples])
    if rows is None:
        return None
    try:
        values = [float(s.value) for s in samples]  # type: ignore[arg-type]  # None: TypeError
    except (OverflowError, TypeError):
        return None
    units, cadences, times = [s.unit for s in samples], [s.every_s for s in samples], [s.t for s in samples]
    unsaid = units.count(None) + cadences.count(None), times.count(None)
    if not _is_plain(body, rows, 3 * len(samples) - sum(unsaid)):
        return None
    if unsaid[1] < len(times):
        stated = [t for t in times if t is not None] if unsaid[1] else times
        if min(stated) < MIN_T_MS or max(stated) > latest_ms:  # type: ignore[operator, type-var]  # no None left
            return None
        if float in set(map(type, times)):
            times = [None if t is None else int(t) for t in times]
    declared = []
    if unsaid[0] < 2 * len(samples):
        declared = [
            (row, unit, every_s)
            for row, (unit, every_s) in enumerate(zip(units, cadences, strict=True))
            if unit is not None or every_s is not None
        ]
    try:
        for _, unit, every_s in declared:
            check_declared(unit, every_s)
    except Invalid:
        return None
    return Batch(rows.keys, times, values, declared, joined=rows.joined)  # type: ignore[arg-type]  # times are whole by now


def _is_plain(body: bytes, rows: KnownRows, optional: int) -> bool:
    """Return whether the body has exactly the decoded keys: no key twice, no unknown key, and thus no nested object.

    ``optional``: number of decoded times, units and cadences.  The function compares the number of colons with the number of keys
    and of colons in names and label values.  A body with colons elsewhere only misses the fast path.
    """
    if body.count(b":") != 2 * len(rows.keys) + rows.labelled + rows.colons + optional:
        return False
    # A colon may be escaped, as \u003a. A single byte is found fifty times as fast as several.
    return b"\\" not in body or b"\\u003" not in body


def _parse_each(parts: list[bytes], cache: KeyCache, latest_ms: int) -> Batch:
    """Parse sample by sample: keep each good sample and refuse each bad sample. Raises Invalid for too many samples."""
    if len(parts) > MAX_SAMPLES:
        raise Invalid(f"{len(parts)} samples in one body; at most {MAX_SAMPLES}")
    places: list[int] = []
    batch = Batch(where=lambda: places)
    for index, part in while_hopeful(parts, batch):
        try:
            if len(batch.keys) >= MAX_SAMPLES:  # arrays have many
                raise Invalid(f"more than {MAX_SAMPLES} numbers in one body; send fewer at a time")
            for sample in _samples_in(part):
                _add(batch, sample, cache, latest_ms)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            invalid = _invalid(error, part)
            batch.refused.append(Refusal(index, invalid.field, invalid.reason, snippet=shown(part)))
        except Invalid as invalid:
            batch.refused.append(Refusal(index, invalid.field, invalid.reason, snippet=shown(part)))
        places += [index] * (len(batch.keys) - len(places))
    return batch


def _samples_in(part: bytes) -> list[SentSample]:
    """Return the sample of a JSON text, or several if its value is an array. Raises Invalid, and the errors of the decoder."""
    try:
        sample = _one.decode(part)
    except msgspec.MsgspecError:
        array = _arrays_in(part)
        if array is None or array.series is None:
            raise
        return _numbered(array.series, array)
    check_json(part)
    return [sample]


def _add(batch: Batch, sample: SentSample, cache: KeyCache, latest_ms: int) -> None:
    labels = bytes(sample.labels)
    key = cache.known.get((sample.series, labels)) or cache.learn(sample.series, labels)
    if sample.value is None:
        return
    value = check_value(sample.value)
    t_ms = check_time(sample.t, latest_ms)
    check_declared(sample.unit, sample.every_s)
    if sample.unit is not None or sample.every_s is not None:
        batch.declared.append((len(batch.keys), sample.unit, sample.every_s))
    batch.keys.append(key)
    batch.times.append(t_ms)
    batch.values.append(value)


def _split(body: bytes, start: bytes) -> list[bytes]:
    """Split the body into the JSON texts of its samples; raises Invalid when an array cannot be split. ``start``: the first byte."""
    if start == b"[":
        try:
            return [bytes(raw) for raw in _raw_many.decode(body)]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            parts = _split_loosely(body)
            if parts is None:
                raise _invalid(error, body) from None
            return parts
    try:  # one object, possibly over several lines
        _one.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _lines(body) if body.count(b"\n{") or _arrays_in(body) is None else [body]
    return [body]


def _lines(body: bytes) -> list[bytes]:
    return [line for line in body.splitlines() if line.strip(_SPACE)]


def _split_loosely(body: bytes) -> list[bytes] | None:
    """Split an array with samples that are not valid JSON (NaN, broken UTF-8); return None if that is impossible."""
    parts = []
    try:
        text = body.decode()
        at = _blank(text, text.index("[") + 1)
        while True:
            end = _loose.raw_decode(text, at)[1]
            parts.append(text[at:end].encode())
            if len(parts) > MAX_SAMPLES:
                return parts  # too many already
            at = _blank(text, end)
            if text[at] == "]":
                return parts if _blank(text, at + 1) == len(text) else None
            if text[at] != ",":
                return None
            at = _blank(text, at + 1)
    except (ValueError, IndexError, RecursionError):
        return None


def _blank(text: str, at: int) -> int:
    """Return the offset of the first non-blank character from ``at`` on."""
    found = _BLANKS.match(text, at)
    assert found is not None  # the pattern also matches the empty text
    return found.end()


def _invalid(error: Exception, text: bytes) -> Invalid:
    """Convert an error of msgspec to an Invalid with field and reason."""
    if isinstance(error, UnicodeDecodeError):
        return Invalid("the body is not UTF-8")
    field, reason = fault_of(error)
    if "NaN" in reason or "invalid character" in reason:
        reason += "; NaN and Infinity are not JSON numbers" if b"NaN" in text or b"Infinity" in text else ""
    return Invalid(reason, field=field if field in _FIELDS else "")
