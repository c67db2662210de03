"""Editors connected to this process: each gets every operation on a draft once and in order, and sees the other editors.

Operations arrive through the journal. If an operation is missing because an append failed or the journal was emptied, it is read
from the store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple
from weakref import WeakValueDictionary

from dashboard.boards.drafts import MAX_HISTORY, Drafts
from dashboard.boards.library import Author
from dashboard.boards.operation_forms import entry_of, operation_state
from dashboard.cluster.bus import Bus, Heard
from dashboard.domain.errors import DashboardError, Unavailable
from dashboard.entries.boards import BoardOperated
from dashboard.entries.room_event import RoomEvent
from dashboard.entries.signals import AskEditors, EditorAt
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.boards import (
    BoardEditor,
    BoardOperation,
    EditBoard,
    Editing,
    LeaveBoard,
    PointAt,
    encode_changed,
)
from dashboard.runtime import Group
from dashboard.store.board_drafts import draft_ends, operations_after
from dashboard.store.database import Database

_log = logging.getLogger(__name__)

#: The store is asked this often whether an operation is missing.
_SWEEP_S = 2.0
#: Each process announces its editors this often; the editors of a killed process are forgotten when the announcements stop.
_TELL_EVERY_S = 10.0
#: Most signals that wait to be passed on; a further signal is dropped, because a later signal replaces it.
_MAX_WAITING = 1_000


class _Seat(NamedTuple):
    """Open page of an editor: the board, the page's id, and the tile that the editor has selected."""

    board: str
    page: str
    at: PointAt


