"""Table of the nodes, built from the entries of ``signals``: the same on every process, independent of local clocks."""

from __future__ import annotations

from msgspec import Struct

from dashboard.domain.node import SILENT_MS
from dashboard.entries.signals import NodeBeat, NodeLeft


class Node(Struct, frozen=True):
    """Running node. ``beat_ms``: the journal's time of its last heartbeat; ``passed_ms``: the journal time that had passed
    until that heartbeat, see ``SignalTime``."""

    beat: NodeBeat
    beat_ms: int
    passed_ms: int


class NodeTable:
    """Table of nodes by id. Pure: only the entries' own time counts."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}

    def apply(self, signal: NodeBeat | NodeLeft, *, t_ms: int, passed_ms: int) -> list[Node]:
        """Apply a signal; remove and return the nodes that have fallen silent.

        ``t_ms``: the entry's time; ``passed_ms``: the journal time that had passed until the entry, see ``SignalTime``.
        """
        if isinstance(signal, NodeBeat):
            self.nodes[signal.id] = Node(signal, t_ms, passed_ms)
        else:
            self.nodes.pop(signal.id, None)
        silent = [node for node in self.nodes.values() if passed_ms - node.passed_ms >= SILENT_MS]
        for node in silent:
            del self.nodes[node.beat.id]
        return silent

    def on_one_machine(self) -> bool:
        """Return whether all nodes run on one machine, judged by the part of their names before the worker's number."""
        return len({node.beat.name.partition("/")[0] for node in self.nodes.values()}) <= 1

    def total(self, reading: str) -> float:
        """Return the sum of one reading over all nodes."""
        return sum(node.beat.readings.get(reading, 0.0) for node in self.nodes.values())
