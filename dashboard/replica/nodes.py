"""Which nodes there are, as the entries of ``signals`` tell: the same on every process, whatever its own clock says."""

from __future__ import annotations

from dashboard.domain.node import BEAT_S, SILENT_MS, Node, NodeBeat, NodeLeft
from dashboard.entries.signals import Signal

#: Between entries that this process has heard as they came never lies more, for it beats itself.
_STOOD_MS = 1_500 * BEAT_S


class NodeTable:
    """Pure: ``apply`` moves it on by the entries' own time."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}  # by id
        self.now_ms = 0  # how much of the journal's time has passed, whatever steps its clock took
        self._entry_ms = 0
        self.broken = 0

    def apply(self, t_ms: int, signal: Signal | None, *, attended: bool = False) -> list[Node]:
        """Take the next entry over (None: it could not be read); returns the nodes that fell silent.

        ``attended``: this one and the one before were heard as they came. If there was nothing for long between them, this
        process stood still, or the clock was set: that is nobody's silence.
        """
        step_ms = max(0, t_ms - self._entry_ms) if self._entry_ms else 0
        if not attended or step_ms <= _STOOD_MS:
            self.now_ms += step_ms
        self._entry_ms = t_ms
        if signal is None:
            self.broken += 1
        elif isinstance(signal, NodeBeat):
            self.nodes[signal.id] = Node(signal, t_ms, self.now_ms)
        elif isinstance(signal, NodeLeft):
            self.nodes.pop(signal.id, None)
        silent = [node for node in self.nodes.values() if self.now_ms - node.passed_ms >= SILENT_MS]
        for node in silent:
            del self.nodes[node.beat.id]
        return silent

    def total(self, reading: str) -> float:
        """The sum of one reading over all nodes."""
        return sum(node.beat.readings.get(reading, 0.0) for node in self.nodes.values())
