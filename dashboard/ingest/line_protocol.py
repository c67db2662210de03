"""Influx line protocol: ``measurement[,tag=v…] field=v[,field=v…] [time]``, as Telegraf, InfluxDB clients and Grafana Live send.

Source: the InfluxDB line protocol reference. ``line-protocol-parser`` (C) parses single lines; ``line_protocol_parts.py`` parses
the lines that the C parser refuses. A number or boolean field becomes a sample of the series ``measurement_field{tags}``; a
string field becomes the document ``measurement_field/tag:value`` with ``{"text": …}``. A body without faults is parsed on a fast
path, except for its lines with string fields. Any other body is parsed line by line, so that the good fields are kept. 64-bit
integers become the nearest double.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain

from line_protocol_parser import LineFormatError, parse_line

from dashboard.domain.errors import Invalid
from dashboard.domain.strict_json import BYTE_ORDER_MARK
from dashboard.ingest.batch import MAX_SAMPLES, MIN_T_MS, Batch, check_time
from dashboard.ingest.claims import Claim, Claims
from dashboard.ingest.line_protocol_parts import Value, take_apart
from dashboard.ingest.naming import MAX_FOREIGN_LABELS, foreign_document, foreign_key, measurement_name, with_labels
from dashboard.ingest.origins import Origins, OwnedRecall
from dashboard.ingest.parsed import Parsed, Recall, check_count, finite

#: Longer lines are refused: matching one holds the interpreter for a millisecond in 64 KiB.
MAX_LINE_CHARACTERS = 262_144
#: The C parser's time grows with the square of the tags in a line; lines with more commas are parsed by ``line_protocol_parts.py``.
_MAX_COMMAS = 500
_MAX_QUICK_CHARACTERS = 8_192
MAX_LINES_OF_A_TEXT = 1_000
#: Unit of times: factor and divisor to get milliseconds, and the unit's name.
Scale = tuple[int, int, str]
_NANO, _MICRO, _MILLI = (1, 1_000_000, "nanoseconds"), (1, 1_000, "microseconds"), (1, 1, "milliseconds")
_PRECISIONS: dict[str, Scale] = {
    "": _NANO, "n": _NANO, "ns": _NANO, "u": _MICRO, "us": _MICRO, "µ": _MICRO, "ms": _MILLI,
    "s": (1_000, 1, "seconds"), "m": (60_000, 1, "minutes"), "h": (3_600_000, 1, "hours"),
    "auto": (0, 0, "auto"), "nanosecond": _NANO, "microsecond": _MICRO, "millisecond": _MILLI, "second": (1_000, 1, "seconds"),
}  # fmt: skip
_BY_SIZE = ((5_000_000_000, 1_000, 1), (5_000_000_000_000, 1, 1), (5_000_000_000_000_000, 1, 1_000))
_ESCAPED = re.compile(r"\\.", re.DOTALL)
#: Lines that are longer, or whose series are longer, are not cached; nor are more series of one measurement and tags.
_MAX_CACHED_CHARACTERS = 4_096
_MAX_CACHED_SERIES_CHARACTERS = 8_192


#: Names of the fields when the line first came, their series, and the number of tags; then all series by field name, because
#: Telegraf writes the fields of a line in another order each time.
Row = tuple[list[str], list[str], int, dict[str, str]]
_NO_ROW: Row = ([], [], 0, {})


class LineCache(OwnedRecall[str, Row]):
    """Cache of lines' fields and their series, by the text of measurement and tags.

    ``labels`` are added to the tags of each line. ``topic``: the lines' source, for a caller with several sources. ``is_silent``:
    returns whether a source has stopped sending. ``fields``: by the same text, the claims to series that the sender does not own yet.
    """

    def __init__(
        self,
        max_items: int = 20_000,
        *,
        origins: Origins | None = None,
        labels: Mapping[str, str] | None = None,
        topic: str = "",
        is_silent: Callable[[str], bool] = lambda _: False,
    ) -> None:
        super().__init__(max_items, origins=origins)
        self.fields: Recall[str, Mapping[str, Claim]] = Recall(max_items)
        self.labels = labels or {}
        self.topic = topic
        self.is_silent = is_silent


def parse_line_protocol(body: bytes, cache: LineCache, latest_ms: int, *, precision: str = "ns") -> Parsed:
    """Parse lines; a refusal's index is that of its line, from 0. Raises Invalid for an unknown precision or too many lines.

    ``precision``: n, ns, u, us, µ, ms, s, m or h, or InfluxDB 3's auto (by the size of the time) and nanosecond to second;
    ``latest_ms``: the latest time that a sample may have.
    """
    if precision not in _PRECISIONS:
        raise Invalid(f"{precision[:20]!a} is not one of n, ns, u, us, ms, s, m, h", field="precision")
    if body.count(b"\n") > MAX_SAMPLES:
        raise Invalid(f"more than {MAX_SAMPLES} lines in one body; send fewer at a time")
    cache.renew(latest_ms)
    body = body.removeprefix(BYTE_ORDER_MARK)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text and "\x00" not in text and "\n\ufeff" not in text:
        first = len(text) - len(text.lstrip("\n"))
        parsed = _quickly(text.strip("\n"), first, cache, latest_ms, _PRECISIONS[precision])
        if parsed is not None:
            return parsed
    return _each(body, cache, latest_ms, _PRECISIONS[precision])


class _Columns:
    """Samples of whole lines, not yet added to ``batch``. ``counts``: the number of samples of each line."""

    __slots__ = ("batch", "counts", "given", "keys", "times")

    def __init__(self, batch: Batch, counts: list[int]) -> None:
        self.batch = batch
        self.counts = counts
        self.keys: list[str] = []
        self.times: list[int | None] = []
        self.given: list[float] = []

    def flush(self, t_ms: int | None) -> None:
        """Move the samples to the batch; samples without a time get the time ``t_ms``."""
        self.times += [t_ms] * (len(self.keys) - len(self.times))
        self.batch.keys += self.keys
        self.batch.times += self.times
        self.batch.values += map(float, self.given)
        for column in (self.keys, self.times, self.given):
            column.clear()


def _quickly(text: str, first: int, cache: LineCache, latest_ms: int, scale: Scale) -> Parsed | None:
    """Parse lines to columns; return None if they have a fault or need the slow path. ``first``: index of the first line in the body.

    Consecutive lines mostly have the same time, so each time is converted once.  The C parser silently keeps the last of repeated
    fields, so the equals signs are counted.  A line with a quoted string is parsed by itself.
    """
    lines = text.split("\n")
    if max(map(len, lines)) > _MAX_QUICK_CHARACTERS:
        return None
    counts: list[int] = []
    parsed = Parsed(Batch(where=partial(_spread, first, counts)))
    columns = _Columns(parsed.batch, counts)
    keys, times, given = columns.keys, columns.times, columns.given
    known, last, t_ms = cache.get, None, None
    has_texts, signs, tags, alone = '"' in text, _signs(text), 0, 0
    try:
        for number, line in enumerate(lines, first):
            if has_texts and '"' in line:
                columns.flush(t_ms)
                counts.append(_alone(number, line, parsed, cache, latest_ms, scale))
                signs -= _signs(line)
                alone += counts[-1]
                continue
            found = parse_line(line)
            fields = found["fields"]  # a comment gives None: the slow path
            names, row, tagged, series = known(line[: line.index(" ")]) or _NO_ROW
            if names != [*fields]:
                row = [series[name] for name in fields if name in series]
                if len(row) < len(fields):
                    row, tagged = _row(line, found, cache, parsed.batch.claims)
            stated = found["time"]
            if stated != last:
                times += [t_ms] * (len(keys) - len(times))
                last, t_ms = stated, None if stated is None else _in_ms(stated, scale)
                if t_ms is not None and not MIN_T_MS <= t_ms <= latest_ms:
                    return None
            keys += row
            tags += tagged
            counts.append(len(row))
            given += fields.values()
        columns.flush(t_ms)
    except (LineFormatError, Invalid, TypeError, ValueError):
        return None
    count = len(parsed.batch.keys)
    if signs != tags + count - alone or count > MAX_SAMPLES:
        return None
    return parsed


def _alone(number: int, line: str, parsed: Parsed, cache: LineCache, latest_ms: int, scale: Scale) -> int:
    """Add a line with quotes; return the number of its samples. Raises Invalid, also when the quoted string ends on a later line."""
    raw = line.encode()
    if _is_open(raw):
        raise Invalid("does not end in its line")
    before = len(parsed.batch.keys)
    _take(number, raw, parsed, cache, latest_ms, scale)
    return len(parsed.batch.keys) - before


def _signs(text: str) -> int:
    """Count the equals signs that are not escaped."""
    return text.count("=") - text.count("\\=")


def _in_ms(stated: int, scale: Scale) -> int:
    """Convert a time to milliseconds. With the precision auto, the size of the number decides its unit, as in InfluxDB 3."""
    times_by, divide_by, _ = scale
    if not divide_by:
        times_by, divide_by = next((each for below, *each in _BY_SIZE if abs(stated) < below), _NANO[:2])
    return stated * times_by // divide_by


def _row(line: str, found: dict[str, dict[str, str]], cache: LineCache, claims: Claims) -> tuple[list[str], int]:
    """Return the series of one line's fields, in their order, and the number of tags; raises Invalid.

    The series are cached by field name and the line's head: the part before the first space. They are not cached if that space may be
    escaped. Of a line with series that the sender does not own yet, the claims are cached instead.
    """
    head, names = line.partition(" ")[0], [*found["fields"]]
    cached, waiting = cache.get(head), cache.fields.get(head, {})
    series = cached[3] if cached is not None else {}
    new = [name for name in names if name not in series and name not in waiting]
    if new:
        measurement, tags = str(found["measurement"]), with_labels(found["tags"], cache.labels)
        keys = [series.get(name) or _key(measurement, name, tags, cache, claims) for name in names]
    else:
        keys = [series.get(name) or waiting[name].again(claims) for name in names]
        if any(map(claims.__contains__, keys)):
            return keys, len(found["tags"])
    small = len(line) <= _MAX_CACHED_CHARACTERS and sum(map(len, keys)) <= _MAX_CACHED_SERIES_CHARACTERS
    if small and head and head[-1] != "\\":
        _learn(head, (names, keys, len(found["tags"]), series), cache, claims)
    return keys, len(found["tags"])


def _learn(head: str, row: Row, cache: LineCache, claims: Claims) -> None:
    """Cache the series that the sender owns, and the claims to the others."""
    names, keys, tags, series = row
    claimed = {name: claims[key] for name, key in zip(names, keys, strict=True) if key in claims}
    if claimed:
        every = {**cache.fields.get(head, {}), **claimed}
        is_small = sum(len(claim.key) for claim in every.values()) <= _MAX_CACHED_SERIES_CHARACTERS
        cache.fields.learn(head, every if is_small else claimed)
    elif cache.fields.get(head, {}).keys() <= {*series, *names}:
        cache.fields.pop(head, None)
    if sum(map(len, series.values())) + sum(map(len, keys)) > _MAX_CACHED_SERIES_CHARACTERS:
        series.clear()
    series.update((name, key) for name, key in zip(names, keys, strict=True) if name not in claimed)
    cached = cache.get(head)
    if series and (cached is None or not (cached[0] or claimed)):
        cache.learn(head, ([], [], tags, series) if claimed else row)


def _key(measurement: str, name: str, tags: Mapping[str, str], cache: LineCache, claims: Claims) -> str:
    """Return the series of a field; raises Invalid, also when another measurement and field own the series."""
    if len(tags) > MAX_FOREIGN_LABELS:
        raise Invalid(f"has {len(tags)} tags; at most {MAX_FOREIGN_LABELS}", field="tags")
    key = foreign_key(f"{measurement_name(measurement)}_{name}", tags.items())
    return _claim(key, measurement, name, tags, cache, claims)


def _claim(key: str, measurement: str, name: str, tags: Mapping[str, str], cache: LineCache, claims: Claims) -> str:
    """Claim a field's series. If a silent source owns the series for the same field, that source loses the series. Raises NameTaken."""
    said = f"{','.join([measurement, *sorted(tags)])} {name}"
    return cache.origins.claim(
        key,
        f"{cache.topic}{said}",
        claims,
        lambda owner: owner.endswith(said) and cache.is_silent(owner[: len(owner) - len(said)]),
    )


