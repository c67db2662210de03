"""Rooms: their attributes and members, the numbers of their newest changes, and the read marks of users."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec
from msgspec import Struct
from sqlalchemy import Row, Table, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.domain.errors import Invalid, NotFound
from dashboard.domain.room import Room, RoomKind
from dashboard.domain.room import participants as participants_of
from dashboard.store.revisions import next_revision
from dashboard.store.schema import messages, participants, reads, rooms


class UnreadCounts(Struct, frozen=True):
    """Counts of messages for several users and rooms, without deleted messages. ``marks``: read marks by user, then by room.

    ``after``: unread messages by (user, room), if the user has a mark in that room. ``every`` and ``own`` are for rooms
    in which a user has no mark. ``every``: all messages by room; ``own``: the user's own messages by (user, room).
    """

    marks: dict[str, dict[str, int]]
    after: dict[tuple[str, str], int]
    every: dict[str, int]
    own: dict[tuple[str, str], int]

    def of(self, user_id: str, room_id: str) -> int:
        """Return the number of other users' messages in a room that the user has not read."""
        if room_id in self.marks[user_id]:
            return self.after.get((user_id, room_id), 0)
        return self.every.get(room_id, 0) - self.own.get((user_id, room_id), 0)


def _room(row: Row[tuple[object, ...]]) -> Room:
    return Room(
        id=row.id,
        kind=row.kind,
        title=row.title,
        private=row.private,
        members=tuple(msgspec.json.decode(row.members, type=list[str])),
        last_seq=row.last_seq,
    )


