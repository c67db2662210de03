"""Regular expressions of matchers, tested against many values of a label at once.

RE2 scans a text of 10,000 values, one in each line, in about a millisecond.  A test of each value takes ten times as long, because
of the calls from Python.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Protocol

import re2

#: Values in one text, so that scanning it takes less than a millisecond.
CHUNK = 5_000
#: What holds for a value but not for a line of many: the text's ends, and switches of what ^, $ and . mean.
_NOT_BY_LINE = re.compile(r"\\[AzZC]|\(\?[A-Za-z]*(?:-[A-Za-z]*)?[:)]")
_LITERALS = re.compile(r"[\w/:@ ,;%#~-]+(?:\|[\w/:@ ,;%#~-]+)*", re.ASCII)
_PREFIX = re.compile(r"([\w/:@ ,;%#~-]+)\.\*", re.ASCII)

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20
_OPTIONS_BY_LINE = re2.Options()
_OPTIONS_BY_LINE.log_errors = False
_OPTIONS_BY_LINE.max_mem = 1 << 20
_OPTIONS_BY_LINE.never_nl = True  # no part of a pattern, such as [^a], reaches over the end of a value


class _Found(Protocol):
    def start(self) -> int: ...


class _Compiled(Protocol):
    """Pattern of RE2, which has no types."""

    def fullmatch(self, text: str) -> _Found | None: ...

    def finditer(self, text: bytes) -> Iterator[_Found]: ...


class Chunk:
    """Values of a label, in the order given, and joined into one string. ``odd``: values with a line feed."""

    __slots__ = ("_starts", "_text", "odd", "values")

    def __init__(self, values: Sequence[str]) -> None:
        self.odd = [value for value in values if "\n" in value]
        self.values = [value for value in values if "\n" not in value]
        lines = [value.encode() for value in self.values]
        self._text = b"\n".join(lines)
        self._starts = [0, *accumulate(len(line) + 1 for line in lines)][:-1]

    def matching(self, pattern: str) -> Iterator[str]:
        """Yield the values that a valid pattern matches, anchored at both ends; each once, in no particular order."""
        by_line = _by_line(pattern)
        if by_line is None:
            yield from (value for value in self.values if _whole(pattern).fullmatch(value) is not None)
        elif self.values:
            yield from self._lines(by_line)
        yield from (value for value in self.odd if _whole(pattern).fullmatch(value) is not None)

    def _lines(self, by_line: _Compiled) -> Iterator[str]:
        starts, values, end = self._starts, self.values, -1
        for found in by_line.finditer(self._text):
            place = bisect_right(starts, found.start()) - 1
            if place != end:  # RE2 finds an empty line twice
                end = place
                yield values[place]


def literals_of(pattern: str) -> tuple[str, ...] | None:
    """Return the values that a pattern such as ``a|b`` matches; None if the pattern is not a list of literals."""
    return tuple(pattern.split("|")) if _LITERALS.fullmatch(pattern) else None


def prefix_of(pattern: str) -> str | None:
    """Return the literal of a pattern ``literal.*``; None for any other pattern."""
    found = _PREFIX.fullmatch(pattern)
    return found[1] if found else None


@lru_cache(maxsize=1_024)
def _by_line(pattern: str) -> _Compiled | None:
    """Compile the pattern to match single lines of a text; return None if a part of the pattern has another meaning in
    a text of several lines."""
    if _NOT_BY_LINE.search(pattern):
        return None
    compiled: _Compiled = re2.compile(f"(?m)^(?:{pattern})$", _OPTIONS_BY_LINE)
    return compiled


@lru_cache(maxsize=1_024)
def _whole(pattern: str) -> _Compiled:
    compiled: _Compiled = re2.compile(pattern, _OPTIONS)
    return compiled
