"""What the hub needs of the replicas. ``replication/replicas.py`` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dashboard.domain.selector import Selector
from dashboard.replica.replica import Replica


class Sources(Protocol):
    """The replicas that views read, one a partition of the journal; those that a view needs are followed."""

    def want(self, selectors: Sequence[Selector]) -> tuple[str, ...]:
        """Follow the partitions that the selectors need, until ``leave``; returns them."""

    def leave(self, partitions: tuple[str, ...]) -> None:
        """The other end of ``want``."""

    def replica(self, partition: str) -> Replica:
        """The state of a partition as of now."""

    def ready(self, partitions: tuple[str, ...]) -> bool:
        """Whether their replicas have caught up with the journal."""
