"""Partitions of the journal: the partition of each series or document, and the partitions that a screen needs.

The metric's name chooses the partition. So one partition has all series of a metric, and a
selector that names its metric needs only one partition.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from dashboard.domain.selector import Selector


def partition_of(name: str, partitions: int) -> str:
    """Return the partition of the metric or document ``name``. ``partitions``: number of partitions of metrics."""
    return f"metrics.{zlib.crc32(name.encode()) % partitions if partitions > 1 else 0}"


def all_partitions(partitions: int) -> tuple[str, ...]:
    """Return the names of all partitions of metrics, in order."""
    return tuple(f"metrics.{number}" for number in range(partitions))


def partitions_for(selectors: Iterable[Selector], partitions: int) -> tuple[str, ...]:
    """Return the partitions of all series and documents that the selectors match, in order.

    These are all partitions if a selector names no metric, or if there is no selector.
    """
    names = {selector.name for selector in selectors}
    if not names or None in names or partitions == 1:
        return all_partitions(partitions)
    wanted = {partition_of(name, partitions) for name in names if name is not None}
    return tuple(each for each in all_partitions(partitions) if each in wanted)
