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

#: Values in one text, so that scanning it usually takes less than a millisecond.
CHUNK = 5_000
#: Patterns with fewer instructions, or fewer parts that match several characters or nothing, have few states. Others may have
#: millions, such as .*[ab].{30}x. The states of [ab]*a[ab]{11}x, with 18 instructions, no longer fit into the memory. A pattern such as
#: api-[a-z0-9]{8,10}-[a-z0-9]{5} may be larger: it has no part that may end at any of many characters.
_SMALL_PROGRAM = 17
_SMALL_BOUND_PROGRAM = 64
_UNBOUND = re.compile(r"[*+]|\{[0-9]+,\}")
_MANY_PARTS = 10
#: Such a part, or an escape; and a counted repetition. A repeated part counts once. Escapes of these letters and of signs stand
#: for one character; every other escape is such a part, also one that matches nothing (``\b``).
_PART = re.compile(r"\\.[*+]?|[.\[(?]|(?<![.\])])[*+]", re.DOTALL)
_PLAIN_ESCAPES = frozenset("aftnrvx01234567QE")
_COUNTED = re.compile(r"\{([0-9]{1,4}),?([0-9]{0,4})\}")
#: Bytes that are tested with such a pattern in one step.
_STEP_BYTES = 8_192
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
    """Pattern of RE2, which has no types. ``programsize``: the number of its instructions."""

    programsize: int

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

    @property
    def size(self) -> int:
        """Bytes of the values with a line each."""
        return len(self._text)

    def matching(self, pattern: str) -> Iterator[list[str]]:
        """Yield the values that a valid pattern matches, anchored at both ends; each once, in no particular order.

        The values come in lists, each after a step of some milliseconds; a list may be empty.
        """
        by_line, whole = _by_line(pattern), _whole(pattern)
        for first, last in self._slices(_step_bytes(pattern)):
            if by_line is None:
                yield [value for value in self.values[first:last] if whole.fullmatch(value) is not None]
            else:
                yield self._lines(by_line, first, last)
        for value in self.odd:
            yield [value] if whole.fullmatch(value) is not None else []

    def _slices(self, most: int) -> Iterator[tuple[int, int]]:
        """Yield ranges of values with at most ``most`` bytes, or one value."""
        starts, first = self._starts, 0
        while first < len(starts):
            last = max(first + 1, bisect_right(starts, starts[first] + most) - 1)
            if starts[-1] - starts[first] < most:
                last = len(starts)
            yield first, last
            first = last

    def _lines(self, by_line: _Compiled, first: int, last: int) -> list[str]:
        starts, values, end, found = self._starts, self.values, -1, list[str]()
        begin = starts[first]
        text = (
            self._text
            if last - first == len(starts)
            else self._text[begin : (starts[last] - 1 if last < len(starts) else None)]
        )
        for match in by_line.finditer(text):
            place = bisect_right(starts, begin + match.start()) - 1
            if place != end:  # RE2 finds an empty line twice
                end = place
                found.append(values[place])
        return found


def ns_per_byte(pattern: str) -> int:
    """Estimate the time for testing a byte of a value, in nanoseconds, at worst."""
    return 1_500 if is_dear(pattern) else 5


@lru_cache(maxsize=1_024)
def is_dear(pattern: str) -> bool:
    """Return whether RE2 may need a microsecond and more for each byte: the states of the pattern may not fit into its memory."""
    found = [each[0] for each in _PART.finditer(pattern)]
    parts = sum(len(each) != 2 or (each[1].isalnum() and each[1] not in _PLAIN_ESCAPES) for each in found)
    counted = [(int(first), int(last or first)) for first, last in _COUNTED.findall(pattern)]
    ends = pattern.count("?") + sum(last - first for first, last in counted)
    small = _SMALL_PROGRAM if _UNBOUND.search(pattern) or ends >= _MANY_PARTS else _SMALL_BOUND_PROGRAM
    return parts + sum(last for _, last in counted) >= _MANY_PARTS and _whole(pattern).programsize > small


def _step_bytes(pattern: str) -> int:
    return _STEP_BYTES if is_dear(pattern) else 16 * _STEP_BYTES


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
