"""Who is here: tell the other processes who is connected to this one, know who is connected to any, tell the people.

Every change goes out as a piece of this node's roster, through the journal, and comes back like everybody's; what is
told to people is the difference between what the table said last and says now.  What is lost by a page that goes
without a good-bye is kept for five seconds: a page that comes back makes no noise.
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
from dashboard.replica.presence import Presence, PresenceTable
from dashboard.rfc6455.close_codes import CloseCode, is_final
from dashboard.runtime import Bell, Group

#: Changes within so long go out together.
_GATHER_S = 0.05
_SWEEP_S = 0.25
#: Rosters are asked for, and a whole one that could not be said is tried again, so often.
_ASK_EVERY_S = 1.0
_COUNT_EVERY_S = 1.0
#: When the journal is well again each node is heard within so long.
_SETTLED_S = BEAT_S + 2.0
#: A shorter fault makes no beat so late that anybody would be given up for it.
_HICCUP_S = LOST_MS / 1000 - BEAT_S - 2.0
_RANK: dict[Status, int] = {"online": 2, "away": 1, "offline": 0}
#: Close codes of those who say that they leave; others may be on their way back.
_LEFT = (CloseCode.NORMAL, CloseCode.NO_STATUS)


@dataclass(slots=True)
class _Ghost:
    """What a page had that went without a good-bye."""

    made_s: float
    until_s: float
    status: Status
    name: str
    boards: tuple[str, ...]
    rooms: frozenset[str]


class PresenceTracker:
    """``monotonic`` gives seconds, ``now_ms`` the journal's time."""

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
        self._tell = PresenceNotices(registry, self.table, counters)
        self._version = version
        self._said: dict[str, UserHere] = {}
        self._since_ms: dict[str, int] = {}  # when each user who is here came
        self._said_screens: Counter[str] = Counter()
        self._screens: Counter[str] = Counter()
        self._ghosts: dict[str, list[_Ghost]] = {}
        self._dirty: set[str] = set()
        self._whole = True
        self._work = asyncio.Event()
        self._asked_s = 0.0
        self._troubled_s = self._well_s = -_SETTLED_S
        self._counted_s = -_COUNT_EVERY_S
        self._wholes: Counter[str] = Counter()  # rosters that were told whole, by node
        self._told_whole = Bell()
        bus.subscribe(NodeBeat, self._hear)
        bus.subscribe(NodeLeft, self._hear)
        bus.subscribe(Roster, self._hear)
        bus.subscribe(AskRoster, self._hear_question)
        bus.subscribe_gap(self._missed)

    # --- what happens here ---

    def changed(self, connection: Connection) -> None:
        """The connection's person, status, rooms or boards are others now."""
        boards = frozenset(connection.boards.values()) if not connection.closed else frozenset()
        before = self._registry.watch(connection, boards)
        if connection in self._registry.people:
            self._dirty.add(connection.caller.id)
            self._tell.board_soon(*(boards - before))
        else:
            self._screens.subtract(before)
            self._screens.update(boards)
        self._work.set()

    def named(self, connection: Connection) -> None:
        """A page without a person has one now (call it before it is in the crowd)."""
        self._screens.subtract(self._registry.watch(connection, frozenset()))

    def gone(self, user: str) -> None:
        """A page of this user is somebody else's now (call it after it has left the crowd)."""
        self._dirty.add(user)
        self._work.set()

    def dropped(self, connection: Connection, code: int) -> None:
        """The connection is over (call it before it leaves the crowd)."""
        ghosts, now_s = self._ghosts.setdefault(connection.caller.id, []), self._monotonic()
        if connection in self._registry.people and code not in _LEFT and not is_final(code):
            ghost = _Ghost(
                now_s,
                now_s + GRACE_S,
                connection.status,
                connection.caller.name,
                tuple(self._registry.watch(connection, frozenset())),
                frozenset(connection.rooms),
            )
            ghosts.append(ghost)
        elif connection in self._registry.people:  # who had come back, and leaves now
            ghosts[:] = [ghost for ghost in ghosts if ghost.made_s > connection.began_s]
        if not ghosts:
            del self._ghosts[connection.caller.id]
        self.changed(connection)

    def left(self, connection: Connection, room_id: str) -> None:
        """The connection has left a room (call it after it has left the crowd), and with it what became of older pages."""
        for ghost in self._ghosts.get(connection.caller.id, ()):
            ghost.rooms -= {room_id}
        self.changed(connection)

    def tabs(self, user: str) -> int:
        """Connections of a user, over all processes as far as they are known."""
        found = self.table.get(user)
        return max(len(self._registry.of(user)), found.tabs if found else 0)

    async def are_counted_rightly(self, user: str) -> bool:
        """Whether all the other nodes that ``tabs`` counts pages of are there: they are asked, and answer at once.

        Asked once a second at the most; in between nobody knows, and it is False.
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
                    await self._told_whole.wait()
        except TimeoutError:
            return False
        return True

    # --- telling the other processes ---

    async def run(self) -> None:
        """Tell and be told, until cancelled."""
        async with Group() as group:
            group.start("roster", self._run_roster)
            group.start("presence", self._tell.run)
            group.start("presence sweep", self._run_sweep)

    async def _run_roster(self) -> None:
        await self._bus.publish(AskRoster(""))
        while True:
            await self._work.wait()
            await asyncio.sleep(_GATHER_S)
            self._work.clear()
            if not await self._say_roster():
                self._whole = True
                await asyncio.sleep(_ASK_EVERY_S)
                self._work.set()

    async def _say_roster(self) -> bool:
        whole, self._whole = self._whole, False
        dirty, self._dirty = self._dirty, set()
        if whole:
            dirty |= set(self._registry.users()) | self._ghosts.keys()
            self._said.clear()
            self._said_screens.clear()
        people = []
        for user in dirty:
            here = self._here(user)
            if here != self._said.get(user) and (here.tabs or user in self._said):
                people.append(here)
        screens = {b: self._screens[b] for b in {**self._screens, **self._said_screens}}
        screens = {board: count for board, count in screens.items() if count != self._said_screens[board]}
        if not (people or screens or whole):
            return True
        version = self._version.advance()
        for here in people:
            self._said[here.user] = here
            if not here.tabs:
                del self._said[here.user]
        self._said_screens.update(screens)
        self._said_screens = Counter({board: count for board, count in self._screens.items() if count})
        return await self._bus.publish(Roster(self._bus.node_id, version, whole, people, screens))

    def _here(self, user: str) -> UserHere:
        pages = self._registry.of(user)
        ghosts = self._ghosts.get(user, [])
        if not pages and not ghosts:
            self._since_ms.pop(user, None)
            return UserHere(user, "", "offline", 0, 0)
        statuses: list[Status] = [page.status for page in pages] or [ghost.status for ghost in ghosts]
        boards = [board for page in pages for board in set(page.boards.values())]
        boards += [board for ghost in ghosts for board in ghost.boards if board not in boards]
        rooms = {room for page in pages for room in page.rooms} | {r for ghost in ghosts for r in ghost.rooms}
        rooms = {room for room in rooms if not participants(room)}  # with whom somebody talks is nobody else's business
        return UserHere(
            user=user,
            name=next((page.caller.name for page in pages), ghosts[0].name if ghosts else user),
            status=max(statuses, key=_RANK.__getitem__),
            since_ms=self._since_ms.setdefault(user, self._now_ms()),
            tabs=max(1, len(pages)),
            boards=tuple(sorted(boards)),
            rooms=tuple(sorted(rooms)),
        )

    # --- hearing from them ---

    def _hear_question(self, signal: AskRoster, _: Heard) -> None:
        if signal.node in ("", self._bus.node_id):
            self._whole = True
            self._work.set()

    def _hear(self, signal: NodeBeat | NodeLeft | Roster, heard: Heard) -> None:
        changed = self.table.apply(signal, heard.passed_ms)
        if isinstance(signal, Roster) and signal.whole:
            self._wholes[signal.node] += 1
            self._told_whole.ring()
        self._tell.soon(changed)

    def _missed(self) -> None:
        """Signals may have been missed: let everybody say again who they have."""
        self.table.doubt()
        self._whole = True
        self._work.set()

    async def _run_sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            self._lay_ghosts()
            now_s = self._monotonic()
            if self._nodes.is_troubled():
                if now_s - self._well_s > _HICCUP_S:
                    self._troubled_s = now_s
                continue
            self._well_s = now_s
            if now_s - self._troubled_s > _SETTLED_S:  # else nobody was heard, and nobody is to be given up for it
                self._tell.soon(self.table.expire(self._bus.passed_ms()))
            if (unknown := self.table.unknown()) and now_s - self._asked_s > _ASK_EVERY_S:
                self._asked_s = now_s
                for node in unknown:
                    await self._bus.publish(AskRoster(node))

    def _lay_ghosts(self) -> None:
        now_s = self._monotonic()
        for user, ghosts in list(self._ghosts.items()):
            left = [ghost for ghost in ghosts if ghost.until_s > now_s]
            if len(left) < len(ghosts):
                self._dirty.add(user)
                self._work.set()
            if left:
                self._ghosts[user] = left
            else:
                del self._ghosts[user]

    # --- reading ---

    def people(self) -> list[Presence]:
        """Everybody who is here and does not hide."""
        found = (self.table.get(user) for user in self.table.users())
        return [presence for presence in found if presence is not None and presence.status != "offline"]
