"""HTTP handlers for rooms, messages, notifications and presence."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Annotated, ClassVar, NamedTuple

import msgspec
from msgspec import Meta, Struct

from dashboard.conversation.conversation import Conversation
from dashboard.conversation.fanout import RoomFanout
from dashboard.conversation.notify import Notify
from dashboard.conversation.room_admin import RoomAdmin
from dashboard.domain.errors import Invalid, NotFound
from dashboard.domain.room import Room, clean_text, kind_of, parse_room_id
from dashboard.domain.strict_json import JsonValue
from dashboard.messages.presence import UserList
from dashboard.messages.rooms import MessageState, message_id, state_of
from dashboard.presence.tracker import PresenceTracker
from dashboard.web.server.api import ApiHandler
from dashboard.web.server.base import BaseHandler
from dashboard.web.server.operation import Operation, Operations

UserId = Annotated[str, Meta(max_length=40)]
#: Messages of an export that are read from the store in one transaction.
_EXPORTED_AT_ONCE = 500
_COLUMNS = ("id", "t", "user", "name", "text", "at", "edited", "deleted")


class NewRoom(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/rooms``."""

    id: str
    title: Annotated[str, Meta(max_length=200)] = ""
    private: bool = False
    members: Annotated[list[UserId], Meta(max_length=1_000)] = []


