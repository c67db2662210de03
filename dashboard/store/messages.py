"""Messages: each change in a room takes the next number of the room's log, in the transaction that stores it.

That transaction locks the room's row until it ends, so numbers follow the order of commits and no number is ever missing.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.domain.errors import NotFound
from dashboard.domain.room import Message
from dashboard.store.schema import messages, reads, rooms


def _message(row: Row[tuple[object, ...]]) -> Message:
    return Message(
        room=row.room_id,
        seq=row.seq,
        changed_seq=row.changed_seq,
        author=row.author,
        name=row.name,
        text=row.text,
        html=row.html,
        t_ms=row.t_ms,
        key=row.key,
        at_ms=row.at_ms,
        edited_ms=row.edited_ms,
        deleted=row.deleted,
        mentions=tuple(msgspec.json.decode(row.mentions, type=list[str])),
        title=row.title,
        data=row.data,
    )


async def _next_seq(tx: AsyncConnection, room_id: str, now_ms: int) -> int:
    statement = (
        update(rooms)
        .where(rooms.c.id == room_id, rooms.c.closed.is_(False))
        .values(last_seq=rooms.c.last_seq + 1, changed_ms=now_ms)
        .returning(rooms.c.last_seq)
    )
    seq = (await tx.execute(statement)).scalar_one_or_none()
    if seq is None:
        raise NotFound(f"there is no room {room_id[:60]}")
    return int(seq)


async def lock_rooms(tx: AsyncConnection, room_ids: Iterable[str]) -> None:
    """Lock rooms against other changes until this transaction ends; in the order of their ids, to prevent deadlocks."""
    for room_id in sorted(room_ids):
        await tx.execute(select(rooms.c.id).where(rooms.c.id == room_id).with_for_update())


async def find_by_key(tx: AsyncConnection, room_id: str, author: str, key: str) -> Message | None:
    """Return an author's message with the client's key; None if there is no such message."""
    statement = select(messages).where(
        messages.c.room_id == room_id, messages.c.author == author, messages.c.key == key
    )
    row = (await tx.execute(statement)).one_or_none()
    return _message(row) if row is not None else None


async def post(tx: AsyncConnection, message: Message) -> tuple[Message, bool]:
    """Store a new message and assign its ``seq``; return the message and True.

    If the author already has a message with the same key in the room, return that message and False.  Raises NotFound for an unknown
    or closed room.
    """
    seq = await _next_seq(tx, message.room, message.t_ms)  # locks the room: a second post with the same key waits here
    if (known := await find_by_key(tx, message.room, message.author, message.key)) is not None:
        await tx.execute(update(rooms).where(rooms.c.id == message.room).values(last_seq=seq - 1))
        return known, False
    message = msgspec.structs.replace(message, seq=seq, changed_seq=seq)
    await tx.execute(
        insert(messages).values(
            room_id=message.room,
            seq=seq,
            changed_seq=seq,
            author=message.author,
            name=message.name,
            key=message.key,
            text=message.text,
            html=message.html,
            title=message.title,
            data=message.data,
            mentions=msgspec.json.encode(message.mentions).decode(),
            at_ms=message.at_ms,
            t_ms=message.t_ms,
            edited_ms=None,
            deleted=False,
        )
    )
    return message, True


async def get_message(tx: AsyncConnection, room_id: str, seq: int) -> Message:
    """Return the message ``seq``, which the caller will change, and lock its room until this transaction ends. Raises
    NotFound."""
    await lock_rooms(tx, (room_id,))  # first, as in every change
    row = (await tx.execute(select(messages).where(messages.c.room_id == room_id, messages.c.seq == seq))).one_or_none()
    if row is None:
        raise NotFound("there is no such message")
    return _message(row)


async def rewrite(
    tx: AsyncConnection, message: Message, now_ms: int, *, text: str, html: str, mentions: tuple[str, ...]
) -> Message:
    """Replace the text of a message, with its HTML and the ids of the mentioned users; return its new state."""
    return await _change(
        tx, message, now_ms, text=text, html=html, mentions=msgspec.json.encode(mentions).decode(), edited_ms=now_ms
    )


async def take_back(tx: AsyncConnection, message: Message, now_ms: int) -> Message:
    """Delete a message: its text is removed, its row stays. Return its new state."""
    return await _change(tx, message, now_ms, text="", html="", mentions="[]", deleted=True)


async def notifications_called(tx: AsyncConnection, author: str, key: str) -> list[Message]:
    """Return an author's notifications with this key, in all inboxes, ordered by room."""
    inboxes = select(rooms.c.id).where(rooms.c.kind == "inbox")
    statement = select(messages).where(
        messages.c.room_id.in_(inboxes), messages.c.author == author, messages.c.key == key
    )
    return [_message(row) for row in await tx.execute(statement.order_by(messages.c.room_id))]


async def notifications_that_quote(tx: AsyncConnection, prefix: str) -> list[Message]:
    """Return the notifications of all inboxes whose keys are ``prefix`` and a number, ordered by inbox; leave out deleted notifications."""
    inboxes = select(rooms.c.id).where(rooms.c.kind == "inbox")
    statement = select(messages).where(
        messages.c.room_id.in_(inboxes), messages.c.key.startswith(prefix, autoescape=True), messages.c.text != ""
    )
    found = [_message(row) for row in await tx.execute(statement.order_by(messages.c.room_id))]
    return [each for each in found if each.key.removeprefix(prefix).isdecimal()]


