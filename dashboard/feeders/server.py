"""Feeder of the server's own numbers as ordinary series: each process feeds its own numbers, and one process also feeds the totals.

``node_…{node="…"}`` are the vital numbers of a process, ``dashboard_…`` the totals; the document ``cluster_nodes`` is a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from dashboard.cluster.membership import Membership
from dashboard.cluster.vitals import VITALS, Vitals
from dashboard.entries.signals import NodeBeat
from dashboard.feeders.feeding import Reading, run_every, to_batch
from dashboard.intake.accept_document import AcceptDocument
from dashboard.intake.accept_samples import AcceptSamples
from dashboard.journal.port import Journal

CLUSTER_TABLE = "cluster_nodes"
#: Interval at which a page reports the delay to its screen (static/js/pages/shell.js).
_PAGES_REPORT_S = 5.0
_QUANTILE = re.compile(r"(?P<of>.+)_(?P<quantile>p\d+)_ms")
#: Another process feeds the totals if this lease was not renewed for this long.
_LEASE_S = 15.0
#: The table is written at every fifth interval.
_TABLE_BEATS = 5
#: Most board files that one cell names.
_NAMED_FILES = 5
_COLUMNS = [
    {"title": "Node"},
    {"title": "Heard", "unit": "s"},
    {"title": "Up", "unit": "s"},
    {"title": "Viewers", "align": "right"},
    {"title": "Behind", "align": "right"},
    {"title": "Round trip", "unit": "ms"},
    {"title": "Appends", "unit": "/s"},
    {"title": "Gaps", "align": "right"},
    {"title": "Resumes", "align": "right"},
    {"title": "Restarts", "align": "right"},
    {"title": "Board files"},
]


class ServerFeeder:
    """Feeder of this process' numbers (``vitals.latest``) and, while this process holds the lease, of the totals.

    ``now_ms`` is the journal's time.
    """

    def __init__(
        self,
        *,
        samples: AcceptSamples,
        documents: AcceptDocument,
        journal: Journal,
        vitals: Vitals,
        nodes: Membership,
        now_ms: Callable[[], int],
    ) -> None:
        self._samples = samples
        self._documents = documents
        self._journal = journal
        self._vitals = vitals
        self._nodes = nodes
        self._now_ms = now_ms
        self._beats = 0

    async def run(self) -> None:
        """Feed until cancelled."""
        await run_every(self._vitals.every_s, self._beat)

    async def _beat(self) -> None:
        has_lease = await self._journal.hold("totals", _LEASE_S)
        readings = [*self._own(), *(self._totals() if has_lease else ())]
        await self._samples.accept(to_batch(readings, self._vitals.every_s))
        if has_lease and self._beats % _TABLE_BEATS == 0:
            every_s = self._vitals.every_s * _TABLE_BEATS
            await self._documents.write(CLUSTER_TABLE, self._table(), every_s=every_s)
        self._beats += 1

    def _own(self) -> Iterator[Reading]:
        labels = (("node", self._nodes.name),)
        for name, value in self._vitals.latest.items():
            yield Reading(f"node_{name}", value, VITALS[name].unit, labels, self._every_s(name))

    def _totals(self) -> Iterator[Reading]:
        for name, value in self._nodes.totals().items():
            unit = VITALS[name].unit if name in VITALS else ""
            if found := _QUANTILE.fullmatch(name):
                labels = (("quantile", found["quantile"]),)
                yield Reading(f"dashboard_{found['of']}_ms", value, unit, labels, self._every_s(name))
            else:
                yield Reading(f"dashboard_{name}", value, unit)

    def _every_s(self, name: str) -> float:
        every_s = self._vitals.every_s
        return max(_PAGES_REPORT_S, every_s) if name.startswith("delay_to_screen") else every_s

    def _table(self) -> bytes:
        now = self._now_ms()
        rows = []
        nodes = sorted(self._nodes.table.nodes.values(), key=lambda node: node.beat.name)
        differing = _differing([node.beat for node in nodes])
        for node in nodes:
            beat, of = node.beat, node.beat.readings.get
            rows.append(
                [
                    beat.name,
                    round((now - node.beat_ms) / 1000),
                    round((now - beat.started_ms) / 1000),
                    int(of("viewers", 0)),
                    int(of("lag_entries", 0)),
                    of("round_trip_ms"),
                    of("appends_per_s"),
                    int(of("gaps", 0)),
                    int(of("resumes", 0)),
                    beat.restarts,
                    _files_cell(beat, differing),
                ]
            )
        return msgspec.json.encode({"columns": _COLUMNS, "rows": rows})


def _differing(beats: Sequence[NodeBeat]) -> list[str]:
    """Return the boards whose files are not the same on all nodes."""
    told = [beat.board_files for beat in beats if beat.board_files is not None]
    return sorted(
        board for board in {board for files in told for board in files} if len({f.get(board) for f in told}) > 1
    )


def _files_cell(beat: NodeBeat, differing: Sequence[str]) -> str:
    """Return the table's cell about a node's board files: its versions of the files that differ between the nodes."""
    if beat.board_files is None:
        return "not said"
    if not differing:
        return "same" if beat.board_files else "none"
    named = [f"{board} {beat.board_files.get(board, 'missing')}" for board in differing[:_NAMED_FILES]]
    more = len(differing) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
