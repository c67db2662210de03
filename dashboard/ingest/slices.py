"""Long bodies in slices of about 1 MiB, cut where a line or an element of a JSON array ends.

Each slice is parsed and accepted before the next, so that neither the memory nor the time of one step grows with the length of
the body. Slices are cut lazily; a body that cannot be cut is one slice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from dashboard.domain.errors import TooLarge
from dashboard.ingest.line_protocol import MAX_LINES_OF_A_TEXT, closes_a_text, ends_in_a_text

SLICE_BYTES = 1 << 20
_HEAD = re.compile(rb'(?:\xef\xbb\xbf)?\s{0,4096}+(?:\{\s{0,4096}+"metrics"\s{0,4096}+:\s{0,4096}+)?\[')
_TAIL = re.compile(rb"\]\s*+\}?\s*+")
_BETWEEN = re.compile(rb"\}\s*,\s*\{")
_ITEM = re.compile(rb"^[ \t\r]*[^\s#]", re.MULTILINE)
#: Apparent ends of an element (within texts) to try; after so many the rest is not cut.
_MAX_TRIED = 20
#: Bytes that are searched at once, and the most that an end with its white space may have to be found at a window's edge.
_WINDOW_BYTES = 1 << 18
_OVERLAP_BYTES = 1 << 10
#: A body, or a rest of one, that cannot be cut may have this length.
_MOST_IN_ONE_STEP = 2 << 20
_elements = msgspec.json.Decoder(list[msgspec.Raw])


class Slice(NamedTuple):
    """A part of a body that can be parsed by itself; ``first``: the index of its first line or element."""

    first: int
    body: bytes


def line_slices(body: bytes) -> Iterator[Slice]:
    """Yield slices of whole lines; do not cut a quoted string that spans lines."""
    at = first = 0
    while len(body) - at > SLICE_BYTES:
        end = body.find(b"\n", at + SLICE_BYTES)
        if end < 0:
            break
        lines = body[at:end].split(b"\n")
        if ends_in_a_text(lines):
            end = _end_of_text(body, end)
        yield Slice(first, body[at:end])
        first += body.count(b"\n", at, end) + 1
        at = end + 1
    yield Slice(first, body[at:])


def _end_of_text(body: bytes, end: int) -> int:
    """Return the end of the line in which an open quoted string ends; return ``end`` if that line is too far away."""
    at = end
    for _ in range(MAX_LINES_OF_A_TEXT):
        after = body.find(b"\n", at + 1)
        line = body[at + 1 : after if after >= 0 else len(body)]
        if closes_a_text(line):
            return after if after >= 0 else len(body)
        if after < 0:
            break
        at = after
    return end


def items_in(body: bytes) -> int:
    """Count the elements of a JSON array, or the lines of another body that are neither empty nor comments."""
    if body.lstrip()[:1] == b"[":
        return _count(body)
    return len(_ITEM.findall(body))


def array_slices(body: bytes) -> Iterator[Slice]:
    """Yield slices of a JSON array of objects (also ``{"metrics": […]}``), each an array; for NDJSON yield slices of lines."""
    if len(body) <= SLICE_BYTES:
        yield Slice(0, body)
        return
    head, end = _HEAD.match(body), body.rfind(b"]")
    if head is None and b"\n{" in body:
        yield from line_slices(body)
        return
    if head is None or not _TAIL.fullmatch(body, end):
        yield Slice(0, _short(body))
        return
    at, first = head.end(), 0
    while end - at > SLICE_BYTES:
        cut, count = _cut(body, at, end)
        if not count:
            break
        yield Slice(first, b"[" + body[at:cut] + b"]")
        first += count
        at = body.index(b"{", cut)
    yield Slice(first, _short(b"[" + body[at:end] + b"]" if first else body))


def _short(body: bytes) -> bytes:
    """Return ``body`` if it is short enough to be parsed in one step; raises TooLarge otherwise.

    A step blocks the event loop, so its length is limited.
    """
    if len(body) > _MOST_IN_ONE_STEP:
        raise TooLarge(
            f"a body of more than {_MOST_IN_ONE_STEP >> 20} MiB must be an array of objects, or lines of them, each shorter than 1 MiB"
        )
    return body


def _cut(body: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the end of an element about a slice's length after ``at``, and the number of elements up to that end.

    Return (0, 0) if no such end is found.
    """
    look_at = at + SLICE_BYTES
    for _ in range(_MAX_TRIED):
        found = _between(body, look_at, end)
        if found is None:
            break
        cut = found.start() + 1
        if count := _count(b"[" + body[at:cut] + b"]"):
            return cut, count
        look_at = cut
    return 0, 0


def _between(body: bytes, at: int, end: int) -> re.Match[bytes] | None:
    """Find the next apparent end of an element. The body is searched in windows, because one long search would block the event loop."""
    while at < end:
        found = _BETWEEN.search(body, at, min(end, at + _WINDOW_BYTES))
        if found is not None or at + _WINDOW_BYTES >= end:
            return found
        at += _WINDOW_BYTES - _OVERLAP_BYTES
    return None


def _count(array: bytes) -> int:
    """Count the elements of a JSON array. Return 0 for invalid JSON: the array was cut within a string or an element."""
    try:
        return len(_elements.decode(array))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    try:  # NaN, and texts that are not Unicode
        return len(json.loads(array.decode("utf-8", "replace"), strict=False))
    except (ValueError, RecursionError):
        return 0
