"""Presence tracker: publishes this process' users to the others and keeps the table of users over all processes.

Every change is published as a part of this node's roster, through the journal.  The table changes only when the roster comes back
from the journal, as for the rosters of other nodes; users then get the difference as notices.  If a connection ends
without a close by the client, its presence is kept for five seconds, so that a reconnect causes no notices.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from dashboard.cluster.bus import Bus, Heard
from dashboard.cluster.membership import Membership, RosterVersion
from dashboard.domain.counters import Counters
from dashboard.domain.node import BEAT_S
from dashboard.domain.presence import GRACE_S, LOST_MS, Status
from dashboard.domain.room import participants
from dashboard.entries.signals import AskRoster, NodeBeat, NodeLeft, Roster, UserHere
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.presence.notices import PresenceNotices
from dashboard.presence.room_members import RoomMembers
from dashboard.replica.presence import PresenceTable, UserPresence
from dashboard.rfc6455.close_codes import CloseCode, is_final
from dashboard.runtime import Bell, Group

#: Changes within this time are published together.
_GATHER_S = 0.05
_SWEEP_S = 0.25
#: Pause between two requests for missing rosters, and before a failed roster is published again, then whole.
_ASK_EVERY_S = 1.0
#: Pause between two exact counts of connections; a count in between is refused.
_COUNT_EVERY_S = 1.0
#: After a fault of the journal no node is expired for this long: by then each has had time to send a heartbeat.
_SETTLED_S = BEAT_S + 2.0
#: After a shorter fault of the journal, no heartbeat is late enough for its node to be expired.
_HICCUP_S = LOST_MS / 1000 - BEAT_S - 2.0
_RANK: dict[Status, int] = {"online": 2, "away": 1, "offline": 0}
#: Close codes of clients that leave on purpose; others may be about to reconnect.
_LEFT = (CloseCode.NORMAL, CloseCode.NO_STATUS)


@dataclass(slots=True)
class _LostConnection:
    """Presence of a connection that ended without a close by the client, kept until ``until_s``."""

    made_s: float
    until_s: float
    status: Status
    name: str
    boards: tuple[str, ...]
    rooms: frozenset[str]


class PresenceTracker:
    """Tracker of the users who are connected to this process or to another. ``monotonic`` gives seconds, ``now_ms`` the journal's time."""

    def __init__(
        self,
        *,
        registry: ConnectionRegistry,
        bus: Bus,
        nodes: Membership,
        version: RosterVersion,
        counters: Counters,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self._registry = registry
        self._bus = bus
        self._nodes = nodes
        self._now_ms = now_ms
        self._monotonic = monotonic
        self.table = PresenceTable()
        self.members = RoomMembers(self.table)
        self._notices = PresenceNotices(registry, self.table, counters)
        self._version = version
        self._published: dict[str, UserHere] = {}
        self._since_ms: dict[str, int] = {}  # when each user of this process connected
        self._published_screens: Counter[str] = Counter()
        self._screens: Counter[str] = Counter()
        self._lost: dict[str, list[_LostConnection]] = {}
        self._dirty: set[str] = set()
        self._whole = True
        self._work = asyncio.Event()
        self._asked_s = 0.0
        self._troubled_s = self._well_s = -_SETTLED_S
        self._counted_s = -_COUNT_EVERY_S
        self._wholes: Counter[str] = Counter()  # whole rosters received, by node
        self._whole_received = Bell()
        bus.subscribe(NodeBeat, self._hear)
        bus.subscribe(NodeLeft, self._hear)
        bus.subscribe(Roster, self._hear)
        bus.subscribe(AskRoster, self._hear_question)
        bus.subscribe_gap(self._missed)

    # --- connections of this process ---

    def changed(self, connection: Connection) -> None:
        """Publish a change of the connection's user, status, rooms or boards."""
        boards = frozenset(connection.boards.values()) if not connection.closed else frozenset()
        before = self._registry.watch(connection, boards)
        if connection in self._registry.people:
            self._dirty.add(connection.caller.id)
            self._notices.board_soon(*(boards - before))
        else:
            self._screens.subtract(before)
            self._screens.update(boards)
        self._work.set()

    def authenticated(self, connection: Connection) -> None:
        """Stop counting a connection as an anonymous screen; call it before the registry adds its user."""
        self._screens.subtract(self._registry.watch(connection, frozenset()))

    def released(self, user: str) -> None:
        """Publish that a connection of this user now belongs to another user; call it after the registry removed the connection."""
        self._dirty.add(user)
        self._work.set()

    def dropped(self, connection: Connection, code: int) -> None:
        """Publish the end of a connection, or keep the connection's presence for the grace period; call it before the
        registry removes the connection."""
        lost, now_s = self._lost.setdefault(connection.caller.id, []), self._monotonic()
        if connection in self._registry.people and code not in _LEFT and not is_final(code):
            each = _LostConnection(
                now_s,
                now_s + GRACE_S,
                connection.status,
                connection.caller.name,
                tuple(self._registry.watch(connection, frozenset())),
                frozenset(connection.rooms),
            )
            lost.append(each)
        elif connection in self._registry.people:  # a reconnected client that now leaves on purpose
            lost[:] = [each for each in lost if each.made_s > connection.began_s]
        if not lost:
            del self._lost[connection.caller.id]
        self.changed(connection)

    def left(self, connection: Connection, room_id: str) -> None:
        """Publish that a connection and the user's lost connections left a room; call it after the registry removed the connection."""
        for each in self._lost.get(connection.caller.id, ()):
            each.rooms -= {room_id}
        self.changed(connection)

    def tabs(self, user: str) -> int:
        """Return the number of a user's connections over all processes, as far as known."""
        found = self.table.get(user)
        return max(len(self._registry.connections_of(user)), found.tabs if found else 0)

    async def is_count_confirmed(self, user: str) -> bool:
        """Ask the other nodes with connections of the user for their rosters; return whether all answered within a second.

        The nodes are asked at most once a second; a call in between returns False.
        """
        others = [node for node in self.table.holders(user) if node != self._bus.node_id]
        if self._monotonic() - self._counted_s < _COUNT_EVERY_S:
            return False
        self._counted_s = self._monotonic()
        for gone in self._wholes.keys() - self._nodes.table.nodes.keys():
            del self._wholes[gone]
        before = {node: self._wholes[node] for node in others}
        for node in others:
            await self._bus.publish(AskRoster(node))
        try:
            async with asyncio.timeout(_COUNT_EVERY_S):
                while any(self._wholes[node] == count for node, count in before.items()):
                    await self._whole_received.wait()
        except TimeoutError:
            return False
        return True

    # --- publishing to other processes ---

    async def run(self) -> None:
        """Publish rosters, send notices and expire lost nodes and connections until cancelled."""
        async with Group() as group:
            group.start("roster", self._run_roster)
            group.start("presence", self._notices.run)
            group.start("presence sweep", self._run_sweep)

    async def _run_roster(self) -> None:
        await self._bus.publish(AskRoster(""))
        while True:
            await self._work.wait()
            await asyncio.sleep(_GATHER_S)
            self._work.clear()
            if not await self._publish_roster():
                self._whole = True
                await asyncio.sleep(_ASK_EVERY_S)
                self._work.set()

    async def _publish_roster(self) -> bool:
        whole, self._whole = self._whole, False
        dirty, self._dirty = self._dirty, set()
        if whole:
            dirty |= set(self._registry.users()) | self._lost.keys()
            self._published.clear()
            self._published_screens.clear()
        people = []
        for user in dirty:
            here = self._here(user)
            if here != self._published.get(user) and (here.tabs or user in self._published):
                people.append(here)
        screens = {b: self._screens[b] for b in {**self._screens, **self._published_screens}}
        screens = {board: count for board, count in screens.items() if count != self._published_screens[board]}
        if not (people or screens or whole):
            return True
        version = self._version.advance()
        for here in people:
            self._published[here.user] = here
            if not here.tabs:
                del self._published[here.user]
        self._published_screens.update(screens)
        self._published_screens = Counter({board: count for board, count in self._screens.items() if count})
        return await self._bus.publish(Roster(self._bus.node_id, version, whole, people, screens))

    def _here(self, user: str) -> UserHere:
        pages = self._registry.connections_of(user)
        lost = self._lost.get(user, [])
        if not pages and not lost:
            self._since_ms.pop(user, None)
            return UserHere(user, "", "offline", 0, 0)
        statuses: list[Status] = [page.status for page in pages] or [each.status for each in lost]
        boards = [board for page in pages for board in set(page.boards.values())]
        boards += [board for each in lost for board in each.boards if board not in boards]
        rooms = {room for page in pages for room in page.rooms} | {r for each in lost for r in each.rooms}
        rooms = {room for room in rooms if not participants(room)}  # direct conversations stay private
        return UserHere(
            user=user,
            name=next((page.caller.name for page in pages), lost[0].name if lost else user),
            status=max(statuses, key=_RANK.__getitem__),
            since_ms=self._since_ms.setdefault(user, self._now_ms()),
            tabs=max(1, len(pages)),
            boards=tuple(sorted(boards)),
            rooms=tuple(sorted(rooms)),
        )

    # --- signals from other processes ---

    def _hear_question(self, signal: AskRoster, _: Heard) -> None:
        if signal.node in ("", self._bus.node_id):
            self._whole = True
            self._work.set()

    def _hear(self, signal: NodeBeat | NodeLeft | Roster, heard: Heard) -> None:
        changed = self.table.apply(signal, heard.passed_ms)
        if isinstance(signal, Roster) and signal.whole:
            self._wholes[signal.node] += 1
            self._whole_received.ring()
        self._notices.soon(changed)

    def _missed(self) -> None:
        """Treat all known rosters as incomplete after a gap, and publish this process' whole roster."""
        self.table.doubt()
        self._whole = True
        self._work.set()

    async def _run_sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._expire_lost()
            now_s = self._monotonic()
            if self._nodes.is_troubled():
                if now_s - self._well_s > _HICCUP_S:
                    self._troubled_s = now_s
                continue
            self._well_s = now_s
            if now_s - self._troubled_s > _SETTLED_S:  # else heartbeats may be late only because of the fault
                self._notices.soon(self.table.expire(self._bus.passed_ms()))
            if (unknown := self.table.unknown()) and now_s - self._asked_s > _ASK_EVERY_S:
                self._asked_s = now_s
                for node in unknown:
                    await self._bus.publish(AskRoster(node))

    def _expire_lost(self) -> None:
        now_s = self._monotonic()
        for user, lost in list(self._lost.items()):
            left = [each for each in lost if each.until_s > now_s]
            if len(left) < len(lost):
                self._dirty.add(user)
                self._work.set()
            if left:
                self._lost[user] = left
            else:
                del self._lost[user]

    # --- reading ---

    def people(self) -> list[UserPresence]:
        """Return all connected users except hidden ones."""
        found = (self.table.get(user) for user in self.table.users())
        return [presence for presence in found if presence is not None and presence.status != "offline"]
