"""All connections and views of this process: the ticks, the fan-out, the heartbeat.

The hot path: each view's frame is encoded once a tick and the same bytes go to every connection that is up to date and
has drained.  One that has not is skipped and later gets one frame with all it missed; nothing queues.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from msgspec import Struct

from dashboard.domain.counters import Counters
from dashboard.domain.position import Position
from dashboard.hub.connection import PING_FRAME, Connection, Resolve, Watching, Wire
from dashboard.hub.view import Shared, View, ViewSpec
from dashboard.protocol.codes import CloseCode
from dashboard.protocol.session import SessionLimits
from dashboard.replica.replica import Replica

#: The loop breathes after so many sends.
_SENDS_PER_BREATH = 200
_SWEEP_S = 1.0


class HubLimits(Struct, frozen=True):
    """See settings of the same names."""

    max_connections: int = 20_000
    max_subscriptions: int = 128
    heartbeat_s: float = 10
    dead_s: float = 20
    stalled_s: float = 9
    max_queue_bytes: int = 1 << 20


class Owed(NamedTuple):
    """A snapshot that is too large to be built in one go, and whom it answers."""

    watching: Watching
    request_id: int | str | None
    board: bytes | None


class Hub:
    """``now_ms`` is the journal's time, ``monotonic`` seconds for timers; both are given."""

    def __init__(
        self,
        *,
        replica: Callable[[], Replica],
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
        resolve: Resolve,
        limits: HubLimits,
        session_limits: SessionLimits,
        counters: Counters,
    ) -> None:
        self.now_ms = now_ms
        self.resolve = resolve
        self.session_limits = session_limits
        self.max_subscriptions = limits.max_subscriptions
        self.limits = limits
        self.counters = counters
        self.connections: set[Connection] = set()
        self.views: dict[str, View] = {}
        self._watchers: dict[str, dict[Connection, Watching]] = {}
        self._behind: dict[str, set[Watching]] = {}
        self._replica = replica
        self._monotonic = monotonic
        self._due: list[tuple[float, int, str]] = []
        self._turn = count()
        self._wake = asyncio.Event()
        self._owed: asyncio.Queue[Owed] = asyncio.Queue()

    # --- connections ---

    def full(self) -> bool:
        """Whether another connection would be one too many."""
        return len(self.connections) >= self.limits.max_connections

    def opened(self, wire: Wire) -> Connection:
        """A handshake is done."""
        connection = Connection(self, wire, self._monotonic())
        self.connections.add(connection)
        self.counters.connections_opened += 1
        return connection

    def dropped(self, connection: Connection, code: int) -> None:
        """The connection is over, whoever ended it; said twice, the first counts."""
        if connection.closed:
            return
        connection.closed = True
        self.connections.discard(connection)
        self.counters.connections_closed[code] += 1
        for view_id in list(connection.watching):
            self.leave(connection, view_id)

    def received(self, connection: Connection, text: str) -> None:
        """A text message came."""
        now_s = self._monotonic()
        connection.heard_s = now_s
        connection.receive(text, now_s)

    def heard(self, connection: Connection) -> None:
        """A ping or pong frame came."""
        connection.heard_s = now_s = self._monotonic()
        if (flood := connection.session.control(now_s)) is not None:
            connection.give_up(flood.code, flood.reason)

    # --- views ---

    def join(self, connection: Connection, spec: ViewSpec) -> Watching:
        """Put a connection into a view, at the place where the view stands; the view begins with its first viewer."""
        view = self.views.get(spec.id)
        if view is None:
            view = View(spec, self._replica, self.now_ms())
            self.views[view.id] = view
            self._watchers[view.id] = {}
            self._behind[view.id] = set()
            self._schedule(view, self._monotonic())
            self._wake.set()
        if before := connection.watching.get(view.id):
            self._behind[view.id].discard(before)
            before.frame_no = -1  # a fan-out under way passes it over
        watching = Watching(connection, view)
        connection.watching[view.id] = watching
        self._watchers[view.id][connection] = watching
        return watching

    def leave(self, connection: Connection, view_id: str) -> bool:
        """Take a connection out of a view; the view ends with its last viewer. False: it was not in it."""
        watching = connection.watching.pop(view_id, None)
        if watching is None:
            return False
        self._behind[view_id].discard(watching)
        watching.frame_no = -1
        watchers = self._watchers[view_id]
        del watchers[connection]
        if not watchers:
            del self.views[view_id], self._watchers[view_id], self._behind[view_id]
        return True

    def _schedule(self, view: View, last_due_s: float) -> None:
        """The next tick, on a grid from the last; a tick that is overdue is not made up for."""
        period = 1 / view.spec.rate_hz
        now = self._monotonic()
        due = last_due_s + period
        if due < now:
            due = now + period - (now - last_due_s) % period
        heapq.heappush(self._due, (due, next(self._turn), view.id))

    async def run_ticks(self) -> None:
        """Move each view on at its own rate, until cancelled."""
        while True:
            if not self._due:
                self._wake.clear()
                await self._wake.wait()
                continue
            due, _, view_id = self._due[0]
            wait = due - self._monotonic()
            if wait > 0:
                self._wake.clear()
                try:
                    async with asyncio.timeout(wait):
                        await self._wake.wait()
                except TimeoutError:
                    pass
                continue
            heapq.heappop(self._due)
            view = self.views.get(view_id)
            if view is not None:
                try:
                    await self._tick(view)
                finally:  # a tick that fails is logged by the supervisor, and the next one comes
                    if self.views.get(view_id) is view:
                        self._schedule(view, due)
            await asyncio.sleep(0)

    async def _tick(self, view: View) -> None:
        previous_no = view.frame_no
        frame = view.advance(self.now_ms())
        if frame is not None:
            await self._fan_out(view, frame, previous_no)
            self._note_delay(view)
        if self._behind.get(view.id):
            await self._catch_up(view)

    async def _fan_out(self, view: View, frame: Shared, previous_no: int) -> None:
        """The same bytes to every connection that is up to date and has drained."""
        plain = frame.frame
        number, seq, behind = view.frame_no, view.seq, self._behind[view.id]
        sent = skipped = 0
        for watching in list(self._watchers[view.id].values()):
            if watching.frame_no != previous_no:
                continue
            wire = watching.wire
            if wire.writing:
                behind.add(watching)
                skipped += 1
                continue
            watching.frame_no = number
            watching.sent_seq = seq
            wire.send(frame.deflated if wire.deflating else plain)
            sent += 1
            if not sent % _SENDS_PER_BREATH:
                await asyncio.sleep(0)
        self.counters.frames_sent += sent
        self.counters.frames_skipped += skipped
        self.counters.bytes_sent += sent * len(plain)

    async def _catch_up(self, view: View) -> None:
        """One frame with all that was missed, to those that were skipped and have drained since."""
        now_ms, epoch = self.now_ms(), view.position.epoch
        for number, watching in enumerate(list(self._behind[view.id]), 1):
            connection = watching.connection
            if connection.closed or watching not in self._behind.get(view.id, ()) or connection.wire.writing:
                continue
            if reason := view.missing(Position(epoch, watching.sent_seq)):
                self.counters.gaps[reason] += 1
                connection.send(view.gap(reason))
                if view.is_large():
                    self.owe_snapshot(watching, None, None)
                    continue
                connection.reply_snapshot(view.snapshot(now_ms).body, None, None)
            else:
                connection.send(view.delta(watching.sent_seq, now_ms))
                self.counters.frames_caught_up += 1
            watching.frame_no, watching.sent_seq = view.frame_no, view.seq
            self._behind[view.id].discard(watching)
            if not number % _SENDS_PER_BREATH:
                await asyncio.sleep(0)

    def owe_snapshot(self, watching: Watching, request_id: int | str | None, board: bytes | None) -> None:
        """Build a large view's snapshot piece by piece; until it is sent this viewer gets no frames."""
        watching.frame_no = -1
        self._behind[watching.view.id].discard(watching)  # its view is there as long as it is watched
        self._owed.put_nowait(Owed(watching, request_id, board))

    async def run_snapshots(self) -> None:
        """Build and send the snapshots that are owed, one after the other, breathing in between; until cancelled."""
        while True:
            owed = await self._owed.get()
            waiting = [owed]
            while not self._owed.empty():
                waiting.append(self._owed.get_nowait())
            for view in dict.fromkeys(each.watching.view for each in waiting):
                await self._send_owed(view, [each for each in waiting if each.watching.view is view])

    async def _send_owed(self, view: View, waiting: list[Owed]) -> None:
        seq, number, generation = view.seq, view.frame_no, view.generation
        parts: list[bytes] = []
        try:
            for part in view.snapshot_parts(self.now_ms()):
                parts.append(part)
                await asyncio.sleep(0)
            body = b"".join(parts)
            while waiting and view.generation == generation:
                watching, request_id, board = waiting.pop(0)
                if self._is_watched(watching):
                    watching.sent_seq, watching.frame_no = seq, number
                    if view.frame_no != number:
                        self._behind[view.id].add(watching)
                if view.id in watching.connection.watching:  # each request is answered, also one that was said again
                    watching.connection.reply_snapshot(body, request_id, board)
                await asyncio.sleep(0)
        finally:
            for watching, _, _ in waiting:  # entries were missed meanwhile, or building failed: owed anew, with a gap
                if self._is_watched(watching):
                    watching.sent_seq = -1
                    self._behind[view.id].add(watching)

    def _is_watched(self, watching: Watching) -> bool:
        connection = watching.connection
        return not connection.closed and connection.watching.get(watching.view.id) is watching

    def _note_delay(self, view: View) -> None:
        accepted = view.oldest_accepted_ms
        if accepted is not None:
            self.counters.accept_to_socket_ms.append(max(0, self.now_ms() - accepted))

    def missed(self) -> None:
        """The replica has missed entries: every screen is owed ``gap`` and a snapshot, at its next tick."""
        for view_id, view in self.views.items():
            view.rebase()
            for watching in self._watchers[view_id].values():
                watching.sent_seq = watching.frame_no = -1
                self._behind[view_id].add(watching)

    # --- heartbeat ---

    async def run_heartbeat(self) -> None:
        """Ping the quiet, give up the dead, the stalled and the silent, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            for number, connection in enumerate(list(self.connections), 1):
                if not connection.closed:
                    self._check(connection, self._monotonic())
                if not number % _SENDS_PER_BREATH:
                    await asyncio.sleep(0)

    def _check(self, connection: Connection, now_s: float) -> None:
        limits = self.limits
        quiet_s = now_s - connection.heard_s
        if connection.wire.writing:
            connection.stalled_s = connection.stalled_s or now_s
        else:
            connection.stalled_s = 0.0
        stalled = connection.stalled_s and now_s - connection.stalled_s >= limits.stalled_s
        if connection.session.overdue(now_s):
            connection.give_up(CloseCode.NO_HELLO, f"no request within {self.session_limits.hello_s:g} s")
        elif stalled and quiet_s >= limits.stalled_s / 2:
            connection.give_up(CloseCode.SLOW, "the connection does not drain")
        elif quiet_s >= limits.dead_s:
            connection.give_up(CloseCode.NO_PONG, f"nothing heard for {limits.dead_s:g} s")
        elif quiet_s >= limits.heartbeat_s and now_s - connection.pinged_s >= limits.heartbeat_s:
            connection.pinged_s = now_s
            if not connection.wire.writing:
                connection.wire.send(PING_FRAME)

    async def drain(self, over_s: float) -> None:
        """Tell every client to come back elsewhere, spread over ``over_s`` seconds."""
        leaving = list(self.connections)
        for number, connection in enumerate(leaving, 1):
            connection.give_up(CloseCode.DRAIN, "the server is restarting; come back")
            if not number % _SENDS_PER_BREATH:
                await asyncio.sleep(over_s * _SENDS_PER_BREATH / len(leaving))