def _each(body: bytes, cache: LineCache, latest_ms: int, scale: Scale) -> Parsed:
    places: list[int] = []
    parsed = Parsed(Batch(where=lambda: places))
    lines = lines_of(body)
    for number, line in lines:
        if parsed.batch.is_hopeless():
            rest = chain((line,), (each for _, each in lines))
            parsed.batch.leave_unread(number, sum(not each.lstrip().startswith(b"#") for each in rest))
            break
        try:
            _take(number, line.removeprefix(BYTE_ORDER_MARK), parsed, cache, latest_ms, scale)
        except Invalid as invalid:
            parsed.refuse(number, _at_line(number, invalid), line)
        places += [number] * (len(parsed.batch.keys) - len(places))
    check_count(parsed.batch.keys)
    return parsed


def _spread(first: int, counts: list[int]) -> list[int]:
    """Return the line number of each sample. ``first``: number of the first line; ``counts``: number of samples in each line."""
    return [number for number, count in enumerate(counts, first) for _ in range(count)]


def _at_line(number: int, invalid: Invalid) -> Invalid:
    at = Invalid(f"line {number + 1}: {invalid.reason}", field=invalid.field)
    at.code = invalid.code
    return at


def _take(number: int, line: bytes, parsed: Parsed, cache: LineCache, latest_ms: int, scale: Scale) -> None:
    """Add one line's fields; raises Invalid when the line cannot be read. A bad field is refused and the others are kept."""
    if len(line) > MAX_LINE_CHARACTERS:
        raise Invalid(f"is longer than {MAX_LINE_CHARACTERS} bytes; shorten it")
    try:
        text = line.decode()  # the C parser crashes on other bytes inside quotes
    except UnicodeDecodeError:
        raise Invalid("is not UTF-8") from None
    found = _read(text)
    if found is None:
        return
    measurement, tags, fields, time, faults = found
    tags = with_labels(tags, cache.labels)
    for fault in faults:
        parsed.refuse(number, _at_line(number, fault), line)
    stated = None if time is None else _in_ms(time, scale)
    t_ms, claims = check_time(stated, latest_ms, field="timestamp", unit=scale[2]), parsed.batch.claims
    for name, value in fields.items():
        try:
            if isinstance(value, str):
                document = foreign_document(f"{measurement_name(measurement)}_{name}", tags.items())
                _claim(f"{document} ", measurement, name, tags, cache, claims)
                parsed.write(document, {"text": value}, place=number)
            else:
                double = finite(float(value))
                parsed.add(_key(measurement, name, tags, cache, claims), t_ms, double)
        except Invalid as invalid:
            why = Invalid(_field_reason(invalid), field=name[:40])
            why.code = invalid.code
            parsed.refuse(number, _at_line(number, why), line)


