"""Members of rooms for the replies to ``join``; each list is made once after a change of its room."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from dashboard.hub.connection import Connection
from dashboard.messages.listing import ReplyList, SharedList
from dashboard.messages.presence import Person
from dashboard.presence.notices import person_of
from dashboard.replica.presence import PresenceTable

#: Members in a list, the longest connected first; the others are left out.
_MAX_MEMBERS = 500
#: Rooms whose lists are kept.
_MAX_ROOMS = 100


class _Members(NamedTuple):
    """Members of a room as of one ``version``, see ``PresenceTable.room_version``. ``places``: each user's index in ``people``."""

    version: int
    people: SharedList[Person]
    places: dict[str, int]


class RoomMembers:
    """Lists of the users in each room, over all processes."""

    def __init__(self, table: PresenceTable) -> None:
        self._table = table
        self._known: dict[str, _Members] = {}

    def listing(self, room_id: str, own: Connection, connections: Collection[Connection]) -> ReplyList[Person]:
        """Return a room's members, the user of ``own`` first.

        ``connections``: this process' connections in the room; the presence table may not know the newest of them yet.
        """
        members, caller = self._members(room_id), own.caller
        late: dict[str, Person] = {}
        if len(members.people.items) < _MAX_MEMBERS:
            for page in connections:
                user = page.caller.id
                if user not in members.places and user != caller.id and page.status != "offline":
                    late.setdefault(user, Person(user, page.caller.name, page.status))
        return ReplyList(
            members.people,
            first=[Person(caller.id, caller.name, own.status)],
            without=members.places.get(caller.id),
            last=list(late.values()),
            most=_MAX_MEMBERS,
        )

    def _members(self, room_id: str) -> _Members:
        version = self._table.room_version(room_id)
        known = self._known.get(room_id)
        if known is None or known.version != version:
            found = [
                presence for user in self._table.in_room(room_id) if (presence := self._table.get(user)) is not None
            ]
            found = [presence for presence in found if presence.status != "offline"]
            found.sort(key=lambda each: (each.since_ms, each.user))
            people = [person_of(each) for each in found[:_MAX_MEMBERS]]
            places = {person.id: place for place, person in enumerate(people)}
            self._known.pop(room_id, None)
            known = self._known[room_id] = _Members(version, SharedList(people), places)
            if len(self._known) > _MAX_ROOMS:
                del self._known[next(iter(self._known))]
        return known
