"""Which part of the journal a series or document belongs to, and which parts a screen needs.

A partition is chosen by the metric's name, so all series of one metric lie together and a selector that names its metric
needs one partition only.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from dashboard.domain.selector import Selector


def partition_of(name: str, partitions: int) -> str:
    """The partition of the metric or document ``name``, of so many."""
    return f"metrics.{zlib.crc32(name.encode()) % partitions if partitions > 1 else 0}"


def all_partitions(partitions: int) -> tuple[str, ...]:
    """All there are, in order."""
    return tuple(f"metrics.{number}" for number in range(partitions))


def partitions_for(selectors: Iterable[Selector], partitions: int) -> tuple[str, ...]:
    """The partitions that hold what the selectors want, in order; all of them when one names no metric, or there is none."""
    names = {selector.name for selector in selectors}
    if not names or None in names or partitions == 1:
        return all_partitions(partitions)
    wanted = {partition_of(name, partitions) for name in names if name is not None}
    return tuple(each for each in all_partitions(partitions) if each in wanted)
