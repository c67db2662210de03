"""Live expressions: each is evaluated once a second for all views of this process, whatever their windows.

A value belongs to a whole second. The value is computed again a second later, when late samples have arrived, and is final then.
Even later samples change the values of the last minute. If the newest value lies between two steps of a view, it is removed when
the next value is added.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import msgspec

from dashboard.domain.errors import DashboardError
from dashboard.expressions.conditions import condition_of, late_second
from dashboard.expressions.derived import MOST_SERIES, Condition, DerivedReplica, DerivedRow, derived_rows
from dashboard.expressions.live_state import LATE_S, LiveState
from dashboard.expressions.runner import QueryRunner
from dashboard.expressions.watched import LiveSpec
from dashboard.query.promql.query import QueryAnswer, range_query
from dashboard.query.promql.syntax import Expr
from dashboard.query.promql.values import Grid
from dashboard.replication.replicas import Replicas
from dashboard.runtime import Group
from dashboard.turns import next_turn

#: Series of all expressions together; an expression that is opened and would bring more has a fault instead, and one that is
#: shown already gets no new series. Each series takes up to 24 KB.
MOST_DERIVED = 20_000
#: An expression that no view shows is kept for this long, for screens that come back.
LINGER_S = 60.0
#: A second is evaluated this long after it has begun, so that its samples have arrived.
_GRACE_MS = 200
#: Pause between two searches for series that ended before the history begins.
_DROP_EVERY_S = 60
#: Pause after an evaluation, in multiples of the time that the evaluation took.
_REST = 4
#: Values of an evaluation that are added in one step of the event loop; one takes about 5 us.
_VALUES_PER_STEP = 2_000

_log = logging.getLogger(__name__)


class LiveExpressions:
    """The watched expressions of this process. ``now_ms`` is the journal's time; ``on_put``: called when values have been added."""

    def __init__(self, *, queries: QueryRunner, replicas: Replicas, now_ms: Callable[[], int]) -> None:
        self._queries = queries
        self._now_ms = now_ms
        self._replicas = replicas
        self._on_put: Callable[[], None] = lambda: None
        self._on_gap: Callable[[str], None] = lambda reason: None
        self._held: dict[str, LiveState] = {}
        self._wake = asyncio.Event()
        self._replica = DerivedReplica(replicas.windows, "derived")
        replicas.subscribe_gap(self._missed)

    def subscribe(self, *, on_put: Callable[[], None], on_gap: Callable[[str], None]) -> None:
        """Call ``on_put`` after values were added, ``on_gap`` with the reason when all values are computed anew."""
        self._on_put, self._on_gap = on_put, on_gap

    # --- use by views ---

    def want(self, specs: Sequence[LiveSpec]) -> None:
        """Evaluate expressions every second until ``leave`` is called with the same specs."""
        for spec in specs:
            live = self._held.setdefault(spec.text, LiveState(spec.text))
            if not live.specs.get(spec):
                live.refused.pop(spec.name, None)  # there may be room now
            live.specs[spec] = live.specs.get(spec, 0) + 1
        self._wake.set()

    def leave(self, specs: Sequence[LiveSpec]) -> None:
        """Stop evaluating expressions that were given to ``want``, unless other views need them."""
        for spec in specs:
            live = self._held[spec.text]
            live.specs[spec] -= 1
            live.unwanted_s = asyncio.get_running_loop().time()

    def replica(self) -> DerivedReplica:
        """Return the replica of the derived series."""
        return self._replica

    def ready(self, specs: Sequence[LiveSpec]) -> bool:
        """Return whether the history of the expressions has been computed."""
        return all(self._held[spec.text].is_done(spec) for spec in specs)

    def _missed(self, partition: str, reason: str) -> None:
        """Compute all expressions anew, because entries are missing or another epoch began."""
        if not self._held:
            return
        for live in self._held.values():
            live.filled.clear()
            live.missing.clear()
            live.refused.clear()
            live.seen.clear()
            live.provisional.clear()
            live.there.clear()
        self._replica = DerivedReplica(self._replicas.windows, self._epoch())
        self._on_gap(reason)
        self._wake.set()

    def _epoch(self) -> str:
        """Return the epoch of the followed partition; of several partitions, a hash of their epochs.

        A new epoch of any partition changes the result, so a screen with a position of the old epoch learns of the gap.
        """
        followed = self._replicas.followed()
        epochs = [f"{name}={followed[name].position.epoch}" for name in sorted(followed)]
        if len(epochs) > 1:
            return hashlib.blake2b(" ".join(epochs).encode(), digest_size=8).hexdigest()
        return next((replica.position.epoch for replica in followed.values()), "derived")

    # --- evaluation ---

    async def run(self) -> None:
        """Evaluate all expressions once a second, and new expressions immediately, until cancelled."""
        async with Group() as group:
            while True:
                self._wake.clear()
                now_ms = self._now_ms()
                second = (now_ms - _GRACE_MS) // 1000
                self._forget_unwanted()
                if self._replica.position.epoch != self._epoch() and not self._replica.position.seq:
                    self._replica = DerivedReplica(self._replicas.windows, self._epoch())
                    self._on_gap("")
                for live in self._held.values():
                    if not live.is_busy and (second >= live.due_s or not live.is_filled):
                        live.is_busy = True
                        group.start(f"expression {live.text[:60]}", partial(self._take_turn, live, second))
                await self._sleep(now_ms)

    async def _take_turn(self, live: LiveState, second: int) -> None:
        """Evaluate an expression; an expression that takes long is evaluated less often, so that it uses only a part of
        a processor core."""
        began_s = asyncio.get_running_loop().time()
        try:
            await self._advance(live, second)
            self._rest(live, second, began_s)
            await self._fill_missing(live, second)
        except Exception:  # noqa: BLE001  # a fault of ours in one expression must not end the others
            _log.exception("the expression %.200s cannot be evaluated", live.text)
            live.fault = "this server failed to evaluate it; its log says why"
            await self._advance(live, second)
            self._rest(live, second, began_s)
        finally:
            live.is_busy = False

    def _rest(self, live: LiveState, second: int, began_s: float) -> None:
        took_s = asyncio.get_running_loop().time() - began_s
        live.due_s = second + max(1, int(took_s * _REST))
        self._on_put()

    async def _sleep(self, began_ms: int) -> None:
        """Wait for the next whole second, or for a new expression."""
        due_ms = (began_ms - _GRACE_MS) // 1000 * 1000 + 1000 + _GRACE_MS
        with suppress(TimeoutError):
            async with asyncio.timeout(max(due_ms - self._now_ms(), 10) / 1000 if self._held else None):
                await self._wake.wait()

    def _forget_unwanted(self) -> None:
        now_s = asyncio.get_running_loop().time()
        for text, live in list(self._held.items()):
            if not any(live.specs.values()) and now_s - live.unwanted_s > LINGER_S:
                del self._held[text]
                live.release()
                for spec in live.specs:
                    self._replica.drop_all(spec.name)

    async def _advance(self, live: LiveState, second: int) -> None:
        """Evaluate an expression at this second, and again at all seconds that are not final; fill new histories."""
        if not live.is_read:
            await next_turn()
            live.read()
        if not self._is_held(live):
            return
        if live.expr is None or live.fault:
            self._tell_all(live, Condition(fault=live.fault or "it cannot be read"))
            live.count_as_filled(second)
            return
        live.hold(self._replicas.followed().values())
        try:
            for spec in list(live.specs):
                if not live.is_done(spec):
                    await self._fill(live, live.expr, spec, second)
            if live.filled and second > live.final_s and self._is_held(live):
                await self._step(live, live.expr, second)
        except DashboardError as error:
            if self._is_held(live):
                self._tell_all(live, Condition(fault=str(error)))
                live.count_as_filled(second)

    async def _fill_missing(self, live: LiveState, second: int) -> None:
        """Compute histories that failed before.

        A history that is too dear is tried less and less often, because the newest values wait for each try.
        """
        for spec in list(live.specs):
            if live.expr is None or live.fault or not self._is_held(live) or not live.tries_again(spec, second):
                continue
            with suppress(DashboardError):
                await self._fill(live, live.expr, spec, second)
            if spec.name not in live.missing and self._is_held(live):
                self._on_gap("")  # screens get only what is new otherwise

    async def _fill(self, live: LiveState, expr: Expr, spec: LiveSpec, second: int) -> None:
        """Evaluate an expression over the whole window of a new view; refuse it if there would be too many series."""
        last = second // spec.step_s * spec.step_s
        count = spec.history_s // spec.step_s
        grid = Grid((last - (count - 1) * spec.step_s) * 1000, spec.step_s * 1000, count)
        answer = await self._queries.run(
            f"live:{live.text}", range_query(expr, grid, grid.end_ms), lambda found, _: found
        )
        replica, rows = self._replica, derived_rows(spec.name, answer.rows[:MOST_SERIES])
        if not self._is_held(live):
            return
        new = sum(row.key not in replica.table.by_text for row in rows)
        if spec.name not in live.there and new + len(replica.table.by_text) > MOST_DERIVED:
            live.refused[spec.name] = (
                f"the expressions on all screens would have more than {MOST_DERIVED} series; aggregate some of them, and open it again"
            )
            self._tell(live, spec, Condition())
            return
        replica.texts[spec.name] = spec.text
        floor_ms = min((row.times[0] for row in rows), default=self._now_ms())
        there = live.there.setdefault(spec.name, set())
        for row in rows:
            if row.key in replica.table.by_text or len(replica.table.by_text) < MOST_DERIVED:
                replica.fill(self._now_ms(), [row], answer.unit, floor_ms=floor_ms)
                there.add(row.key)
            await next_turn()  # a row of 1,000 values takes milliseconds
            if replica is not self._replica or not self._is_held(live):
                return  # everything begins anew, or all of it is forgotten
        live.filled.add(spec.name)
        live.missing.pop(spec.name, None)
        live.refused.pop(spec.name, None)

    async def _step(self, live: LiveState, expr: Expr, second: int) -> None:
        """Evaluate the newest second, and earlier seconds for which samples may have arrived since."""
        filled = [spec for spec in live.specs if spec.name in live.filled]
        if live.final_s and second - live.final_s > LATE_S:
            live.filled.clear()  # too long ago: all of the window is evaluated again
        first = max(live.final_s + 1, second - LATE_S) if live.final_s else second
        if (late_s := late_second(live.seen, live.final_s, second - LATE_S)) is not None:
            first = min(first, late_s)
        replica = self._replica
        grid = Grid(first * 1000, 1000, second - first + 1)
        query = msgspec.structs.replace(range_query(expr, grid, grid.end_ms), tracks=True)
        before = {series: series.last_seq for series in live.seen}  # what comes meanwhile is late
        answer, inputs = await self._queries.run(f"live:{live.text}", query, lambda found, series: (found, series))
        seen = {series: before.get(series, series.last_seq) for series in inputs}
        if replica is not self._replica or not self._is_held(live):
            return  # everything begins anew, or was forgotten
        left_out = {}
        for spec in filled:
            left_out[spec] = await self._put(live, spec, answer, second)
            if replica is not self._replica or not self._is_held(live):
                return
        if second - live.dropped_s >= _DROP_EVERY_S:
            live.dropped_s = second
            for spec in filled:
                replica.drop_all(spec.name, (second - spec.history_s) * 1000)
        live.final_s = second - 1
        live.seen = seen
        condition = condition_of(answer, inputs, second * 1000, self._now_ms())
        corrected_ms = live.corrections.oldest_ms(second)
        for spec, more in left_out.items():
            told = {
                "left_out": condition.left_out + more,
                "corrected_from_ms": corrected_ms,
                "remark": answer.notes.own(),
            }
            self._tell(live, spec, msgspec.structs.replace(condition, **told))

    async def _put(self, live: LiveState, spec: LiveSpec, answer: QueryAnswer, second: int) -> int:
        """Add the values at a view's steps, and the newest value, which is removed when the next value is added.

        After a slow evaluation a minute of values comes at once: they are added in steps, between which other tasks run.
        Return the number of new series that are left out because there are too many series.
        """
        now_ms, step_ms, newest_ms = self._now_ms(), spec.step_s * 1000, second * 1000
        replica = self._replica
        rows, shown, there, left_out, new, work = list[DerivedRow](), set[str](), set[str](), 0, 0, 0
        known = replica.table.by_text
        for row in derived_rows(spec.name, answer.rows[:MOST_SERIES]):
            wanted = [(t, v) for t, v in zip(row.times, row.values, strict=True) if t % step_ms == 0 or t == newest_ms]
            if not wanted:
                continue
            if row.key not in known:
                if len(known) + new >= MOST_DERIVED:
                    left_out += 1
                    continue
                new += 1
            rows.append(DerivedRow(row.key, [t for t, _ in wanted], [v for _, v in wanted]))
            shown.add(row.key)
            changed = [t for t, v in wanted if t <= live.final_s * 1000 and replica.value_at(row.key, t) != v]
            if changed:
                live.corrections.note(second, changed[0])
            if wanted[-1][0] == newest_ms:
                there.add(row.key)
            work += len(row.times)
            if work >= _VALUES_PER_STEP:
                self._put_rows(live, spec, rows, newest_ms, answer.unit)
                rows, new, work = [], 0, 0
                await next_turn()
                if replica is not self._replica or not self._is_held(live):
                    return left_out  # everything begins anew, or all of it is forgotten
        self._put_rows(live, spec, rows, newest_ms, answer.unit)
        for key in live.provisional[spec.name].keys() - shown:
            replica.take_back(key, live.provisional[spec.name].pop(key))
        if gone := (live.there.get(spec.name, set()) | shown) - there:
            replica.end(now_ms, sorted(gone))
        live.there[spec.name] = there
        return left_out

    def _put_rows(self, live: LiveState, spec: LiveSpec, rows: list[DerivedRow], newest_ms: int, unit: str) -> None:
        """Add values, and at once remove the former newest values of their series: no line is ever without its newest value."""
        provisional = live.provisional.setdefault(spec.name, {})
        for row in rows:
            if (t_ms := provisional.pop(row.key, None)) is not None:
                self._replica.take_back(row.key, t_ms)
            if row.times[-1] == newest_ms and newest_ms % (spec.step_s * 1000):
                provisional[row.key] = newest_ms
        self._replica.put(self._now_ms(), rows, unit)

    def _is_held(self, live: LiveState) -> bool:
        """Return whether an expression is still watched."""
        return self._held.get(live.text) is live

    def _tell_all(self, live: LiveState, condition: Condition) -> None:
        for spec in live.specs:
            self._tell(live, spec, condition)

    def _tell(self, live: LiveState, spec: LiveSpec, condition: Condition) -> None:
        """Tell screens the state of an expression, or why it was refused."""
        refused = live.refused.get(spec.name)
        self._replica.tell(self._now_ms(), spec.name, Condition(fault=refused) if refused else condition)