def _read(text: str) -> tuple[str, Mapping[str, str], Mapping[str, Value], int | None, list[Invalid]] | None:
    """Return measurement, tags, fields, time, and the faults of fields; None for a comment. Raises Invalid."""
    if text.count(",") <= _MAX_COMMAS:
        try:
            found = parse_line(text)
        except LineFormatError:
            pass
        else:
            if found is None:
                return None
            tags, fields = found["tags"], found["fields"]
            if text.count("=") == len(tags) + len(fields):  # otherwise a field is repeated, or a text has an =
                return found["measurement"], tags, fields, found["time"], []
    elif text.lstrip().startswith("#"):
        return None
    line = take_apart(text)
    return line.measurement, line.tags, line.fields, line.time, line.faults


def _field_reason(invalid: Invalid) -> str:
    """Return why a field is refused, with the faulty tag."""
    tag = invalid.field.removeprefix("labels.") if invalid.field.startswith("labels.") else ""
    return f"the tag {tag} {invalid.reason}" if tag else invalid.reason


def ends_in_a_text(lines: list[bytes]) -> bool:
    """Return whether a quoted text begins in these lines and does not end in them."""
    number = 0
    while number < len(lines):
        if b'"' in lines[number] and _is_open(lines[number]):
            number = next((n for n in range(number + 1, len(lines)) if closes_a_text(lines[n])), len(lines))
            if number == len(lines):
                return True
        number += 1
    return False


