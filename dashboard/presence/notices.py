"""Notices of presence changes: the difference between the presence table and what was last sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from dashboard.domain.counters import Counters
from dashboard.domain.presence import Status
from dashboard.domain.rate import TokenBucket
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.people import PersonalReply, encode_personal
from dashboard.messages.presence import Person, UserOffline, UserOnline, UsersChanged, UserUpdate, Watchers
from dashboard.messages.rooms import MembersChanged, UserJoined, UserLeft
from dashboard.replica.presence import Changed, PresenceTable, UserPresence

#: Changes within this time are sent together; within the longer one while there are many, to save work.
_GATHER_S = 0.05
_GATHER_MANY_S = 0.25
#: More notices than this become one message.
_MANY = 10
#: Notices about one user. Faster changes are delayed, and the notice then shows the latest state.
_NOTICES_PER_S, _NOTICE_BURST = 2.0, 10.0
_MAX_RATES = 10_000
#: Pause between two notices of a board's watchers; changes in between are sent together.
_BOARD_EVERY_S = 0.5
#: Watchers in a notice, the longest connected first; beyond it only their number is sent.
_MAX_WATCHERS = 100


def person_of(presence: UserPresence) -> Person:
    """Return a user as other users see them."""
    return Person(presence.user, presence.name, presence.status)


class PresenceNotices:
    """Sender of presence notices. Call ``soon`` after each change of the table; ``run`` sends."""

    def __init__(self, registry: ConnectionRegistry, table: PresenceTable, counters: Counters) -> None:
        self._counters = counters
        self._registry = registry
        self._table = table
        self._shown: dict[str, UserPresence] = {}
        self._users: set[str] = set()
        self._rates: dict[str, TokenBucket] = {}
        self._boards: set[str] = set()
        self._work = asyncio.Event()
        self._boards_sent_s = 0.0

    def soon(self, changed: Changed) -> None:
        """Queue notices about changed users and boards."""
        if changed.users or changed.boards:
            self._users |= changed.users
            self._boards |= changed.boards
            self._work.set()

    def board_soon(self, *boards: str) -> None:
        """Queue notices of who watches these boards now, because a connection of this process does not know it yet."""
        if boards:
            self._boards.update(boards)
            self._work.set()

    async def run(self) -> None:
        """Send queued notices until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await self._work.wait()
            await asyncio.sleep(_GATHER_S)
            if len(self._users) > _MANY // 2:
                await asyncio.sleep(_GATHER_MANY_S - _GATHER_S)
            self._work.clear()
            users = self._due(loop.time())
            self._users -= users
            if self._users:
                loop.call_later(1 / _NOTICES_PER_S, self._work.set)
            await self._send_user_notices(users)
            if self._boards:
                wait_s = self._boards_sent_s + _BOARD_EVERY_S - loop.time()
                if wait_s > 0:
                    loop.call_later(wait_s, self._work.set)
                    continue
                self._boards_sent_s = loop.time()
                boards, self._boards = self._boards, set()
                await self._send_watchers(boards)

    def _due(self, now_s: float) -> set[str]:
        """Return the changed users whose rate allows a notice now."""
        if len(self._rates) > _MAX_RATES:
            self._rates = {user: rate for user, rate in self._rates.items() if rate.wait_s(now_s, _NOTICE_BURST)}
        for user in self._users - self._rates.keys():
            self._rates[user] = TokenBucket(_NOTICES_PER_S, _NOTICE_BURST, now_s)
        return {user for user in self._users if self._rates[user].take(now_s)}

    async def _send_user_notices(self, users: Iterable[str]) -> None:
        to_all: list[tuple[str, PersonalReply]] = []
        rooms: dict[str, list[tuple[str, PersonalReply]]] = {}
        for user in users:
            before, after = self._shown.get(user), self._table.get(user)
            if after is not None and after.status == "offline":
                after = None  # a hidden user looks offline to others
            if after is None:
                self._shown.pop(user, None)
            else:
                self._shown[user] = after
            to_all += [(user, notice) for notice in _notices(before, after)]
            for room, notice in _room_notices(before, after):
                rooms.setdefault(room, []).append((user, notice))
        if to_all:
            self._counters.presence_changes += len(to_all)
            await self._send(self._registry.people, to_all)
        for room, notices in rooms.items():
            await self._send(self._registry.in_room(room), notices)

    async def _send(self, connections: Iterable[Connection], notices: list[tuple[str, PersonalReply]]) -> None:
        """Send each notice, encoded once, to all users except the user whom it is about.

        If there are many notices, send them as one message to all users.
        """
        if len(notices) > _MANY:
            await self._registry.broadcast(connections, encode_personal(_combined([notice for _, notice in notices])))
            return
        encoded = [(user, encode_personal(notice)) for user, notice in notices]
        concerned = {user for user, _ in encoded}
        others = [each for each in connections if each.caller.id not in concerned]
        own = [each for each in connections if each.caller.id in concerned]
        await self._registry.broadcast(others, *(text for _, text in encoded))
        for connection in own:
            mine = connection.caller.id
            await self._registry.broadcast([connection], *(text for user, text in encoded if user != mine))

    async def _send_watchers(self, boards: Iterable[str]) -> None:
        watching: dict[str, list[UserPresence]] = {board: [] for board in boards if self._registry.watching(board)}
        if not watching:
            return
        for presence in self._shown.values():
            for board in set(presence.boards) & watching.keys():
                watching[board].append(presence)
        for board, found in watching.items():
            found.sort(key=lambda each: (each.since_ms, each.user))
            people = [person_of(each) for each in found[:_MAX_WATCHERS]]
            notice = Watchers(board, people, len(found), self._table.screens(board))
            receivers = [each for each in self._registry.watching(board) if each in self._registry.people]
            await self._registry.broadcast(receivers, encode_personal(notice))


def _combined(notices: list[PersonalReply]) -> PersonalReply:
    """Return one message with the content of all these notices."""
    first = notices[0]
    if isinstance(first, UserJoined | UserLeft):
        joined = [each.user for each in notices if isinstance(each, UserJoined)]
        left = [each.user for each in notices if isinstance(each, UserLeft)]
        return MembersChanged(first.room_id, joined, left)
    return UsersChanged(
        online=[each.user for each in notices if isinstance(each, UserOnline)],
        offline=[each.user for each in notices if isinstance(each, UserOffline)],
        updated=[each.user for each in notices if isinstance(each, UserUpdate)],
    )


def _notices(before: UserPresence | None, after: UserPresence | None) -> list[PersonalReply]:
    if after is None:
        return [UserOffline(_gone(before))] if before is not None else []
    if before is None:
        return [UserOnline(person_of(after))]
    if (before.status, before.name) != (after.status, after.name):
        return [UserUpdate(person_of(after))]
    return []


def _gone(presence: UserPresence) -> Person:
    status: Status = "offline"
    return Person(presence.user, presence.name, status)


def _room_notices(before: UserPresence | None, after: UserPresence | None) -> list[tuple[str, PersonalReply]]:
    had = before.rooms if before is not None else frozenset()
    has = after.rooms if after is not None else frozenset()
    found: list[tuple[str, PersonalReply]] = []
    if after is not None:
        found += [(room, UserJoined(room, person_of(after))) for room in sorted(has - had)]
    if before is not None:
        found += [(room, UserLeft(room, person_of(after) if after else _gone(before))) for room in sorted(had - has)]
    return found
