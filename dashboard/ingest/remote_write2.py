"""Prometheus remote write 2.0: a snappy block that holds ``io.prometheus.write.v2.Request``.

Source: prometheus.io/docs/specs/prw/remote_write_spec_2_0.  Each string is sent once, as a symbol, and series refer to symbols by
number.  A series carries its own metadata: kind and unit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from dashboard.domain.errors import Invalid
from dashboard.domain.series import CEILING, MAX_UNIT_BYTES, check_text
from dashboard.ingest.batch import FULL_PART, MAX_SAMPLES, Batch
from dashboard.ingest.claims import Claims
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.origins import OwnedRecall, origin_of
from dashboard.ingest.packed import unpack_snappy_block
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.protobuf import (
    BYTES,
    ITEM_BYTES,
    VARINT,
    NotRead,
    TooManyFields,
    pieces_of,
    read_few_fields,
    read_fields,
    read_varint,
)
from dashboard.ingest.remote_write import MAX_DECODED_BYTES, take_points
from dashboard.ingest.write_pieces import PIECE_BYTES

_KINDS = {1: "counter", 2: "gauge", 3: "histogram", 4: "histogram", 5: "summary"}
_MAX_SYMBOLS = 1_000_000
#: References of a series to symbols, and most bytes of one.
_MAX_REFERENCES = 2 * (CEILING.labels + 1)
_REFERENCE_BYTES = 10
#: Fields of a series that hold its samples, native histograms and exemplars.
_POINTS = (2, 3, 4)

#: Series by the texts of their labels.
SymbolCache = OwnedRecall[tuple[str, ...], str]


@dataclass(slots=True)
class WrittenCounts:
    """Counts of a body so far, for the response. ``samples``: rows of samples; ``ended``: stale markers; ``unread``: refused unread.

    ``histograms``: number of histograms by the index of their series in the body; ``refused``: refusals by the same index.
    """

    samples: int = 0
    ended: int = 0
    unread: int = 0
    histograms: Counter[int] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Written(Parsed):
    """Parsed body, or a part of a long one. ``counts``: those of the whole body up to the end of this part."""

    counts: WrittenCounts = field(default_factory=WrittenCounts)


def parse_remote_write2(
    body: bytes, cache: SymbolCache, latest_ms: int, *, max_bytes: int = MAX_DECODED_BYTES
) -> Written:
    """Parse a snappy block; a refusal's index is that of its series, from 0. Raises Invalid, TooLarge, MissingExtra."""
    return parse_request2(unpack_snappy_block(body, max_bytes), cache, latest_ms)


def is_first(data: bytes) -> bool:
    """Return whether a message is a request of version 1, by its first field: version 2 reserves the fields of version 1."""
    return data[:1] in (b"\x0a", b"\x1a")