async def requote(tx: AsyncConnection, notification: Message, now_ms: int, text: str) -> Message:
    """Replace the text that a notification quotes; its title and data stay. Return its new state."""
    return await _change(tx, notification, now_ms, text=text)


async def _change(tx: AsyncConnection, message: Message, now_ms: int, **values: object) -> Message:
    seq = await _next_seq(tx, message.room, now_ms)
    statement = (
        update(messages)
        .where(messages.c.room_id == message.room, messages.c.seq == message.seq)
        .values(changed_seq=seq, **values)
        .returning(messages)
    )
    return _message((await tx.execute(statement)).one())


async def changes_after(tx: AsyncConnection, room_id: str, after: int, limit: int) -> tuple[list[Message], int, bool]:
    """Return three values: the messages changed after ``after``; the number of the newest change; whether the list is complete.

    Each message is in the list once, at the place of its latest change.
    """
    row = (await tx.execute(select(rooms.c.last_seq, rooms.c.trimmed_seq).where(rooms.c.id == room_id))).one_or_none()
    if row is None:
        return [], 0, True
    statement = select(messages).where(messages.c.room_id == room_id, messages.c.changed_seq > after)
    rows = (await tx.execute(statement.order_by(messages.c.changed_seq).limit(limit + 1))).all()
    whole = len(rows) <= limit and after >= row.trimmed_seq and after <= row.last_seq
    return [_message(each) for each in rows[:limit]], row.last_seq, whole


async def latest_changes(tx: AsyncConnection, room_id: str, limit: int) -> tuple[list[Message], int, int]:
    """Return the messages that changed last, the number of the newest change, and the number after which no change is missing."""
    row = (await tx.execute(select(rooms.c.last_seq, rooms.c.trimmed_seq).where(rooms.c.id == room_id))).one_or_none()
    if row is None:
        return [], 0, 0
    statement = select(messages).where(messages.c.room_id == room_id)
    rows = (await tx.execute(statement.order_by(messages.c.changed_seq.desc()).limit(limit))).all()
    whole_after = row.trimmed_seq if len(rows) < limit else max(row.trimmed_seq, rows[-1].changed_seq - 1)
    return [_message(each) for each in rows], row.last_seq, whole_after


async def newest_seq(tx: AsyncConnection, room_id: str) -> int:
    """Return the number of a room's newest message; if all its messages were deleted by age, the number of the newest change."""
    last = select(func.max(messages.c.seq)).where(messages.c.room_id == room_id).scalar_subquery()
    end = select(rooms.c.last_seq).where(rooms.c.id == room_id).scalar_subquery()
    return int((await tx.execute(select(func.coalesce(last, end, 0)))).scalar_one())


async def newest(tx: AsyncConnection, room_id: str, before: int | None, limit: int) -> tuple[list[Message], bool]:
    """Return up to ``limit`` messages before ``before`` (None: the newest), oldest first, and whether there are older messages."""
    statement = select(messages).where(messages.c.room_id == room_id)
    if before is not None:
        statement = statement.where(messages.c.seq < before)
    rows = (await tx.execute(statement.order_by(messages.c.seq.desc()).limit(limit + 1))).all()
    return [_message(row) for row in reversed(rows[:limit])], len(rows) > limit


async def authors_between(tx: AsyncConnection, room_id: str, after: int, until: int) -> dict[str, int]:
    """Return, by author, the newest number of the author's messages with numbers after ``after`` up to ``until``."""
    statement = (
        select(messages.c.author, func.max(messages.c.seq))
        .where(messages.c.room_id == room_id, messages.c.seq > after, messages.c.seq <= until)
        .group_by(messages.c.author)
    )
    return {author: int(seq) for author, seq in await tx.execute(statement)}


async def oldest(tx: AsyncConnection, room_id: str, after: int, limit: int) -> list[Message]:
    """Return at most ``limit`` messages with numbers after ``after``, oldest first."""
    statement = select(messages).where(messages.c.room_id == room_id, messages.c.seq > after)
    return [_message(row) for row in await tx.execute(statement.order_by(messages.c.seq).limit(limit))]


def _forgettable(before_ms: int) -> ColumnElement[bool]:
    seen = (
        select(reads.c.seq)
        .where(reads.c.room_id == messages.c.room_id)
        .order_by(reads.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (messages.c.t_ms < before_ms) & (
        ~messages.c.room_id.startswith("inbox:", autoescape=True) | (messages.c.seq <= func.coalesce(seen, 0))
    )


async def count_forgettable(tx: AsyncConnection, before_ms: int) -> int:
    """Count the messages that ``forget_messages(before_ms)`` would delete."""
    statement = select(func.count()).select_from(messages).where(_forgettable(before_ms))
    return int((await tx.execute(statement)).scalar_one())


async def forget_messages(tx: AsyncConnection, before_ms: int) -> int:
    """Delete messages older than ``before_ms``, but notifications only if they are read; return the number deleted."""
    old = _forgettable(before_ms)
    ends = select(messages.c.room_id, func.max(messages.c.changed_seq)).where(old).group_by(messages.c.room_id)
    for room_id, seq in (await tx.execute(ends)).all():
        await tx.execute(update(rooms).where(rooms.c.id == room_id, rooms.c.trimmed_seq < seq).values(trimmed_seq=seq))
    return (await tx.execute(delete(messages).where(old))).rowcount