def _insert(tx: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT statement for a table, in the dialect of the transaction's database. The statement can have ON
    CONFLICT."""
    return (postgresql.insert if tx.dialect.name == "postgresql" else sqlite.insert)(table)


async def changed_rooms(tx: AsyncConnection, after: int) -> list[tuple[Room, bool]]:
    """Return the boards' and operators' rooms changed after revision ``after``, and whether each is closed."""
    statement = select(rooms).where(rooms.c.revision > after, rooms.c.kind.in_(("board", "room")))
    return [(_room(row), row.closed) for row in await tx.execute(statement)]


async def progress(tx: AsyncConnection, since_ms: int) -> dict[str, int]:
    """Return the number of the newest change of each room that changed since ``since_ms``, by room."""
    rows = await tx.execute(select(rooms.c.id, rooms.c.last_seq).where(rooms.c.changed_ms >= since_ms))
    return {row.id: row.last_seq for row in rows}


async def ends_of(tx: AsyncConnection, room_ids: Collection[str]) -> dict[str, int]:
    """Return the number of the newest change of each of these rooms, by room."""
    rows = await tx.execute(select(rooms.c.id, rooms.c.last_seq).where(rooms.c.id.in_(room_ids)))
    return {row.id: row.last_seq for row in rows}


async def ensure_room(tx: AsyncConnection, room_id: str, kind: RoomKind, title: str, now_ms: int) -> None:
    """Create the room if no room has that id. A board takes over an operator's room with its id, even a closed room.

    Raises Invalid if that room is private: its messages are not for the board's viewers.
    """
    public = kind in ("board", "room")
    row = (await tx.execute(select(rooms).where(rooms.c.id == room_id))).one_or_none()
    if row is not None:
        if kind == "board" and row.kind == "room" and row.private and not row.closed:
            raise Invalid(f"an operator has made a private room {room_id}; close it, or name the board differently")
        if kind == "board" and (row.kind, row.title, row.closed) != (kind, title, False):
            values = {"kind": kind, "title": title, "closed": False, "private": False, "members": "[]"}
            revision = await next_revision(tx)
            await tx.execute(update(rooms).where(rooms.c.id == room_id).values(**values, revision=revision))
        if kind == "direct":  # one of the two may be a new user with an old name
            await _take_part(tx, room_id)
        return
    made = await tx.execute(
        _insert(tx, rooms)
        .values(
            id=room_id,
            kind=kind,
            title=title,
            private=not public,
            members="[]",
            created_by="",
            created_ms=now_ms,
            closed=False,
            last_seq=0,
            trimmed_seq=0,
            changed_ms=now_ms,
            revision=await next_revision(tx) if public else 0,
        )
        .on_conflict_do_nothing()
    )
    if made.rowcount:
        await _take_part(tx, room_id)


async def _take_part(tx: AsyncConnection, room_id: str) -> None:
    for user_id in participants_of(room_id):
        await tx.execute(_insert(tx, participants).values(user_id=user_id, room_id=room_id).on_conflict_do_nothing())


async def create_room(tx: AsyncConnection, room: Room, created_by: str, now_ms: int) -> None:
    """Create an operator's room. Raises Invalid if a room with that id exists or existed."""
    try:
        await tx.execute(
            insert(rooms).values(
                id=room.id,
                kind=room.kind,
                title=room.title,
                private=room.private,
                members=msgspec.json.encode(room.members).decode(),
                created_by=created_by,
                created_ms=now_ms,
                closed=False,
                last_seq=0,
                trimmed_seq=0,
                changed_ms=now_ms,
                revision=await next_revision(tx),
            )
        )
    except IntegrityError:
        raise Invalid(f"there is, or was, a room {room.id}; choose another id", field="id") from None


async def change_room(
    tx: AsyncConnection,
    room_id: str,
    *,
    title: str | None = None,
    private: bool | None = None,
    members: tuple[str, ...] | None = None,
    closed: bool | None = None,
) -> Room:
    """Change the given attributes of a board's or operator's room; attributes that are None stay. Return the room.
    Raises NotFound."""
    values: dict[str, object] = {"revision": await next_revision(tx)}
    if title is not None:
        values["title"] = title
    if private is not None:
        values["private"] = private
    if members is not None:
        values["members"] = msgspec.json.encode(members).decode()
    if closed is not None:
        values["closed"] = closed
    statement = (
        update(rooms)
        .where(rooms.c.id == room_id, rooms.c.kind.in_(("board", "room")), rooms.c.closed.is_(False))
        .values(**values)
        .returning(rooms)
    )
    row = (await tx.execute(statement)).one_or_none()
    if row is None:
        raise NotFound(f"there is no room {room_id[:60]}")
    return _room(row)


async def rooms_of(tx: AsyncConnection, user_ids: Collection[str]) -> dict[str, list[Room]]:
    """Return the direct rooms and the inbox of each user."""
    statement = select(participants.c.user_id, rooms).join(participants, participants.c.room_id == rooms.c.id)
    found: dict[str, list[Room]] = {user_id: [] for user_id in user_ids}
    for row in await tx.execute(statement.where(participants.c.user_id.in_(user_ids))):
        found[row.user_id].append(_room(row))
    return found


async def mark_read(tx: AsyncConnection, user_id: str, room_id: str, seq: int) -> int:
    """Set a user's read mark of a room to ``seq``, or to the newest change if that is less; return the previous mark.

    The mark never falls.  Raises NotFound.
    """
    row = (await tx.execute(select(rooms.c.last_seq).where(rooms.c.id == room_id))).one_or_none()
    if row is None:
        raise NotFound(f"there is no room {room_id[:60]}")
    seq = min(seq, row.last_seq)
    before = (
        await tx.execute(select(reads.c.seq).where(reads.c.user_id == user_id, reads.c.room_id == room_id))
    ).scalar_one_or_none()
    if before is not None and before >= seq:
        return int(before)
    insertion = _insert(tx, reads).values(user_id=user_id, room_id=room_id, seq=seq)
    newer = or_(reads.c.seq < insertion.excluded.seq)
    await tx.execute(
        insertion.on_conflict_do_update(
            index_elements=["user_id", "room_id"], set_={"seq": insertion.excluded.seq}, where=newer
        )
    )
    return int(before or 0)


async def read_marks(tx: AsyncConnection, user_ids: Collection[str]) -> dict[str, dict[str, int]]:
    """Return the read marks of each user, by room."""
    found: dict[str, dict[str, int]] = {user_id: {} for user_id in user_ids}
    for row in await tx.execute(select(reads).where(reads.c.user_id.in_(user_ids))):
        found[row.user_id][row.room_id] = row.seq
    return found


async def unread_counts(tx: AsyncConnection, wanted: Mapping[str, Collection[str]]) -> UnreadCounts:
    """Count the messages of other users that each user has not read in the given rooms.

    Users without a read mark in a room share one count of the room.
    """
    marks = await read_marks(tx, wanted.keys())
    unread = messages.c.deleted.is_(False)
    after: dict[tuple[str, str], int] = {}
    if any(marks.values()):
        by_reader = (
            select(reads.c.user_id, reads.c.room_id, func.count())
            .join(messages, (messages.c.room_id == reads.c.room_id) & (messages.c.seq > reads.c.seq))
            .where(reads.c.user_id.in_(wanted.keys()), messages.c.author != reads.c.user_id, unread)
            .where(reads.c.room_id.in_({room for of_user in wanted.values() for room in of_user}))
            .group_by(reads.c.user_id, reads.c.room_id)
        )
        after = {(row[0], row[1]): row[2] for row in await tx.execute(by_reader)}
    unmarked = {room for user, of_user in wanted.items() for room in of_user if room not in marks[user]}
    if not unmarked:
        return UnreadCounts(marks, after, {}, {})
    of_rooms = messages.c.room_id.in_(unmarked)
    every = select(messages.c.room_id, func.count()).where(unread, of_rooms).group_by(messages.c.room_id)
    own = (
        select(messages.c.author, messages.c.room_id, func.count())
        .where(unread, of_rooms, messages.c.author.in_(wanted.keys()))
        .group_by(messages.c.author, messages.c.room_id)
    )
    return UnreadCounts(
        marks,
        after,
        every={row[0]: row[1] for row in await tx.execute(every)},
        own={(row[0], row[1]): row[2] for row in await tx.execute(own)},
    )


async def forget_room(tx: AsyncConnection, room_id: str) -> None:
    """Delete all messages of a room."""
    await tx.execute(delete(messages).where(messages.c.room_id == room_id))
