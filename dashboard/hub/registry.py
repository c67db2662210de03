"""The people connected to this process: their connections by user, by room, by board; and telling them things.

What many get is encoded once.  Everything is sent, in order; a client that does not read is given up (4002).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable

from dashboard.hub.connection import Connection
from dashboard.hub.fanout import SENDS_PER_BREATH
from dashboard.hub.shared import Shared


class ConnectionRegistry:
    """Sets only; what it means to be in them is decided by the services."""

    def __init__(self) -> None:
        self.connections: set[Connection] = set()  # all that are open
        self.people: set[Connection] = set()  # those that are authenticated
        self._users: dict[str, set[Connection]] = {}
        self._rooms: dict[str, set[Connection]] = {}
        self._boards: dict[str, set[Connection]] = {}
        self._watched: dict[Connection, frozenset[str]] = {}

    def come(self, connection: Connection) -> None:
        """It is authenticated."""
        self.people.add(connection)
        self._users.setdefault(connection.caller.id, set()).add(connection)

    def go(self, connection: Connection) -> None:
        """It is gone, or somebody else's now."""
        for room in list(connection.rooms):
            self.leave(connection, room)
        self.people.discard(connection)
        _remove(self._users, connection.caller.id, connection)

    def join(self, connection: Connection, room: str) -> None:
        """It hears the room."""
        connection.rooms.add(room)
        self._rooms.setdefault(room, set()).add(connection)

    def leave(self, connection: Connection, room: str) -> None:
        """It does not hear the room any more."""
        connection.rooms.discard(room)
        _remove(self._rooms, room, connection)

    def watch(self, connection: Connection, boards: frozenset[str]) -> frozenset[str]:
        """It has these boards open now; returns those it had before."""
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

    def board(self, board: str) -> Collection[Connection]:
        """The connections that have a board open, people's and others."""
        return self._boards.get(board, ())

    def watchers(self) -> Collection[Connection]:
        """The connections that have any board open."""
        return self._watched.keys()

    def of(self, user: str) -> Collection[Connection]:
        """A user's connections."""
        return self._users.get(user, ())

    def users(self) -> list[str]:
        """Who has connections here."""
        return list(self._users)

    def room(self, room: str) -> Collection[Connection]:
        """The connections that hear a room."""
        return self._rooms.get(room, ())

    def rooms(self) -> list[str]:
        """Rooms that somebody hears."""
        return list(self._rooms)

    async def tell(self, connections: Iterable[Connection], *messages: bytes) -> None:
        """Send the same to all of them, in order; ``messages`` are JSON texts."""
        shared = [Shared(message) for message in messages]
        for number, connection in enumerate(list(connections), 1):
            for message in shared:
                connection.say(message)
            if not number % SENDS_PER_BREATH:
                await asyncio.sleep(0)


def _remove(index: dict[str, set[Connection]], key: str, connection: Connection) -> None:
    found = index.get(key)
    if found is not None:
        found.discard(connection)
        if not found:
            del index[key]