def parse_request2(data: bytes, cache: SymbolCache, latest_ms: int) -> Written:
    """Parse the message ``Request``, or the first part of a long one; raises Invalid when it is malformed."""
    symbols, series = list[str](), list[bytes]()
    cache.renew(latest_ms)
    not_read, most = NotRead.of_body(len(data)), max(MAX_SAMPLES, len(data) // ITEM_BYTES)
    for number, wire, value in read_fields(data):
        if wire != BYTES or not isinstance(value, bytes) or number not in (1, 4, 5):
            not_read.add()
            continue
        if number == 1:
            raise Invalid("the body is a request of version 1, its Content-Type says version 2")
        if number == 4:
            symbols.append(value.decode("utf-8", "surrogateescape"))
        else:
            series.append(value)
        if len(symbols) > _MAX_SYMBOLS or len(series) > most:
            raise Invalid(f"more than {_MAX_SYMBOLS} symbols or {most} series in one body; send fewer at a time")
    if symbols and symbols[0]:
        raise Invalid("the first symbol must be empty", field="symbols")
    walk = _SeriesWalk(series, symbols, cache, latest_ms, not_read)
    parts = walk.parts()
    written = next(parts)
    written.rest = None if walk.is_whole else parts
    return written


@dataclass(slots=True)
class _SeriesWalk:
    """Parser of a body's ``series``. ``written``: the part that is being filled; ``places``: the index of each of its rows."""

    series: list[bytes]
    symbols: list[str]
    cache: SymbolCache
    latest_ms: int
    not_read: NotRead
    written: Written = field(default_factory=Written)
    places: list[int] = field(default_factory=list)
    is_whole: bool = False

    def parts(self) -> Iterator[Written]:
        """Yield a part whenever one is full, and the last one."""
        self._begin()
        for index, series in enumerate(self.series):
            if self.written.batch.is_hopeless():
                self.written.batch.leave_unread(index, len(self.series) - index)
                break
            for piece in pieces_of(series, _POINTS, PIECE_BYTES):
                if self.written.is_full(FULL_PART):
                    yield self._counted()
                    self._begin()
                self._take(index, piece)
        self.is_whole = True
        yield self._counted()

    def _begin(self) -> None:
        self.places = places = list[int]()
        self.written = Written(Batch(where=lambda: places), counts=self.written.counts)

    def _counted(self) -> Written:
        """Add the part's refusals to the counts, and return the part."""
        counts, batch = self.written.counts, self.written.batch
        counts.refused.update(refusal.index for refusal in batch.refused)
        counts.unread += batch.unread
        return self.written

    def _take(self, index: int, series: bytes) -> None:
        """Add the samples and histograms of a series, or refuse what is invalid."""
        written, counts, shown = self.written, self.written.counts, ""
        row, ended, histograms = len(written.batch.keys), len(written.ended), list[bytes]()
        try:
            labels, samples, histograms, metadata = _parts(series, self.not_read)
            texts = _texts(labels, self.symbols)
            shown = ", ".join(f"{name}={text}" for name, text in zip(texts[::2], texts[1::2], strict=True))
            key = self.cache.get(texts) or self.cache.again(texts, written.batch.claims)
            key = key or _learn(texts, self.cache, written.batch.claims)
            if histograms:
                counts.histograms[index] += len(histograms)
            try:
                take_points(key, samples, histograms, written, self.latest_ms, self.not_read)
            finally:
                _declare(written, row, metadata, self.symbols, self.not_read)
        except TooManyFields:
            raise
        except Invalid as invalid:
            written.refuse(index, invalid, shown or f"protobuf of {len(series)} bytes")
        added = len(written.batch.keys) - row
        self.places += [index] * added
        if not histograms:
            counts.samples += added
            counts.ended += len(written.ended) - ended


def _parts(series: bytes, not_read: NotRead) -> tuple[list[int], list[bytes], list[bytes], bytes]:
    """Split a series into the references of its labels, its samples, histograms and metadata."""
    labels, samples, histograms, metadata = list[int](), list[bytes](), list[bytes](), b""
    for number, wire, value in read_fields(series):
        if number == 1 and wire == VARINT and isinstance(value, int):
            labels.append(value)
            if len(labels) > _MAX_REFERENCES:
                break  # _texts says so
        elif not isinstance(value, bytes) or number not in (1, 2, 3, 5):
            not_read.add()
        elif number == 1:
            labels += _numbers(value)
        elif len(samples) + len(histograms) > MAX_SAMPLES:
            break  # what follows is refused anyway
        elif number == 2:
            samples.append(value)
        elif number == 3:
            histograms.append(value)
        else:
            if metadata:
                not_read.add()
            metadata = value
    return labels, samples, histograms, metadata


def _numbers(packed: bytes) -> list[int]:
    if len(packed) > _REFERENCE_BYTES * _MAX_REFERENCES:
        raise Invalid(f"more than {_MAX_REFERENCES} references", field="labels_refs")
    if not packed or max(packed) < 0x80:
        return list(packed)
    found, at = list[int](), 0
    while at < len(packed):
        number, at = read_varint(packed, at)
        found.append(number)
    return found


def _texts(references: list[int], symbols: list[str]) -> tuple[str, ...]:
    """Resolve references to label names and values, which alternate; raises Invalid."""
    if len(references) % 2 or len(references) > _MAX_REFERENCES:
        raise Invalid(f"{len(references)} references do not make pairs of name and value", field="labels_refs")
    try:
        return tuple(map(symbols.__getitem__, references))
    except IndexError:
        raise Invalid("a label refers to a symbol that does not exist", field="labels_refs") from None


def _learn(texts: tuple[str, ...], cache: SymbolCache, claims: Claims) -> str:
    pairs = dict(zip(texts[::2], texts[1::2], strict=True))
    if 2 * len(pairs) < len(texts):
        raise Invalid("a label appears twice", field="labels")
    name = pairs.pop("__name__", "")
    key = cache.origins.claim(foreign_key(name, pairs.items()), origin_of(name, pairs), claims)
    return cache.own(texts, key, key, claims) if sum(map(len, texts)) <= CEILING.text_bytes // 16 else key


def _declare(parsed: Parsed, row: int, metadata: bytes, symbols: list[str], not_read: NotRead) -> None:
    """Set kind and unit of the rows from ``row`` on; rows of native histograms have their kinds already."""
    kind = unit = 0
    for number, _, value in read_few_fields(metadata, 3, not_read):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 4 and isinstance(value, int):
            unit = value
    batch = parsed.batch
    for key in batch.keys[row:]:
        if kind in _KINDS:
            batch.kinds.setdefault(key, _KINDS[kind])
    if 0 < unit < len(symbols) and symbols[unit]:
        try:
            text = check_text(symbols[unit], field="unit", max_bytes=MAX_UNIT_BYTES)
        except Invalid:
            return
        counts = ("_count", "_bucket")
        batch.declared += [
            (at, text, None)
            for at in range(row, len(batch.keys))
            if not batch.keys[at].partition("{")[0].endswith(counts)
        ]
