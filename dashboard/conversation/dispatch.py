"""Dispatcher of users' requests on ``/ws``: the requests of one connection run in order; each connection has one user.

Owns authentication on a connection, and closes connections whose session ends.  The use cases are in ``conversation.py``,
``notify.py`` and ``presence/tracker.py``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dashboard.accounts.authenticator import Authenticator
from dashboard.accounts.policies import authorise
from dashboard.boards.editing import Editors
from dashboard.conversation.conversation import Conversation
from dashboard.conversation.fanout import RoomFanout, notification_state
from dashboard.conversation.join import Join, check_member
from dashboard.conversation.notify import Notify
from dashboard.conversation.sign_in import SignIn
from dashboard.conversation.typing_notices import TypingNotices
from dashboard.domain.counters import Counters
from dashboard.domain.errors import BadToken, DashboardError, NotAuthenticated, TooMany, Unavailable
from dashboard.domain.identity import Caller
from dashboard.domain.room import inbox_room
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.auth import Auth
from dashboard.messages.boards import EditBoard, LeaveBoard, PointAt
from dashboard.messages.fields import PersonalRequest
from dashboard.messages.notifications import NotificationList, NotificationRead, Notifications, Unread
from dashboard.messages.people import PersonalReply, encode_personal
from dashboard.messages.presence import Presence, Users
from dashboard.messages.rooms import (
    Ack,
    Delete,
    Direct,
    Edit,
    History,
    HistoryPage,
    JoinRoom,
    LeaveRoom,
    Left,
    MessageState,
    Post,
    Read,
    ReadMark,
    Recover,
    Recovered,
    RoomList,
    Rooms,
    Typing,
    message_id,
    seq_of,
    state_of,
)
from dashboard.messages.session import proves, type_of
from dashboard.messages.views import Ping, Request, Unwatch, Watch
from dashboard.presence.tracker import PresenceTracker
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.runtime import Group

#: Connections served at one time; others wait for a free worker.
_WORKERS = 128
#: Requests of one connection that are served before other connections get their turn.
_TURN = 8
#: Queued requests of one connection; more are refused with ``rate_limited``.
_MAX_WAITING = 100
#: Pause between two checks for expired tokens.
_SWEEP_S = 0.5


class Step(PersonalRequest, frozen=True, kw_only=True):
    """Internal step that waits for its turn among the requests of a connection."""

    run: Callable[[], None]


class RequestDispatcher:
    """Queue and workers for requests: in order within a connection, many connections at once.

    ``serve_view`` answers view requests that are queued after an ``auth``; ``find_board`` is called before a board is watched:
    another process may have just made it.
    """

    def __init__(
        self,
        *,
        registry: ConnectionRegistry,
        identify: Authenticator,
        sign_in: SignIn,
        presence: PresenceTracker,
        conversation: Conversation,
        join: Join,
        fanout: RoomFanout,
        notify: Notify,
        editors: Editors,
        typing: TypingNotices,
        counters: Counters,
        serve_view: Callable[[Connection, Watch | Unwatch | Ping], None],
        find_board: Callable[[str], Awaitable[None]],
        now_ms: Callable[[], int],
    ) -> None:
        self._registry = registry
        self._identify = identify
        self._sign_in = sign_in
        self._presence = presence
        self._conversation = conversation
        self._join = join
        self._fanout = fanout
        self._notify = notify
        self._editors = editors
        self._typing = typing
        self._counters = counters
        self._serve_view = serve_view
        self._find_board = find_board
        self._now_ms = now_ms
        self._ready: asyncio.Queue[Connection] = asyncio.Queue()
        self._recheck = asyncio.Event()

    # --- calls of the hub ---

    def opened(self, connection: Connection, *, authenticates: bool = True) -> None:
        """Register an opened connection; authenticate it at once if the handshake already named its user.

        ``authenticates``: False for clients that later say whether they want to be authenticated.
        """
        caller = connection.caller
        if caller.kind not in ("anonymous", "local") or caller.expires_ms is not None or caller.session or caller.links:
            self._sign_in.known.add(connection)
        if authenticates and connection.caller.is_person:
            self._put(connection, Auth(user_id=connection.caller.id, token=""))

    def take(self, connection: Connection, request: Request) -> None:
        """Queue a request after the earlier requests of its connection; raises TooMany."""
        if len(connection.requests) >= _MAX_WAITING:
            raise TooMany(f"{_MAX_WAITING} requests are unanswered; wait for their replies")
        self._put(connection, request)

    def _put(self, connection: Connection, request: Request) -> None:
        connection.authenticating += proves(request)
        connection.requests.append(request)
        if not connection.busy:
            connection.busy = True
            self._ready.put_nowait(connection)

    def sign_out(self, connection: Connection) -> None:
        """Unbind an open connection from its user and rooms; its views stay open."""
        self._typing.stop(connection)
        self._editors.dropped(connection)
        self._sign_in.sign_out(connection)

    def boards_left(self, connection: Connection) -> None:
        """Publish that an open connection watches no board any more."""
        self._presence.changed(connection)

    def dropped(self, connection: Connection, code: int) -> None:
        """Forget a connection that has ended."""
        self._typing.stop(connection)
        self._editors.dropped(connection)
        self._presence.dropped(connection, code)
        self._sign_in.known.discard(connection)
        for room in list(connection.rooms):
            self._registry.leave(connection, room)
        if connection in self._registry.people:
            user = connection.caller.id
            self._registry.remove_user(connection)
            if not self._registry.connections_of(user):
                self._fanout.forget(user)

    def after_requests(self, connection: Connection, step: Callable[[], None]) -> None:
        """Call ``step`` after all requests that are queued now have been served."""
        if connection.busy:
            connection.requests.append(Step(run=step))
        else:
            step()

    # --- running ---

    async def run(self) -> None:
        """Serve requests and check sessions until cancelled."""
        async with Group() as group:
            group.start("session checks", self._run_sweep)
            for number in range(_WORKERS):
                group.start(f"requests {number}", self._work)

    async def _work(self) -> None:
        while True:
            connection = await self._ready.get()
            try:
                for _ in range(_TURN):
                    if not connection.requests or connection.closed:
                        break
                    await self._serve(connection, connection.requests.popleft())
            except BaseException:
                connection.busy = False  # the next request is still served
                raise
            if connection.requests and not connection.closed:
                self._ready.put_nowait(connection)
            else:
                connection.busy = False

    async def _serve(self, connection: Connection, request: Request) -> None:
        try:
            if isinstance(request, Step):
                request.run()
            elif isinstance(request, Recover):
                connection.answer(await self._recover(connection, request), request.id)
            elif isinstance(request, Watch | Unwatch | Ping):
                if isinstance(request, Watch) and request.board is not None:
                    await self._find_board(request.board)
                self._serve_view(connection, request)
            else:
                authorise("ws " + type_of(request), connection.caller)
                if not isinstance(request, Auth) and connection not in self._registry.people:
                    raise NotAuthenticated("authenticate first")
                await self._answer(connection, request)
        except BadToken as error:
            self._counters.authentications["refused"] += 1
            connection.refuse(error, request.id)
            connection.give_up(CloseCode.BAD_TOKEN, str(error))
        except DashboardError as error:
            connection.refuse(error, request.id)
            if isinstance(request, Auth) and error.retryable:  # a reconnect authenticates again
                connection.give_up(CloseCode.OVERLOADED, "the store does not answer; reconnect")
        finally:
            connection.authenticating -= proves(request)

    def recheck(self) -> None:
        """Check all connections soon, because users, tokens or sessions have changed."""
        self._recheck.set()

    async def _run_sweep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_SWEEP_S):
                    await self._recheck.wait()
            except TimeoutError:
                pass
            changed, now_ms = self._recheck.is_set(), self._now_ms()
            self._recheck.clear()
            for number, connection in enumerate(list(self._sign_in.known), 1):
                self._check(connection, now_ms, changed=changed)
                if not number % 200:
                    await asyncio.sleep(0)
            if changed:
                self._leave_closed()

    def _leave_closed(self) -> None:
        """Remove connections from closed rooms, and from rooms that their users may no longer join."""
        for connection in list(self._registry.people):
            for room in list(connection.rooms):
                if not self._conversation.may_join(connection.caller, room):
                    self._leave(connection, LeaveRoom(room_id=room))
                    connection.reply(encode_personal(Left(room)))

    def _check(self, connection: Connection, now_ms: int, *, changed: bool) -> None:
        caller = connection.caller
        if caller.expires_ms is not None and caller.expires_ms <= now_ms:
            connection.give_up(CloseCode.TOKEN_EXPIRED, "the token has expired; reconnect with a new one")
        elif changed:
            now = self._identify.still(caller)
            if now is None:
                connection.give_up(CloseCode.REVOKED, "the session has ended")
            elif (now.role, now.grants, now.token, now.links) != (
                caller.role,
                caller.grants,
                caller.token,
                caller.links,
            ):
                connection.give_up(CloseCode.TOKEN_EXPIRED, "your role has changed; reconnect")
            else:
                connection.caller = now
                if now.name != caller.name:
                    self._presence.changed(connection)

    # --- answering ---

    async def _answer(self, connection: Connection, request: PersonalRequest) -> None:
        reply: PersonalReply | None = None
        caller = connection.caller
        if isinstance(request, Auth):
            reply = await self._sign_in(connection, request)
        elif isinstance(request, JoinRoom):
            reply = await self._join(connection, request)
            self._counters.joins += 1
        elif isinstance(request, LeaveRoom):
            reply = self._leave(connection, request)
        elif isinstance(request, Typing):
            self._typing(connection, request)
            self._counters.typing_notices += 1
        elif isinstance(request, Presence):
            connection.status = request.status
            self._presence.changed(connection)
        elif isinstance(request, Users):
            reply = self._fanout.who_is_here(caller, self._presence.people())
        elif isinstance(request, Rooms):
            reply = RoomList(await self._fanout.room_states(caller))
        elif isinstance(request, EditBoard | LeaveBoard | PointAt):
            reply = await self._editors.answer(connection, request)
        elif isinstance(request, Notifications | NotificationRead):
            reply = await self._notifications(caller, request)
        elif isinstance(request, Post | Direct | Edit | Delete | Read | History):
            reply = await self._talk(connection, request)
        if reply is not None:
            connection.answer(reply, request.id)
        else:
            connection.answer_done(request.id)

    async def _talk(
        self, connection: Connection, request: Post | Direct | Edit | Delete | Read | History
    ) -> PersonalReply | None:
        caller, talk = connection.caller, self._conversation
        if isinstance(request, History):
            messages, more = await talk.history(caller, request.room_id, request.before, request.limit)
            return HistoryPage(request.room_id, [state_of(each) for each in messages], more)
        if isinstance(request, Direct):
            posted = await talk.direct(caller, request.user_id, request.text, key=request.key)
        else:
            check_member(connection, request.room_id)
            if isinstance(request, Read):
                await talk.read(caller, request.room_id, request.message_id)
                if request.id is None:
                    return None  # the mark arrives through the journal, on all pages of the user
                return ReadMark(
                    request.room_id, request.message_id, await self._fanout.count(caller.id, request.room_id)
                )
            if isinstance(request, Post):
                posted = await talk.post(caller, request.room_id, request.text, key=request.key, at_ms=request.at)
            elif isinstance(request, Edit):
                posted = await talk.edit(caller, request.room_id, request.message_id, request.text)
            else:
                posted = await talk.delete(caller, request.room_id, request.message_id)
        return Ack(
            message_id=message_id(posted.room, posted.seq),
            room_id=posted.room,
            status="changed" if isinstance(request, Edit | Delete) else "delivered",
            position=str(posted.changed_seq),
            key=posted.key if isinstance(request, Post | Direct) else None,
        )

    async def _recover(self, connection: Connection, request: Recover) -> Recovered:
        """Join all requested rooms, each from its position on, or none of them; raises Unavailable, NotAuthenticated."""
        if connection not in self._registry.people:
            raise NotAuthenticated("authenticate first")
        messages: list[MessageState] = []
        for room_id, since in request.rooms.items():
            try:
                authorise("ws join_room", connection.caller)
                joined = await self._join(connection, JoinRoom(room_id=room_id, since=since))
            except Unavailable:
                raise
            except DashboardError:
                joined = None
            if joined is None or not joined.recovered:
                for room in list(connection.rooms):
                    self._leave(connection, LeaveRoom(room_id=room))
                return Recovered(False, [], {})
            messages += joined.messages.items()
        return Recovered(True, messages, request.rooms)

    def _leave(self, connection: Connection, request: LeaveRoom) -> Left:
        check_member(connection, request.room_id)
        self._typing.stop(connection, request.room_id)
        self._registry.leave(connection, request.room_id)
        self._presence.left(connection, request.room_id)
        return Left(request.room_id)

    async def _notifications(
        self, caller: Caller, request: Notifications | NotificationRead
    ) -> NotificationList | Unread | None:
        room = inbox_room(caller.id)
        if isinstance(request, NotificationRead):
            seq = None if request.notification_id is None else seq_of(room, request.notification_id) or 0
            await self._notify.read(caller, seq)
            return Unread(await self._fanout.count(caller.id, room)) if request.id is not None else None
        before = None if request.before is None else seq_of(room, request.before) or 0
        found, more = await self._notify.list(caller, before, request.limit)
        states = [notification_state(message, read=read) for message, read in found]
        return NotificationList(states, await self._fanout.unread(caller.id, room), more)
