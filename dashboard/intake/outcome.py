"""Outcome of the acceptance of a body: accepted + refused = sent, exactly."""

from __future__ import annotations

from msgspec import Struct

from dashboard.ingest.batch import Refusal


class Outcome(Struct, frozen=True):
    """Result of a batch. ``refused``: the refusals, in the order of the body; ``series``: the series of the accepted samples.

    ``unlisted``: number of refused samples that are not in ``refused``.
    """

    accepted: int
    refused: list[Refusal]
    series: tuple[list[str], ...] = ()
    unlisted: int = 0

    @property
    def refused_count(self) -> int:
        """The number of refused samples."""
        return len(self.refused) + self.unlisted
