"""Presence over all nodes: the nodes' rosters, combined by user and by board. Pure.

A node that is silent, has left, or was replaced by a new start of the same process loses its users.  In the last two cases the
users have ``GRACE_S`` to connect elsewhere.  Times are milliseconds of the journal's time since the first signal (``SignalTime``).
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from dashboard.domain.presence import GRACE_S, LOST_MS, Reach, Status
from dashboard.entries.signals import NodeBeat, NodeLeft, Roster, Signal, UserHere

_RANK: dict[Status, int] = {"online": 2, "away": 1, "offline": 0}
#: Version of a node whose roster is not completely known.
_UNKNOWN = -1


class UserPresence(Struct, frozen=True):
    """Presence of a user over all nodes. ``boards`` has one entry for each tab."""

    user: str
    name: str
    status: Status
    since_ms: int
    tabs: int
    boards: tuple[str, ...]
    rooms: frozenset[str]


class Changed(Struct):
    """Users and boards that an entry has changed."""

    users: set[str]
    boards: set[str]


class _Node:
    """Roster of one node, as far as it is known."""

    def __init__(self, name: str, heard_ms: int) -> None:
        self.name = name
        self.heard_ms = heard_ms
        self.version = _UNKNOWN
        self.people: dict[str, UserHere] = {}
        self.screens: dict[str, int] = {}
        self.gone_ms: int | None = None  # when it left or was replaced; None: it runs


class PresenceTable:
    """Table of present users. Call ``apply`` for every signal and ``expire`` every second."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._by_user: dict[str, dict[str, UserHere]] = {}  # user -> node -> the user on that node
        self._by_room: dict[str, set[str]] = {}
        self._room_versions: dict[str, int] = {}
        self._changes = 0

    # --- reading ---

    def get(self, user: str) -> UserPresence | None:
        """Return a user's presence; None if the user has no page open."""
        parts = self._by_user.get(user)
        if not parts:
            return None
        said = list(parts.values())
        best = max(said, key=lambda here: _RANK[here.status])
        return UserPresence(
            user=user,
            name=best.name,
            status=best.status,
            since_ms=min(here.since_ms for here in said),
            tabs=sum(here.tabs for here in said),
            boards=tuple(sorted(board for here in said for board in here.boards)),
            rooms=frozenset(room for here in said for room in here.rooms),
        )

    def users(self) -> list[str]:
        """Return the ids of all present users."""
        return list(self._by_user)

    def screens(self, board: str) -> int:
        """Return the number of pages without a user that have the board open."""
        return sum(node.screens.get(board, 0) for node in self._nodes.values())

    def reach(self, board: str) -> Reach:
        """Return the number of screens and users that have the board open."""
        users = sum(any(board in here.boards for here in parts.values()) for parts in self._by_user.values())
        return Reach(self.screens(board), users)

    def boards(self) -> set[str]:
        """Return the boards that pages without a user have open."""
        return {board for node in self._nodes.values() for board in node.screens}

    def in_room(self, room: str) -> Collection[str]:
        """Return the ids of the users who are in a room."""
        return self._by_room.get(room, ())

    def room_version(self, room: str) -> int:
        """Return a number that changes whenever the users in a room change; 0 if nobody is in the room."""
        return self._room_versions.get(room, 0)

    def holders(self, user: str) -> list[str]:
        """Return the nodes that have pages of the user."""
        return list(self._by_user.get(user, ()))

    def unknown(self) -> list[str]:
        """Return the running nodes whose rosters are not completely known."""
        return [node_id for node_id, node in self._nodes.items() if node.version == _UNKNOWN and node.gone_ms is None]

    # --- changing ---

    def apply(self, signal: Signal, now_ms: int) -> Changed:
        """Apply a signal; return the users and boards that it has changed."""
        changed = Changed(set(), set())
        if isinstance(signal, NodeBeat):
            self._beat(signal, now_ms)
        elif isinstance(signal, NodeLeft):
            if (left := self._nodes.get(signal.id)) is not None:
                left.gone_ms = now_ms
        elif isinstance(signal, Roster):
            self._roster(signal, now_ms, changed)
        return changed

    def _beat(self, beat: NodeBeat, now_ms: int) -> None:
        for node_id, other in self._nodes.items():
            if other.name == beat.name and node_id != beat.id and other.gone_ms is None:
                other.gone_ms = now_ms
        node = self._nodes.setdefault(beat.id, _Node(beat.name, now_ms))
        node.name, node.heard_ms, node.gone_ms = beat.name, now_ms, None
        if node.version != beat.roster:
            node.version = _UNKNOWN

    def _roster(self, roster: Roster, now_ms: int, changed: Changed) -> None:
        node = self._nodes.setdefault(roster.node, _Node("", now_ms))
        node.heard_ms = now_ms
        if roster.whole:
            said = {here.user for here in roster.people}
            for user in node.people.keys() - said:
                self._set(roster.node, node, UserHere(user, "", "offline", 0, 0), changed)
            changed.boards |= node.screens.keys() | roster.screens.keys()
            node.screens.clear()
            node.version = roster.version
        elif node.version == roster.version - 1:
            node.version = roster.version
        else:
            node.version = _UNKNOWN
        for here in roster.people:
            self._set(roster.node, node, here, changed)
        for board, count in roster.screens.items():
            changed.boards.add(board)
            if count:
                node.screens[board] = count
            else:
                node.screens.pop(board, None)

    def _set(self, node_id: str, node: _Node, here: UserHere, changed: Changed) -> None:
        before = node.people.get(here.user)
        if before == here:
            return
        changed.users.add(here.user)
        changed.boards |= set(here.boards) | set(before.boards if before else ())
        parts = self._by_user.setdefault(here.user, {})
        if here.tabs:
            node.people[here.user] = parts[node_id] = here
        else:
            node.people.pop(here.user, None)
            parts.pop(node_id, None)
        rooms = {room for part in (here, before, *parts.values()) if part is not None for room in part.rooms}
        for room in rooms:
            self._note_room(room, here.user, present=any(room in part.rooms for part in parts.values()))
        if not parts:
            del self._by_user[here.user]

    def _note_room(self, room: str, user: str, *, present: bool) -> None:
        """Note a change of a user who is in a room, or was until now."""
        users = self._by_room.setdefault(room, set())
        self._changes += 1
        self._room_versions[room] = self._changes
        if present:
            users.add(user)
            return
        users.discard(user)
        if not users:
            del self._by_room[room], self._room_versions[room]

    def doubt(self) -> None:
        """Treat all rosters as incomplete, because entries may have been missed."""
        for node in self._nodes.values():
            node.version = _UNKNOWN

    def expire(self, now_ms: int) -> Changed:
        """Remove nodes that were silent or gone for too long, with their users; return the changed users and boards."""
        changed = Changed(set(), set())
        for node_id, node in list(self._nodes.items()):
            gone = node.gone_ms is not None and now_ms - node.gone_ms >= GRACE_S * 1000
            if gone or now_ms - node.heard_ms >= LOST_MS:
                for user in list(node.people):
                    self._set(node_id, node, UserHere(user, "", "offline", 0, 0), changed)
                changed.boards |= node.screens.keys()
                del self._nodes[node_id]
        return changed
