"""A node is one process of the server: what it says of itself, and when it counts as gone."""

from __future__ import annotations

#: How often a node says that it is there.
BEAT_S = 5.0
#: A node that was silent for so much of the journal's time is gone, for everyone.
SILENT_MS = 15_000