def closes_a_text(line: bytes) -> bool:
    """Return whether a line contains the end of a quoted string that began on an earlier line."""
    return b'"' in line and _without_escapes(line).count('"') % 2 == 1


def lines_of(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each non-empty line with its index; a quoted string may contain line breaks."""
    lines = body.split(b"\n")
    number = looked_to = 0  # no line before looked_to ends an open text
    while number < len(lines):
        line, first = lines[number], number
        if b'"' in line and _is_open(line):
            last = max(first + 1, looked_to)
            end = min(len(lines), first + MAX_LINES_OF_A_TEXT)
            while last < end and not closes_a_text(lines[last]):
                last += 1
            if last < end:
                line, number = b"\n".join(lines[first : last + 1]), last
            looked_to = max(looked_to, last)
        number += 1
        if line.strip():
            yield first, line


def _is_open(line: bytes) -> bool:
    """Return whether a quoted string begins in this line's fields and does not end in this line. Quotes in tags have no meaning."""
    head, _, fields = _without_escapes(line).partition(" ")
    return not head.startswith("#") and fields.count('"') % 2 == 1


def _without_escapes(line: bytes) -> str:
    """Return a line as text without its escaped characters; a line that is too long is refused, and searched for no quotes."""
    return _ESCAPED.sub("", line.decode("utf-8", "replace")) if len(line) <= MAX_LINE_CHARACTERS else ""
