"""Offsets of connection state recovery: the position in each room up to which clients have all messages.

A Socket.IO client returns, as its offset, the last text that followed an event. This server's offsets contain the client's rooms
and the positions in them. So any process can bring the client up to date from the logs of the rooms, and no state is kept for
clients that may come back.
"""

from __future__ import annotations

#: Clients in more rooms than this get no offset, and begin anew after a lost connection.
_MAX_ROOMS = 20


class Positions:
    """Last positions of the clients that are in the same ``rooms`` of this process: they all get the same messages."""

    def __init__(self, rooms: frozenset[str]) -> None:
        self._rooms = rooms
        self._last: dict[str, str] = {}

    def advance(self, room_id: str, position: str) -> str:
        """Record the position of the next message, or of a join; return the new offset, empty if clients cannot recover
        from this position."""
        if room_id in self._rooms and int(position) > int(self._last.get(room_id, "-1")):
            self._last[room_id] = position
        if not self._rooms or len(self._rooms) > _MAX_ROOMS or self._last.keys() < self._rooms:
            return ""
        return ",".join(f"{room}:{self._last[room]}" for room in sorted(self._rooms))

    def of_one_client(self, last: dict[str, str]) -> Positions:
        """Return the positions of a client in the same rooms that has the messages up to ``last`` only."""
        found = Positions(self._rooms)
        for room, position in last.items():
            found.advance(room, position)
        return found

    def take_over(self, before: Positions) -> None:
        """Take over the positions that a client had in its earlier rooms, before it joined or left a room."""
        for room, position in before._last.items():
            self.advance(room, position)


def parse_offset(text: str) -> dict[str, str]:
    """Return the positions in an offset, by room; empty if the text is not an offset."""
    found: dict[str, str] = {}
    for part in text.split(",")[: _MAX_ROOMS + 1]:
        room, _, position = part.rpartition(":")
        if not room or not (position.isascii() and position.isdecimal() and len(position) <= 15):
            return {}
        found[room] = position
    return found if len(found) <= _MAX_ROOMS else {}
