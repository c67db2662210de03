"""Node: one process of the server; the interval of its heartbeats, and the silence after which other nodes treat it as ended."""

from __future__ import annotations

#: How often a node publishes a heartbeat.
BEAT_S = 5.0
#: A node without a heartbeat for this much of the journal's time counts as gone on all nodes.
SILENT_MS = 15_000
