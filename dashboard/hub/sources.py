"""Ports of the hub: to the replicas (``replication/replicas.py``), and to derived series (``expressions/live.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from dashboard.domain.selector import Selector
from dashboard.expressions.watched import LiveSpec
from dashboard.replica.replica import Replica


class ReplicaSources(Protocol):
    """Replicas that views read, one per partition of the journal; only partitions that a view needs are followed."""

    def want(self, selectors: Sequence[Selector]) -> tuple[str, ...]:
        """Follow the partitions that the selectors need until ``leave`` is called; return the partitions."""

    def leave(self, partitions: tuple[str, ...]) -> None:
        """Stop following partitions that ``want`` returned, unless other views need them."""

    def replica(self, partition: str) -> Replica:
        """Return the current replica of a partition."""

    def ready(self, partitions: tuple[str, ...]) -> bool:
        """Return whether the replicas of these partitions have caught up with the journal."""


class ExpressionSource(Protocol):
    """Derived series of the expressions that views show."""

    def want(self, specs: Sequence[LiveSpec]) -> None:
        """Evaluate expressions every second until ``leave`` is called."""

    def leave(self, specs: Sequence[LiveSpec]) -> None:
        """Stop evaluating expressions that were given to ``want``, unless other views need them."""

    def replica(self) -> Replica:
        """Return the replica of the derived series."""

    def ready(self, specs: Sequence[LiveSpec]) -> bool:
        """Return whether the history of the expressions has been computed."""
