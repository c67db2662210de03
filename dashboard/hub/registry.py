"""Registry of this process' connections by user, room and board, and broadcasts to these connections.

A broadcast is encoded once. Messages are sent in order and none is skipped; a client that does not read is disconnected (4002).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from dashboard.domain.counters import Counters
from dashboard.hub.connection import Connection
from dashboard.hub.fanout import SENDS_PER_TURN
from dashboard.hub.shared import Shared
from dashboard.hub.transport import Translation


class ConnectionRegistry:
    """Index of the open connections. ``people`` are the authenticated connections."""

    def __init__(self, counters: Counters | None = None) -> None:
        self._counters = counters or Counters()
        self.connections: set[Connection] = set()
        self.people: set[Connection] = set()
        self._users: dict[str, set[Connection]] = {}
        self._rooms: dict[str, set[Connection]] = {}
        self._boards: dict[str, set[Connection]] = {}
        self._watched: dict[Connection, frozenset[str]] = {}

    def add_user(self, connection: Connection) -> None:
        """Add an authenticated connection under its user."""
        self.people.add(connection)
        connection.place.release()
        self._users.setdefault(connection.caller.id, set()).add(connection)

    def remove_user(self, connection: Connection) -> None:
        """Remove a connection from its user and its rooms, because it has ended or another user logs in on it."""
        for room in list(connection.rooms):
            self.leave(connection, room)
        self.people.discard(connection)
        _remove(self._users, connection.caller.id, connection)

    def join(self, connection: Connection, room: str) -> None:
        """Add a connection to a room."""
        connection.rooms.add(room)
        self._rooms.setdefault(room, set()).add(connection)
        connection.transport.follow_rooms(connection.rooms)

    def leave(self, connection: Connection, room: str) -> None:
        """Remove a connection from a room."""
        connection.rooms.discard(room)
        _remove(self._rooms, room, connection)
        connection.transport.follow_rooms(connection.rooms)

    def watch(self, connection: Connection, boards: frozenset[str]) -> frozenset[str]:
        """Set the boards that a connection has open; return the boards that it had open before."""
        before = self._watched.get(connection, frozenset())
        for board in before - boards:
            _remove(self._boards, board, connection)
        for board in boards - before:
            self._boards.setdefault(board, set()).add(connection)
        if boards:
            self._watched[connection] = boards
        else:
            self._watched.pop(connection, None)
        return before

    def watching(self, board: str) -> Collection[Connection]:
        """Return the connections that have a board open, authenticated or not."""
        return self._boards.get(board, ())

    def watchers(self) -> Collection[Connection]:
        """Return the connections that have any board open."""
        return self._watched.keys()

    def connections_of(self, user: str) -> Collection[Connection]:
        """Return a user's connections."""
        return self._users.get(user, ())

    def users(self) -> list[str]:
        """Return the ids of the users that are connected to this process."""
        return list(self._users)

    def in_room(self, room: str) -> Collection[Connection]:
        """Return the connections that have joined a room."""
        return self._rooms.get(room, ())

    def rooms(self) -> list[str]:
        """Return the ids of the rooms that have connections here."""
        return list(self._rooms)

    async def broadcast(self, connections: Iterable[Connection], *messages: bytes) -> None:
        """Send the same JSON texts, in order, to all given connections; close connections whose clients do not read."""
        shared = [Shared(message) for message in messages]
        encoded: dict[Translation | None, tuple[list[bytes], int]] = {}
        sent_bytes = 0
        for number, connection in enumerate(list(connections), 1):
            transport = connection.transport
            if transport.writing or transport.deflating:
                for message in shared:
                    connection.send_or_close(message)
            elif not connection.closed:  # nothing is buffered: the same bytes go out at once
                found = encoded.get(transport.dialect)
                if found is None:
                    frames = [frame for message in shared if (frame := message.bytes_for(transport))]
                    found = encoded[transport.dialect] = frames, sum(map(len, frames))
                for frame in found[0]:
                    transport.send(frame)
                sent_bytes += found[1]
            if not number % SENDS_PER_TURN:
                await asyncio.sleep(0)
        self._counters.bytes_sent += sent_bytes


def _remove(index: dict[str, set[Connection]], key: str, connection: Connection) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(connection)
        if not found:
            del index[key]