class RoomChange(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``PATCH /api/v1/rooms/ID``: the fields to change."""

    title: Annotated[str, Meta(max_length=200)] | None = None
    private: bool | None = None
    members: Annotated[list[UserId], Meta(max_length=1_000)] | None = None


class RoomShown(Struct, frozen=True):
    """Room, as sent over HTTP."""

    id: str
    kind: str
    title: str
    private: bool
    members: tuple[str, ...]
    position: str


class RoomsShown(Struct, frozen=True):
    """Rooms that the caller may join."""

    rooms: list[RoomShown]


class MessagePage(Struct, frozen=True):
    """Messages of a room, oldest first. ``more``: True if there are older messages."""

    messages: list[MessageState]
    more: bool


class NewMessage(Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Body of ``POST /api/message``: either ``roomId`` or ``userId``."""

    text: str
    room_id: str = ""
    user_id: str = ""
    key: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


class Sent(Struct, frozen=True, rename="camel"):
    """Response to a stored message."""

    sent: bool
    message_id: str


class NewNotification(Struct, frozen=True, forbid_unknown_fields=True):
    """Body of ``POST /api/v1/notifications``: one of ``user``, ``role`` and ``room``."""

    title: str
    body: str = ""
    user: str = ""
    role: str = ""
    room: str = ""
    data: JsonValue = None
    key: Annotated[str, Meta(max_length=60)] = ""


class Notified(Struct, frozen=True):
    """Response to a notification. ``sent``: number of notified users."""

    sent: int


def room_shown(room: Room) -> RoomShown:
    """Convert a room to the form of the response."""
    return RoomShown(room.id, room.kind, room.title, room.private, room.members, str(room.last_seq))


class RoomServices(NamedTuple):
    """Services of the routes of rooms, messages, notifications and presence."""

    conversation: Conversation
    rooms: RoomAdmin
    notify: Notify
    presence: PresenceTracker
    fanout: RoomFanout


class RoomsAdminHandler(ApiHandler[RoomServices]):
    """Base of the handlers that create and change rooms."""

    talks = True

    def with_caller(self, members: Sequence[str]) -> tuple[str, ...]:
        """Return the members of a private room and add the caller, because without members nobody could change the room again."""
        own = [self.caller.id] if self.caller.is_person and self.caller.id not in members else []
        return (*members, *own)


class RoomsHandler(RoomsAdminHandler):
    """``/api/v1/rooms``: list and create rooms."""

    operations: ClassVar[Operations] = {
        "get": Operation("List the rooms that the caller may join", returns=RoomsShown),
        "post": Operation("Create a room", status=201, body=NewRoom, returns=RoomShown),
    }

    async def get(self) -> None:
        self.write_json(
            RoomsShown([room_shown(room) for room in await self.services.conversation.rooms_now(self.caller)])
        )

    async def post(self) -> None:
        body = self.json(NewRoom)
        room = Room(
            id=parse_room_id(body.id, field="id"),
            kind="room",
            title=clean_text(body.title or body.id, field="title", most=200),
            private=body.private,
            members=self.with_caller(body.members) if body.private else tuple(body.members),
        )
        await self.services.rooms.create(self.by, self.address, room)
        self.write_json(room_shown(room), 201)


class RoomHandler(RoomsAdminHandler):
    """``/api/v1/rooms/ID``: change or close a room."""

    operations: ClassVar[Operations] = {
        "patch": Operation("Change a room", body=RoomChange, returns=RoomShown),
        "delete": Operation("Close a room and delete its messages", status=204),
    }

    async def patch(self, room_id: str) -> None:
        body = self.json(RoomChange)
        before = await self.services.conversation.find_room(self.caller, room_id)
        members = body.members
        if body.private or (body.private is None and before.private and members is not None):
            members = list(self.with_caller(before.members if members is None else members))
        room = await self.services.rooms.change(
            self.by,
            self.address,
            room_id,
            title=clean_text(body.title, field="title", most=200) if body.title is not None else None,
            private=body.private,
            members=tuple(members) if members is not None else None,
        )
        self.write_json(room_shown(room))

    async def delete(self, room_id: str) -> None:
        await self.services.conversation.find_room(self.caller, room_id)
        await self.services.rooms.close(self.by, self.address, room_id)
        self.done()


class RoomMessagesHandler(ApiHandler[RoomServices]):
    """``GET /api/v1/rooms/ID/messages``: a page of a room's messages."""

    talks = True
    operations: ClassVar[Operations] = {
        "get": Operation(
            "List messages of a room, oldest first",
            returns=MessagePage,
            query={"before": "only messages before this id", "limit": "number of messages, 1 to 100"},
        )
    }

    async def get(self, room_id: str) -> None:
        limit = self.number("limit", 50, 1, 100) or 50
        before = self.get_query_argument("before", None)
        messages, more = await self.services.conversation.history(self.caller, room_id, before, limit)
        self.write_json(MessagePage([state_of(each) for each in messages], more))


class RoomExportHandler(ApiHandler[RoomServices]):
    """``GET /api/v1/rooms/ID/export?format=json|csv``: all messages, streamed as fast as the client reads."""

    talks = True
    operations: ClassVar[Operations] = {
        "get": Operation(
            "Export every message of a room as a file", returns=JsonValue, query={"format": "json or csv"}, raw=True
        )
    }

    async def get(self, room_id: str) -> None:
        kind = self.get_query_argument("format", "json")
        if kind not in ("json", "csv"):
            raise Invalid(f"{kind[:20]!a} is not a format; use json or csv", field="format")
        room = await self.services.conversation.find_room(self.caller, room_id)
        self.set_header("Content-Disposition", f'attachment; filename="{room.id}.{kind}"')
        self.set_header(
            "Content-Type", "application/json; charset=utf-8" if kind == "json" else "text/csv; charset=utf-8"
        )
        self.write(b"[" if kind == "json" else _csv([_COLUMNS]))
        after = 0
        while some := await self.services.conversation.messages_after(room.id, after, _EXPORTED_AT_ONCE):
            states = [state_of(message) for message in some]
            if kind == "json":
                rows = b",\n".join(msgspec.json.encode(state) for state in states)
                self.write(b",\n" + rows if after else rows)
            else:
                self.write(_csv([_row(state) for state in states]))
            after = some[-1].seq
            await self.flush()  # waits for a slow client; no transaction is open
        if kind == "json":
            self.write(b"]")
        self.finish()


def _row(state: MessageState) -> tuple[object, ...]:
    return (
        state.message_id,
        state.t,
        state.user_id,
        _harmless(state.name),
        _harmless(state.text),
        state.at or "",
        state.edited or "",
        "yes" if state.deleted else "",
    )


def _harmless(text: str) -> str:
    """Quote a text that a spreadsheet would run as a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _csv(rows: list[tuple[object, ...]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


class MessageHandler(BaseHandler[RoomServices]):
    """``POST /api/message``: a message in a room, or to a user."""

    talks = True
    operations: ClassVar[Operations] = {
        "post": Operation("Post a message in a room, or to a user", body=NewMessage, returns=Sent)
    }

    async def post(self) -> None:
        body = self.json(NewMessage)
        if bool(body.room_id) == bool(body.user_id):
            raise Invalid("needs either roomId or userId, not both", field="roomId")
        if body.user_id and not self.caller.is_person:
            raise Invalid("is only for users, not for tokens; use roomId", field="userId")
        if body.room_id and kind_of(body.room_id) == "inbox":
            raise NotFound(f"there is no room {body.room_id[:60]!a}")
        if body.room_id:
            posted = await self.services.conversation.post(self.caller, body.room_id, body.text, key=body.key)
        else:
            posted = await self.services.conversation.direct(self.caller, body.user_id, body.text, key=body.key)
        self.write_json(Sent(True, message_id(posted.room, posted.seq)))


class NotificationsHandler(BaseHandler[RoomServices]):
    """``POST /api/v1/notifications``: a notification to users."""

    operations: ClassVar[Operations] = {
        "post": Operation("Notify a user, a role or a room", body=NewNotification, returns=Notified)
    }

    async def post(self) -> None:
        body = self.json(NewNotification)
        sent = await self.services.notify.send(
            self.caller,
            user=body.user,
            role=body.role,
            room=body.room,
            title=body.title,
            body=body.body,
            data=msgspec.json.encode(body.data),
            key=body.key,
        )
        self.write_json(Notified(sent))


class PresenceHandler(BaseHandler[RoomServices]):
    """``GET /api/v1/presence``: the connected users."""

    operations: ClassVar[Operations] = {"get": Operation("List the users connected to any process", returns=UserList)}

    def get(self) -> None:
        self.write_json(self.services.fanout.who_is_here(self.caller, self.services.presence.people()))
