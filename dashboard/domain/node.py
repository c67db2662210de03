"""A node is one process of the server: what it says of itself, and when it counts as gone."""

from __future__ import annotations

from msgspec import Struct

#: How often a node says that it is there.
BEAT_S = 5.0
#: A node that was silent for so much of the journal's time is gone, for everyone.
SILENT_MS = 15_000


class NodeBeat(Struct, array_like=True, tag="n", frozen=True):
    """``id`` is new with every start, ``name`` stays. ``readings`` are its vital numbers by name, see cluster/vitals.py.

    ``roster``: the version of what it has last said of the people it has, see ``domain/presence.py``.
    """

    id: str
    name: str
    started_ms: int
    build: str
    restarts: int
    readings: dict[str, float]
    roster: int = 0


class NodeLeft(Struct, array_like=True, tag="l", frozen=True):
    """The node ``id`` has stopped on purpose."""

    id: str


class Node(Struct, frozen=True):
    """``beat_ms``: the journal's time of its last beat; ``passed_ms``: how much of it had passed then (it never falls)."""

    beat: NodeBeat
    beat_ms: int
    passed_ms: int
