"""Which nodes there are, as the entries of ``signals`` tell: the same on every process, whatever its own clock says."""

from __future__ import annotations

import msgspec

from dashboard.domain.node import SILENT_MS, Node, NodeBeat, NodeLeft
from dashboard.journal.port import Entry

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(NodeBeat | NodeLeft)


def encode_signal(signal: NodeBeat | NodeLeft) -> bytes:
    """The payload bytes of a signal."""
    return _encoder.encode(signal)


class NodeTable:
    """Pure: ``apply`` moves it on by the entries' own time."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}  # by id
        self.now_ms = 0  # how much of the journal's time has passed, whatever steps its clock took
        self._entry_ms = 0
        self.broken = 0

    def apply(self, entry: Entry) -> list[Node]:
        """Take the next entry over; returns the nodes that fell silent."""
        if self._entry_ms:
            self.now_ms += max(0, entry.t_ms - self._entry_ms)
        self._entry_ms = entry.t_ms
        try:
            signal = _decoder.decode(entry.payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            self.broken += 1
        else:
            if isinstance(signal, NodeBeat):
                self.nodes[signal.id] = Node(signal, entry.t_ms, self.now_ms)
            else:
                self.nodes.pop(signal.id, None)
        silent = [node for node in self.nodes.values() if self.now_ms - node.passed_ms >= SILENT_MS]
        for node in silent:
            del self.nodes[node.beat.id]
        return silent

    def total(self, reading: str) -> float:
        """The sum of one reading over all nodes."""
        return sum(node.beat.readings.get(reading, 0.0) for node in self.nodes.values())
