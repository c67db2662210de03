"""Notifications: kept in each user's inbox, shown on all the user's open pages, forwarded by webhooks.

An inbox is a room that only its owner reads; so an inbox has the order, recovery and unread counts of a room.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Iterator

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.accounts.authenticator import LOCAL
from dashboard.accounts.directory import Directory
from dashboard.accounts.policies import Access
from dashboard.conversation.room_logs import RoomLogs
from dashboard.conversation.webhooks import Webhooks
from dashboard.domain.counters import Counters
from dashboard.domain.errors import Invalid, NotFound
from dashboard.domain.identity import Caller, parse_role
from dashboard.domain.room import MAX_KEY, Message, clean_text, inbox_room
from dashboard.entries.rooms import MessageEntry, ReadEntry
from dashboard.messages.rooms import message_id
from dashboard.store.database import Database
from dashboard.store.messages import lock_rooms, newest, notifications_called, notifications_that_quote, post, requote
from dashboard.store.rooms import ensure_room, mark_read, read_marks

MAX_TITLE = 200
MAX_BODY = 2_000
_MAX_DATA_BYTES = 4_096
_PUBLISHED_AT_ONCE = 200
_EMPTIED_AT_ONCE = 200
#: Characters of a message that a notification quotes; the rest is cut off.
_QUOTED = 200


class Notify:
    """Sender of notifications.

    ``now_ms``: the journal's time; ``local``: True if the local operator, who has no login, gets notifications too.
    """

    def __init__(
        self,
        *,
        database: Database,
        directory: Directory,
        access: Access,
        logs: RoomLogs,
        webhooks: Webhooks,
        counters: Counters,
        now_ms: Callable[[], int],
        local: bool,
    ) -> None:
        self._database = database
        self._local = local
        self._directory = directory
        self._access = access
        self._logs = logs
        self._webhooks = webhooks
        self._counters = counters
        self._now_ms = now_ms

    async def send(
        self,
        caller: Caller,
        *,
        user: str = "",
        role: str = "",
        room: str = "",
        title: str,
        body: str = "",
        data: bytes = b"null",
        key: str = "",
    ) -> int:
        """Notify a user, all users of a role, or all who may join a room; return the number of receivers.

        A repeated ``key`` notifies nobody again, but the number still includes those receivers. ``data``: JSON.
        """
        try:
            receivers = self._receivers(user, role, room)
        except NotFound:  # another process may have just created it
            await self._directory.refresh()
            receivers = self._receivers(user, role, room)
        title = clean_text(title, field="title", most=MAX_TITLE)
        body = clean_text(body, field="body", most=MAX_BODY) if body.strip() else ""
        if len(data) > _MAX_DATA_BYTES:
            raise Invalid(f"has {len(data)} bytes; at most {_MAX_DATA_BYTES}", field="data")
        if not key.isprintable():
            raise Invalid("has unprintable characters; remove them", field="key")
        key = key or secrets.token_urlsafe(12)
        async with self._database.write() as tx:
            sent, fresh = await self._store(tx, receivers, caller.id, title, body, data.decode(), key)
            if fresh:
                await self._webhooks.store(tx, {"title": title, "body": body, "users": receivers, "key": key}, data)
        self._counters.notifications_sent += fresh
        await self._publish(sent)
        self._webhooks.wake()
        return len(sent)

    async def _publish(self, notifications: list[Message]) -> None:
        """Publish committed notifications to all processes."""
        for start in range(0, len(notifications), _PUBLISHED_AT_ONCE):
            some = notifications[start : start + _PUBLISHED_AT_ONCE]
            await asyncio.gather(*(self._logs.publish(MessageEntry(m), f"{m.room}.{m.changed_seq}") for m in some))

    def _receivers(self, user: str, role: str, room: str) -> list[str]:
        if bool(user) + bool(role) + bool(room) != 1:
            raise Invalid("needs exactly one of user, role and room", field="user")
        callers = {caller.id: caller for caller in self._callers()}
        if user:
            if user not in callers:
                raise NotFound(f"there is no user {user[:40]!a}")
            return [user]
        if role:
            wanted = parse_role(role)
            return sorted(caller.id for caller in callers.values() if caller.role == wanted)
        found = self._directory.rooms.get(room)
        if found is None:
            raise NotFound(f"there is no room {room[:60]!a}")
        return sorted(caller.id for caller in callers.values() if self._access.joins(caller, found))

    def _callers(self) -> Iterator[Caller]:
        """Yield every user who can log in, as a caller, and the local operator if there is one."""
        for each in self._directory.users.values():
            if not each.disabled:
                yield Caller("user", each.id, each.name, each.role, grants=each.grants)
        if self._local:
            yield LOCAL

    async def store_mention(
        self, tx: AsyncConnection, message: Message, users: Iterable[str], title: str
    ) -> list[Message]:
        """Store a notification for each mentioned user, in the message's own transaction; return the notifications."""
        title = title[:MAX_TITLE]
        where = message_id(message.room, message.seq)
        data = msgspec.json.encode({"roomId": message.room, "messageId": where}).decode()
        key = _mention_key(message)
        sent, fresh = await self._store(tx, sorted(users), message.author, title, message.text[:_QUOTED], data, key)
        self._counters.notifications_sent += fresh
        return sent

    async def follow_mentions(self, tx: AsyncConnection, message: Message) -> list[Message]:
        """Update the notifications that quote an edited or deleted message; return the changed notifications.

        A user whom the message no longer mentions gets an empty quote.
        """
        quotes = dict.fromkeys(map(inbox_room, message.mentions), message.text[:_QUOTED])
        quoting = await notifications_called(tx, _sender(message.author), _mention_key(message)[:MAX_KEY])
        await lock_rooms(tx, {*quotes, *(each.room for each in quoting)})
        texts = [(each, quotes.get(each.room, "")) for each in quoting]
        return [await requote(tx, each, self._now_ms(), text) for each, text in texts if text != each.text]

    async def empty_quotes(self, room_id: str) -> None:
        """Empty all quotes of a room's messages in notifications, whether the messages are still stored or not."""
        async with self._database.read() as tx:
            quoting = await notifications_that_quote(tx, _mention_key_of(room_id, ""))
        for start in range(0, len(quoting), _EMPTIED_AT_ONCE):
            some = quoting[start : start + _EMPTIED_AT_ONCE]
            async with self._database.write() as tx:
                emptied = [await requote(tx, each, self._now_ms(), "") for each in some]
            await self._publish(emptied)

    async def _store(
        self,
        tx: AsyncConnection,
        receivers: Iterable[str],
        author: str,
        title: str,
        body: str,
        data: str,
        key: str,
    ) -> tuple[list[Message], int]:
        """Store a notification for each receiver.

        Return the notifications of all receivers, including those stored earlier under the same key, and the number of new ones.
        """
        now_ms = self._now_ms()
        sent, fresh = [], 0
        for user in receivers:
            room = inbox_room(user)
            await ensure_room(tx, room, "inbox", "", now_ms)
            notification = Message(
                room=room,
                seq=0,
                changed_seq=0,
                author=_sender(author),
                name="",
                text=body,
                html="",
                t_ms=now_ms,
                key=key[:MAX_KEY],
                title=title,
                data=data,
            )
            stored, is_new = await post(tx, notification)
            sent.append(stored)
            fresh += is_new
        return sent, fresh

    async def list(self, caller: Caller, before: int | None, limit: int) -> tuple[list[tuple[Message, bool]], bool]:
        """Return the caller's notifications, newest first, at most ``limit``, each with True if it is read, and whether
        there are older notifications."""
        room = inbox_room(caller.id)
        async with self._database.read() as tx:
            found, more = await newest(tx, room, before, limit)
            mark = (await read_marks(tx, [caller.id]))[caller.id].get(room, 0)
        return [(message, message.seq <= mark) for message in reversed(found)], more

    async def read(self, caller: Caller, seq: int | None) -> None:
        """Mark the caller's notifications as read up to ``seq``, or all of them if ``seq`` is None."""
        room = inbox_room(caller.id)
        async with self._database.write() as tx:
            await ensure_room(tx, room, "inbox", "", self._now_ms())
            up_to = seq if seq is not None else 2**53
            before = await mark_read(tx, caller.id, room, up_to)
            mark = (await read_marks(tx, [caller.id]))[caller.id].get(room, 0)
        if mark > before or seq is None:
            await self._logs.publish(ReadEntry(room, caller.id, mark, {}), f"read {room} {mark} {secrets.token_hex(4)}")


def _sender(author: str) -> str:
    """Return the author to store with a notification. It is never a user's id, because a user's own messages do not count as unread."""
    return f"from {author}"[:40]


def _mention_key(message: Message) -> str:
    return _mention_key_of(message.room, str(message.seq))


def _mention_key_of(room: str, seq: str) -> str:
    return f"mention {room}.{seq}"
