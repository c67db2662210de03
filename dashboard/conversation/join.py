"""Handler of ``join``: reply with a room's missed messages and members; then send the room's events to the connection."""

from __future__ import annotations

from dashboard.conversation.conversation import Conversation
from dashboard.conversation.fanout import RoomFanout
from dashboard.conversation.room_logs import RoomLogs
from dashboard.domain.errors import Invalid, NotMember
from dashboard.domain.room import Message, kind_of
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.listing import ReplyList, SharedList
from dashboard.messages.rooms import Joined, JoinRoom, MessageState, message_id, state_of
from dashboard.presence.tracker import PresenceTracker
from dashboard.store.database import Database
from dashboard.store.messages import changes_after, newest

#: Newest messages in the reply to a join without a position.
_SHOWN = 50
#: Missed messages in the reply; a client that missed more gets the newest ones and ``recovered: false``.
_MAX_RECOVERED = 500
#: Messages in the lists that are kept, because many clients join from the same position after a fault.
_MAX_LISTED = 1_000


def check_member(connection: Connection, room_id: str) -> None:
    """Raise NotMember if the connection has not joined the room; a direct conversation needs no join."""
    if room_id not in connection.rooms and kind_of(room_id) != "direct":
        raise NotMember(f"join {room_id[:60]!a} first")


class Join:
    """Handler of ``join`` requests; a call raises NotFound, Invalid, Unavailable."""

    def __init__(
        self,
        *,
        database: Database,
        registry: ConnectionRegistry,
        presence: PresenceTracker,
        conversation: Conversation,
        fanout: RoomFanout,
        logs: RoomLogs,
    ) -> None:
        self._database = database
        self._registry = registry
        self._presence = presence
        self._conversation = conversation
        self._fanout = fanout
        self._logs = logs
        self._lists: dict[tuple[str, int | None], tuple[list[Message], SharedList[MessageState]]] = {}

    async def __call__(self, connection: Connection, request: JoinRoom) -> Joined:
        caller = connection.caller
        room = await self._conversation.find_room(caller, request.room_id)
        since = _position(request.since) if request.since is not None else None
        log = await self._logs.get(room.id)
        missed = log.since(since, _MAX_RECOVERED) if since is not None else None
        if since is not None and missed is None:
            missed = await self._missed(room.id, since)
        shown = missed if missed is not None else log.newest(_SHOWN)
        if shown is None:
            async with self._database.read() as tx:
                shown, _ = await newest(tx, room.id, None, _SHOWN)
        position = max([each.changed_seq for each in shown], default=since or 0)
        if position > log.seq:
            # The client comes from a process that is ahead of this one, or the store is ahead.  The reply names a position, so
            # this process must first deliver everything up to it.
            await self._logs.catch_up(room.id)
        mark = self._fanout.mark(caller.id, room.id)
        unread = await self._fanout.unread(caller.id, room.id)
        # Nothing is awaited from here on, so that later events follow the reply.
        log = self._logs.known(room.id) or log
        shown = _merge(shown, log.since(position, 10 * _MAX_RECOVERED) or [])
        if not connection.closed and connection.caller.id == caller.id:
            self._registry.join(connection, room.id)
            self._presence.changed(connection)
        return Joined(
            room_id=room.id,
            title=room.title,
            members=self._presence.members.listing(room.id, connection, self._registry.in_room(room.id)),
            messages=ReplyList(self._shared(room.id, since, shown)),
            position=str(log.seq),
            recovered=missed is not None,
            unread=unread,
            last_read=message_id(room.id, mark) if mark else "",
        )

    async def _missed(self, room_id: str, since: int) -> list[Message] | None:
        """Return the missed messages from the store.

        Return None if there are too many, if some are deleted already, or if ``since`` is not a position of this room.
        """
        async with self._database.read() as tx:
            changes, _, whole = await changes_after(tx, room_id, since, _MAX_RECOVERED)
        return changes if whole else None

    def _shared(self, room_id: str, since: int | None, shown: list[Message]) -> SharedList[MessageState]:
        """Return the messages of a reply; clients that join from the same position share the list."""
        known = self._lists.pop((room_id, since), None)
        if known is None or known[0] != shown:
            known = shown, SharedList([state_of(each) for each in shown])
        self._lists[room_id, since] = known
        while len(self._lists) > 1 and sum(len(each[0]) + 1 for each in self._lists.values()) > _MAX_LISTED:
            del self._lists[next(iter(self._lists))]
        return known[1]


def _position(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise Invalid(f"{text[:20]!a} is not a position; send one that this server sent", field="since")
    return int(text)


def _merge(older: list[Message], newer: list[Message]) -> list[Message]:
    """Merge two lists of messages: a newer version of a message replaces the older version and moves to the end."""
    by_seq = {message.seq: message for message in older}
    for message in newer:
        by_seq.pop(message.seq, None)
        by_seq[message.seq] = message
    return list(by_seq.values())
