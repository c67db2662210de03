"""All connections and views of this process: the ticks, the fan-out, the heartbeat.

The hot path: each view's frame is encoded once a tick and the same bytes go to every connection that is up to date and
has drained.  One that has not is skipped and later gets one frame with all it missed; nothing queues.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import count

from dashboard.domain.counters import Counters
from dashboard.domain.identity import ANONYMOUS, Caller
from dashboard.domain.position import Seen
from dashboard.hub.connection import Connection, People, Resolve, Subscription, Transport
from dashboard.hub.deferred import DeferredReply, HubLimits, PendingSnapshot
from dashboard.hub.sources import Sources
from dashboard.hub.view import Shared, View, ViewSpec
from dashboard.messages.session import SessionLimits
from dashboard.messages.views import Degraded, Drain, encode
from dashboard.rfc6455.close_codes import CloseCode

#: The loop breathes after so many sends.
_SENDS_PER_BREATH = 200
#: A screen that comes from another process may hold entries that have not arrived here: they will within so long.
_AHEAD_S = 5.0
_AHEAD_CHECK_S = 0.01
_NOT_READY_CHECK_S = 0.1
#: Close codes that RFC 6455 leaves to applications; of a client they may be any.
_FIRST_PRIVATE = 3_000


class Hub:
    """``now_ms`` is the journal's time, ``monotonic`` seconds for timers; both are given."""

    def __init__(
        self,
        *,
        sources: Sources,
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
        self.people: People  # given by the composition root
        self.authorise: Callable[[str, Caller], None] = lambda name, caller: None
        self.connections: set[Connection] = set()
        self.views: dict[str, View] = {}
        self._watchers: dict[str, dict[Connection, Subscription]] = {}
        self._behind: dict[str, set[Subscription]] = {}
        self.degraded = ""
        self._sources = sources
        self._partitions: dict[str, tuple[str, ...]] = {}  # by view
        self._owed_answers: deque[DeferredReply] = deque()
        self._owing = asyncio.Event()
        self._monotonic = monotonic
        self._due: list[tuple[float, int, str]] = []
        self._turn = count()
        self._wake = asyncio.Event()
        self._owed: asyncio.Queue[PendingSnapshot] = asyncio.Queue()

    # --- connections ---

    def full(self) -> bool:
        """Whether another connection would be one too many."""
        return len(self.connections) >= self.limits.max_connections

    def opened(self, wire: Transport, caller: Caller = ANONYMOUS) -> Connection:
        """A handshake is done."""
        connection = Connection(self, wire, self._monotonic(), caller)
        self.connections.add(connection)
        self.counters.connections_opened += 1
        return connection

    def dropped(self, connection: Connection, code: int, *, by_client: bool = False) -> None:
        """The connection is over, whoever ended it; said twice, the first counts."""
        if connection.closed:
            return
        connection.closed = True
        self.connections.discard(connection)
        own = by_client and code >= _FIRST_PRIVATE
        self.counters.connections_closed["client" if own else str(int(code))] += 1
        for view_id in list(connection.watching):
            self.leave(connection, view_id)
        self.people.dropped(connection, code)

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

    def join(self, connection: Connection, spec: ViewSpec) -> Subscription:
        """Put a connection into a view, at the place where the view stands; the view begins with its first viewer."""
        view = self.views.get(spec.id)
        if view is None:
            partitions = self._sources.want(spec.selectors)
            replicas = [partial(self._sources.replica, each) for each in partitions]
            view = View(spec, replicas, self.now_ms())
            self.views[view.id] = view
            self._partitions[view.id] = partitions
            self._watchers[view.id] = {}
            self._behind[view.id] = set()
            self._schedule(view, self._monotonic())
            self._wake.set()
        if before := connection.watching.get(view.id):
            self._behind[view.id].discard(before)
            before.frame_no = -1  # a fan-out under way passes it over
        watching = Subscription(connection, view)
        connection.watching[view.id] = watching
        self._watchers[view.id][connection] = watching
        return watching

    def leave(self, connection: Connection, view_id: str) -> bool:
        """Take a connection out of a view; the view ends with its last viewer. False: it was not in it."""
        watching = connection.watching.pop(view_id, None)
        if watching is None:
            return False
        if connection.boards.pop(view_id, None) is not None and not connection.closed:
            self.people.moved(connection)
        self._behind[view_id].discard(watching)
        watching.frame_no = -1
        watchers = self._watchers[view_id]
        del watchers[connection]
        if not watchers:
            del self.views[view_id], self._watchers[view_id], self._behind[view_id]
            self._sources.leave(self._partitions.pop(view_id))
        return True

    def is_ready(self, view: View, since: list[Seen] | None) -> bool:
        """Whether a watch can be answered now; else ``owe_answer``. A screen at ``since`` may be a tick ahead of the view."""
        if not self._sources.ready(self._partitions[view.id]) or (since is not None and not view.holds(since)):
            return False
        if since is not None and view.missing(since) == "ahead":
            self._schedule(view, 0, hasten=True)
            return False
        return True

    def owe_answer(
        self, watching: Subscription, request_id: int | str | None, board: bytes | None, since: list[Seen] | None
    ) -> None:
        """Answer a watch as soon as this process has got as far as it needs; until then this viewer gets no frames."""
        watching.frame_no = -1
        deadline = self._monotonic() + _AHEAD_S
        self._owed_answers.append(DeferredReply(watching, request_id, board, since, deadline))
        self._owing.set()

    async def run_answers(self) -> None:
        """Give the answers that are owed, until cancelled."""
        while True:
            await self._owing.wait()
            self._owing.clear()
            pause_s = _NOT_READY_CHECK_S
            for number in range(1, len(self._owed_answers) + 1):
                owed = self._owed_answers.popleft()  # what stands here has not been answered, whoever looks meanwhile
                watched = self._is_watched(owed.watching)
                ready = not watched or self._sources.ready(self._partitions[owed.watching.view.id])
                if not (ready and self._answer(owed)):
                    self._owed_answers.append(owed)
                    pause_s = _AHEAD_CHECK_S if ready else pause_s
                if not number % _SENDS_PER_BREATH:
                    await asyncio.sleep(0)
            if self._owed_answers:
                self._owing.set()
                await asyncio.sleep(pause_s)

    def _answer(self, owed: DeferredReply) -> bool:
        """Whether nothing is owed any more."""
        watching, view = owed.watching, owed.watching.view
        if not self._is_watched(watching):
            return True
        if self._monotonic() > owed.deadline_s or self.is_ready(view, owed.since):
            watching.connection.answer_watch(watching, owed.request_id, owed.board, owed.since)
            return True
        return False

    def _schedule(self, view: View, last_due_s: float, *, hasten: bool = False) -> None:
        """The next tick, on a grid from the last; a tick that is overdue is not made up for. ``hasten``: now, instead."""
        period = 1 / view.spec.rate_hz
        now = self._monotonic()
        due = now if hasten else last_due_s + period
        if due < now:
            due = now + period - (now - last_due_s) % period
        view.turn = next(self._turn)
        heapq.heappush(self._due, (due, view.turn, view.id))
        if hasten:
            self._wake.set()

    async def run_ticks(self) -> None:
        """Move each view on at its own rate, until cancelled."""
        while True:
            if not self._due:
                self._wake.clear()
                await self._wake.wait()
                continue
            due, turn, view_id = self._due[0]
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
            if view is not None and view.turn == turn:
                try:
                    await self._tick(view)
                finally:  # a tick that fails is logged by the supervisor, and the next one comes
                    if self.views.get(view_id) is view and view.turn == turn:
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
        number, seqs, behind = view.frame_no, view.seqs, self._behind[view.id]
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
            watching.sent = seqs
            wire.send(frame.deflated if wire.deflating else plain)
            sent += 1
            if not sent % _SENDS_PER_BREATH:
                await asyncio.sleep(0)
        self.counters.frames_sent += sent
        self.counters.frames_skipped += skipped
        self.counters.bytes_sent += sent * len(plain)

    async def _catch_up(self, view: View) -> None:
        """One frame with all that was missed, to those that were skipped and have drained since."""
        now_ms = self.now_ms()
        for number, watching in enumerate(list(self._behind[view.id]), 1):
            connection = watching.connection
            if connection.closed or watching not in self._behind.get(view.id, ()) or connection.wire.writing:
                continue
            sent = watching.sent
            reason = view.gap_reason if sent is None else view.missing(view.at(sent))
            if sent is None or reason:
                self.counters.gaps[reason] += 1
                connection.send(view.gap(reason))
                if view.is_large():
                    self.owe_snapshot(watching, None, None)
                    continue
                connection.reply_snapshot(view.snapshot(now_ms).body, None, None)
            else:
                connection.send(view.delta(sent, now_ms))
                self.counters.frames_caught_up += 1
            watching.frame_no, watching.sent = view.frame_no, view.seqs
            self._behind[view.id].discard(watching)
            if not number % _SENDS_PER_BREATH:
                await asyncio.sleep(0)

    def owe_snapshot(self, watching: Subscription, request_id: int | str | None, board: bytes | None) -> None:
        """Build a large view's snapshot piece by piece; until it is sent this viewer gets no frames."""
        watching.frame_no, watching.is_owed = -1, True
        self._behind[watching.view.id].discard(watching)  # its view is there as long as it is watched
        self._owed.put_nowait(PendingSnapshot(watching, request_id, board))

    async def run_snapshots(self) -> None:
        """Build and send the snapshots that are owed, one after the other, breathing in between; until cancelled."""
        while True:
            owed = await self._owed.get()
            waiting = [owed]
            while not self._owed.empty():
                waiting.append(self._owed.get_nowait())
            for view in dict.fromkeys(each.watching.view for each in waiting):
                await self._send_owed(view, [each for each in waiting if each.watching.view is view])

    async def _send_owed(self, view: View, waiting: list[PendingSnapshot]) -> None:
        seqs, number, generation = view.seqs, view.frame_no, view.generation
        parts: list[bytes] = []
        try:
            for part in view.snapshot_parts(self.now_ms()):
                parts.append(part)
                await asyncio.sleep(0)
            body = b"".join(parts)
            while waiting and view.generation == generation:
                watching, request_id, board = waiting.pop(0)
                watching.is_owed = False
                if self._is_watched(watching):
                    watching.sent, watching.frame_no = seqs, number
                    if view.frame_no != number:
                        self._behind[view.id].add(watching)
                if view.id in watching.connection.watching:  # each request is answered, also one that was said again
                    watching.connection.reply_snapshot(body, request_id, board)
                await asyncio.sleep(0)
        finally:
            for watching, request_id, board in waiting:  # entries were missed meanwhile, or building failed
                if view.id in watching.connection.watching:
                    self.owe_snapshot(watching, request_id, board)

    def _is_watched(self, watching: Subscription) -> bool:
        connection = watching.connection
        return not connection.closed and connection.watching.get(watching.view.id) is watching

    def _note_delay(self, view: View) -> None:
        accepted = view.oldest_accepted_ms
        if accepted is not None:
            self.counters.accept_to_socket_ms.append(max(0, self.now_ms() - accepted))

    def missed(self, partition: str, reason: str) -> None:
        """A replica has missed entries: every screen that needs it is owed ``gap`` and a snapshot, at its next tick."""
        for view_id, view in self.views.items():
            if partition not in self._partitions[view_id]:
                continue
            view.rebase()
            view.gap_reason = reason
            waiting = {owed.watching for owed in self._owed_answers}
            for watching in self._watchers[view_id].values():
                if watching in waiting or watching.is_owed:  # what it gets is of after the gap
                    continue
                watching.sent, watching.frame_no = None, -1
                self._behind[view_id].add(watching)

    async def tell_degraded(self, reason: str) -> None:
        """Tell every client, now and when it comes, that the way of the data is disturbed; empty: it is well again."""
        self.degraded = reason
        await self._tell_all(Shared(encode(Degraded(reason))))

    async def _tell_all(self, message: Shared) -> None:
        for number, connection in enumerate(list(self.connections), 1):
            if not connection.closed:
                connection.send(message)
            if not number % _SENDS_PER_BREATH:
                await asyncio.sleep(0)

    async def drain(self, over_s: float) -> None:
        """Tell every client to come back elsewhere, and close the connections spread over ``over_s`` seconds."""
        await self._tell_all(Shared(encode(Drain(over_s))))
        leaving = list(self.connections)
        for number, connection in enumerate(leaving, 1):
            connection.give_up(CloseCode.DRAIN, "the server is restarting; come back")
            if not number % _SENDS_PER_BREATH:
                await asyncio.sleep(over_s * _SENDS_PER_BREATH / len(leaving))