class Editors:
    """Connections of this process that edit boards. ``find_board``: called before a board is edited; another process may
    have just made it."""

    def __init__(
        self,
        *,
        drafts: Drafts,
        database: Database,
        registry: ConnectionRegistry,
        bus: Bus,
        find_board: Callable[[str], Awaitable[None]],
    ) -> None:
        self._drafts = drafts
        self._find_board = find_board
        self._database = database
        self._registry = registry
        self._bus = bus
        self._seats: dict[Connection, _Seat] = {}
        self._reached: dict[str, int] = {}  # number of the newest operation sent by this process, by board
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # those in use
        self._heard: asyncio.Queue[BoardOperated | EditorAt | AskEditors] = asyncio.Queue(_MAX_WAITING)
        self._sweep = asyncio.Event()
        bus.subscribe(EditorAt, self._hear)
        bus.subscribe(AskEditors, self._hear)

    def _hear(self, signal: EditorAt | AskEditors, _: Heard) -> None:
        self._note(signal)

    def operated(self, event: RoomEvent) -> None:
        """Queue an operation that has arrived through the journal."""
        if isinstance(event, BoardOperated):
            self._note(event)

    def missed(self) -> None:
        """Schedule a search of the store for missed operations."""
        self._sweep.set()

    def _note(self, heard: BoardOperated | EditorAt | AskEditors) -> None:
        if heard.board not in self._reached:
            return
        if self._heard.full():
            self._sweep.set()
        else:
            self._heard.put_nowait(heard)

    # --- requests ---

    async def answer(self, connection: Connection, request: EditBoard | LeaveBoard | PointAt) -> Editing | None:
        """Serve an editor's request; raises NotFound, Forbidden, Unavailable."""
        if isinstance(request, EditBoard):
            return await self._join(connection, request)
        if isinstance(request, LeaveBoard):
            await self._leave(connection)
        elif (seat := self._seats.get(connection)) is not None:
            self._seats[connection] = seat._replace(at=request)
            await self._bus.publish(self._signal(connection))
        return None

    async def _join(self, connection: Connection, request: EditBoard) -> Editing:
        await self._find_board(request.board)
        board = self._drafts.present_id(Author(connection.caller), request.board)
        if (seat := self._seats.get(connection)) is not None and seat.board != board:
            await self._leave(connection)
        async with self._lock(board):
            state = await self._drafts.read(Author(connection.caller), board)
            if board in self._reached:
                await self._catch_up(board)
            if not connection.closed:
                self._reached[board] = max(self._reached.get(board, 0), state.seq)
                self._seats[connection] = _Seat(board, request.page, PointAt())
        await self._bus.publish(AskEditors(board))
        await self._bus.publish(self._signal(connection))
        history = [operation_state(entry_of(each)) for each in state.history]
        return Editing(
            board, state.document, state.seq, state.is_draft, state.by, state.t_ms, state.operations, history
        )

    async def _leave(self, connection: Connection) -> None:
        if connection in self._seats:
            signal = self._signal(connection, gone=True)
            self.dropped(connection)
            await self._bus.publish(signal)

    def dropped(self, connection: Connection) -> None:
        """Forget a connection that has ended; the other processes forget the editor some time after the last
        announcement."""
        seat = self._seats.pop(connection, None)
        if seat is not None and not any(each.board == seat.board for each in self._seats.values()):
            self._reached.pop(seat.board, None)

    def _signal(self, connection: Connection, *, gone: bool = False) -> EditorAt:
        seat = self._seats.get(connection) or _Seat("", "", PointAt())
        caller = connection.caller
        return EditorAt(seat.board, seat.page, caller.id, caller.name, seat.at.widget, seat.at.place, gone)

    def _lock(self, board: str) -> asyncio.Lock:
        return self._locks.setdefault(board, asyncio.Lock())

    # --- telling ---

    async def run(self) -> None:
        """Send operations and notices about editors to the connections of this process until cancelled."""
        async with Group() as group:
            group.start("operations", self._run_heard)
            group.start("sweep", self._run_sweep)
            group.start("editors", self._run_editors)

    async def _run_heard(self) -> None:
        while True:
            heard = await self._heard.get()
            if isinstance(heard, EditorAt):
                notice = BoardEditor(
                    heard.board, heard.page, heard.user, heard.name, heard.widget, heard.place, heard.gone
                )
                await self._registry.broadcast(self.at(heard.board), encode_changed(notice))
            elif isinstance(heard, AskEditors):
                await self._tell_editors(heard.board)
            else:
                await self._take(heard)

    async def _take(self, operated: BoardOperated) -> None:
        async with self._lock(operated.board):
            reached = self._reached.get(operated.board)
            if reached is None or operated.seq <= reached:
                return
            if operated.seq == reached + 1:
                await self._tell(operated)
            else:
                await self._try_to_catch_up(operated.board)

    async def _tell(self, operated: BoardOperated) -> None:
        self._reached[operated.board] = operated.seq
        notice = encode_changed(BoardOperation(operated.board, operation_state(operated)))
        await self._registry.broadcast(self.at(operated.board), notice)

    def at(self, board: str) -> list[Connection]:
        """Return the connections of this process that edit a board."""
        return [connection for connection, seat in self._seats.items() if seat.board == board]

    async def _catch_up(self, board: str) -> None:
        async with self._database.read() as tx:
            reached = self._reached.get(board)  # None: the last editor has left meanwhile
            rows = [] if reached is None else await operations_after(tx, board, reached, MAX_HISTORY)
        for row in rows:
            if board in self._reached:
                await self._tell(entry_of(row))

    async def _try_to_catch_up(self, board: str) -> None:
        try:
            await self._catch_up(board)
        except DashboardError as error:
            _log.debug("editors of %s could not catch up: %s", board, error)  # the next sweep tries again

    async def _run_sweep(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_SWEEP_S):
                    await self._sweep.wait()
            except TimeoutError:
                pass
            self._sweep.clear()
            if self._reached:
                try:
                    async with self._database.read() as tx:
                        ends = await draft_ends(tx, list(self._reached))
                except Unavailable:
                    continue
                for board, end in ends.items():
                    async with self._lock(board):
                        if end > self._reached.get(board, end):
                            await self._try_to_catch_up(board)

    async def _run_editors(self) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY_S)
            for board in list(self._reached):
                await self._tell_editors(board)

    async def _tell_editors(self, board: str) -> None:
        for connection in self.at(board):
            await self._bus.publish(self._signal(connection))
