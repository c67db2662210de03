"""Who is here, over all nodes: what their rosters say, put together by user and by board. Pure.

A node that is silent, has left, or was replaced by a new life of the same process loses its people; after the last two
they have a while to come back elsewhere.  Times are the journal's time that has passed (``SignalTime``).
"""

from __future__ import annotations

from msgspec import Struct

from dashboard.domain.presence import GRACE_S, LOST_MS, Status
from dashboard.entries.signals import NodeBeat, NodeLeft, Roster, Signal, UserHere

_RANK: dict[Status, int] = {"online": 2, "away": 1, "offline": 0}
#: Of a node whose roster is not known whole.
_UNKNOWN = -1


class Presence(Struct, frozen=True):
    """One user over all nodes. ``boards``: one entry a tab."""

    user: str
    name: str
    status: Status
    since_ms: int
    tabs: int
    boards: tuple[str, ...]
    rooms: frozenset[str]


class Changed(Struct):
    """What an entry has changed."""

    users: set[str]
    boards: set[str]


class _Node:
    """What one node has said."""

    def __init__(self, name: str, heard_ms: int) -> None:
        self.name = name
        self.heard_ms = heard_ms
        self.version = _UNKNOWN
        self.people: dict[str, UserHere] = {}
        self.screens: dict[str, int] = {}
        self.gone_ms: int | None = None  # since when it has left or was replaced


class PresenceTable:
    """``apply`` every signal, ``expire`` every second."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._by_user: dict[str, dict[str, UserHere]] = {}  # user -> node -> what it says

    # --- reading ---

    def get(self, user: str) -> Presence | None:
        """A user; None: not here."""
        parts = self._by_user.get(user)
        if not parts:
            return None
        said = list(parts.values())
        best = max(said, key=lambda here: _RANK[here.status])
        return Presence(
            user=user,
            name=best.name,
            status=best.status,
            since_ms=min(here.since_ms for here in said),
            tabs=sum(here.tabs for here in said),
            boards=tuple(sorted(board for here in said for board in here.boards)),
            rooms=frozenset(room for here in said for room in here.rooms),
        )

    def users(self) -> list[str]:
        """Everybody who is here."""
        return list(self._by_user)

    def screens(self, board: str) -> int:
        """Pages without a person that have the board open."""
        return sum(node.screens.get(board, 0) for node in self._nodes.values())

    def boards(self) -> set[str]:
        """Boards that pages without a person have open."""
        return {board for node in self._nodes.values() for board in node.screens}

    def holders(self, user: str) -> list[str]:
        """The nodes that have pages of the user."""
        return list(self._by_user.get(user, ()))

    def unknown(self) -> list[str]:
        """Nodes whose rosters are not known whole."""
        return [node_id for node_id, node in self._nodes.items() if node.version == _UNKNOWN and node.gone_ms is None]

    # --- moving on ---

    def apply(self, signal: Signal, now_ms: int) -> Changed:
        """Take a signal over."""
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
        if here.tabs:
            node.people[here.user] = here
            self._by_user.setdefault(here.user, {})[node_id] = here
            return
        node.people.pop(here.user, None)
        parts = self._by_user.get(here.user, {})
        parts.pop(node_id, None)
        if not parts:
            self._by_user.pop(here.user, None)

    def doubt(self) -> None:
        """Something may have been missed: no roster is known whole any more."""
        for node in self._nodes.values():
            node.version = _UNKNOWN

    def expire(self, now_ms: int) -> Changed:
        """Nodes that are silent, or gone for longer than their people have to come back, lose them."""
        changed = Changed(set(), set())
        for node_id, node in list(self._nodes.items()):
            gone = node.gone_ms is not None and now_ms - node.gone_ms >= GRACE_S * 1000
            if gone or now_ms - node.heard_ms >= LOST_MS:
                for user in list(node.people):
                    self._set(node_id, node, UserHere(user, "", "offline", 0, 0), changed)
                changed.boards |= node.screens.keys()
                del self._nodes[node_id]
        return changed
