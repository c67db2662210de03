"""Graphite's plaintext protocol: ``path value time`` lines, also with tags: ``path;tag=value value time``. Pickle is never decoded.

Source: graphite.readthedocs.io, "Feeding in your data" and "Tags". The time is in seconds; a missing time, ``N`` and -1 mean now.
Pickled data is recognised (a length of four bytes, then the first bytes of a pickle), so that the refusal can name it.
"""

from __future__ import annotations

import math

from dashboard.domain.errors import Invalid
from dashboard.domain.strict_json import BYTE_ORDER_MARK
from dashboard.ingest.batch import check_time
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.origins import OwnedRecall
from dashboard.ingest.parsed import NotFinite, Parsed, check_count

#: Longest line; the limit of carbon's own receiver.
MAX_LINE_BYTES = 16_384
#: Series by the path as it stands in the line.
PathCache = OwnedRecall[bytes, str]
_MAX_PICKLE_BYTES = 1 << 24
#: Protocols from 2 on; lists and tuples of protocols 0 and 1.
_PICKLE_BEGINS = (b"\x80", b"(l", b"]q", b"](", b"(t")


def looks_pickled(data: bytes) -> bool:
    """Return whether the first bytes of a connection are those of Graphite's pickle protocol."""
    return 0 < int.from_bytes(data[:4]) < _MAX_PICKLE_BYTES and data[4:].startswith(_PICKLE_BEGINS)


def parse_graphite(data: bytes, cache: PathCache, latest_ms: int) -> Parsed:
    """Parse whole lines; ``cache``: series of the paths seen before; a refusal's index is that of its line, from 0.
    Raises Invalid for too many lines."""
    lines = data.split(b"\n")
    check_count(lines, "lines")
    parsed = Parsed()
    cache.renew(latest_ms)
    for index, line in enumerate(lines):
        if line and not line.isspace():
            try:
                _take(line, parsed, cache, latest_ms)
            except Invalid as invalid:
                parsed.refuse_line(index, invalid, line)
    return parsed


def _take(line: bytes, parsed: Parsed, cache: PathCache, latest_ms: int) -> None:
    if len(line) > MAX_LINE_BYTES:
        raise Invalid(f"is longer than {MAX_LINE_BYTES} bytes; shorten it")
    parts = line.removeprefix(BYTE_ORDER_MARK).split()
    if not 2 <= len(parts) <= 3:
        raise Invalid("is not: path value time")
    path = parts[0]
    claims = parsed.batch.claims
    key = cache.get(path) or cache.again(path, claims)
    if key is None:
        owned = cache.origins.claim(_key(path), path.decode(), claims)
        key = cache.own(path, owned, owned, claims)
    value = _number(parts[1], "value")
    if not math.isfinite(value):
        raise NotFinite
    t_ms = None
    if len(parts) == 3 and parts[2] not in (b"N", b"-1"):
        stated = _number(parts[2], "t")
        if not math.isfinite(stated):
            raise Invalid("is not a time", field="t")
        t_ms = check_time(stated * 1000, latest_ms, unit="seconds")
    parsed.add(key, t_ms, value)


def _key(path: bytes) -> str:
    try:
        name, *tags = path.decode().split(";")
    except UnicodeDecodeError:
        raise Invalid("is not UTF-8", field="path") from None
    pairs = []
    for tag in tags:
        label, equals, value = tag.partition("=")
        if not equals or not label or not value:
            raise Invalid(f"{tag[:40]!a} is not tag=value", field="path")
        pairs.append((label, value))
    return foreign_key(name, pairs)


def _number(text: bytes, field: str) -> float:
    try:
        if b"_" in text:
            raise ValueError
        return float(text)
    except ValueError:
        shown = ascii(text[:40].decode("utf-8", "replace"))
        raise Invalid(f"{shown} is not a number", field=field) from None
