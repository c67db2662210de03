"""HTTP handler for the ingest statistics by feeder, and the series that no board shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from msgspec import Struct

from dashboard.boards.boards import Boards
from dashboard.boards.unshown import unshown
from dashboard.domain.board_document import Document
from dashboard.domain.feeder import FeederState
from dashboard.intake.stats import IngestStats
from dashboard.replication.replicas import Replicas
from dashboard.web.server.base import BaseHandler
from dashboard.web.server.operation import Operation, Operations


class RefusalShown(Struct, frozen=True):
    """Refused line or sample. ``t``: milliseconds since the epoch."""

    t: int
    reason: str
    snippet: str


class FeederShown(Struct, frozen=True):
    """Feeder, over all processes. ``rate``: samples a second over the last ten seconds; ``max_series`` is 0 without a limit."""

    key: str
    name: str
    kind: str
    formats: tuple[str, ...]
    accepted: int
    refused: int
    dropped: int
    series: int
    max_series: int
    rate: float
    last: int
    last_line: str
    state: str
    refusals: list[RefusalShown]


class UnshownShown(Struct, frozen=True):
    """All series with the same name, if no board shows them.

    ``widget``: YAML of a widget to add to a board's file; ``fields``: the same widget as JSON.
    """

    name: str
    series: int
    unit: str
    sample: str
    last: int
    kind: str
    widget: str
    fields: Document


class FeedersShown(Struct, frozen=True):
    """Feeders by name, and unshown series, newest first."""

    now: int
    feeders: list[FeederShown]
    unshown: list[UnshownShown]


def feeder_shown(state: FeederState) -> FeederShown:
    """Convert a feeder's state to the form of the response."""
    return FeederShown(
        key=state.key,
        name=state.name,
        kind=state.kind,
        formats=state.formats,
        accepted=state.accepted,
        refused=state.refused,
        dropped=state.dropped,
        series=state.series,
        max_series=state.max_series,
        rate=state.rate,
        last=state.last_ms,
        last_line=state.last_line,
        state=state.state,
        refusals=[RefusalShown(each.t_ms, each.reason, each.snippet) for each in state.refusals],
    )


class FeedersServices(NamedTuple):
    """Services of the route of feeders. ``now_ms`` is the journal's time."""

    stats: IngestStats
    boards: Boards
    replicas: Replicas
    now_ms: Callable[[], int]


class FeedersHandler(BaseHandler[FeedersServices]):
    """``GET /api/v1/feeders``: statistics of the feeders."""

    operations: ClassVar[Operations] = {
        "get": Operation(
            "List the feeders with their statistics, and the series that no board shows", returns=FeedersShown
        )
    }

    async def get(self) -> None:
        async with self.services.replicas.wanted(()) as replicas:
            rows = await unshown(self.services.boards, (series for replica in replicas for series in replica.table))
        self.write_json(
            FeedersShown(
                self.services.now_ms(),
                [feeder_shown(state) for state in self.services.stats.feeders()],
                [UnshownShown(r.name, r.series, r.unit, r.sample, r.last_ms, r.kind, r.widget, r.fields) for r in rows],
            )
        )
