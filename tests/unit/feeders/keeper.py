"""Submitter that keeps in memory what a source submits."""

from __future__ import annotations

from dashboard.feeders.source_state import SourceState
from dashboard.feeders.submitter import Kept
from dashboard.ingest.parsed import Parsed
from tests.support.parsed_checks import LATEST_MS


class Keeper:
    """Submitter that refuses nothing."""

    def __init__(self) -> None:
        self.kept: list[Parsed] = []

    def keys(self) -> list[str]:
        """Return the keys of all samples in the order in which they came."""
        return [key for parsed in self.kept for key in parsed.batch.keys]

    def latest_ms(self) -> int:
        return LATEST_MS

    async def keep(self, parsed: Parsed, state: SourceState, *, request_id: str = "") -> Kept:
        self.kept.append(parsed)
        return Kept(len(parsed.batch.keys))

    async def keep_counted(self, parsed: Parsed, state: SourceState) -> None:
        self.kept.append(parsed)
        state.accepted += len(parsed.batch.keys)
        state.refuse_all(parsed.batch.refused, unlisted=parsed.batch.unread)
