"""Broken builds: each function changes the loaded program so that it breaks one promise; ``sound`` breaks nothing."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from array import array
from collections.abc import Callable
from typing import Any

import msgspec

from dashboard import supervisor
from dashboard.app import build as app
from dashboard.cluster import membership as nodes
from dashboard.domain.errors import Unavailable
from dashboard.domain.position import Position
from dashboard.entries.samples import Samples, pack, unpack_ints
from dashboard.hub import view_requests, view_table
from dashboard.intake import accept_samples
from dashboard.journal import redis as redis_journal
from dashboard.journal import redis_appender, redis_log, redis_reader
from dashboard.journal import redis_scripts as scripts
from dashboard.journal.port import Entry
from dashboard.replica import series_table
from dashboard.replication import replication

#: Modules have imported the name from each other.
_USERS_OF_SETTLE = (redis_reader, redis_appender, redis_journal)


def sound() -> None:
    """Change nothing, to test the launcher alone."""


# --- nothing skipped in silence ---


def skips_the_epoch_check() -> None:
    """Skip the check after a reconnect: the name of the epoch is compared, the stored entries are not."""
    look = scripts.look

    async def settle(log: Any, client: Any) -> Any:
        async with log.settling:
            standing = await look(client, log.keys, redis_reader.new_epoch(), [])
            if not log.epoch:
                log.start(standing)
            elif standing.seq < log.seq or standing.epoch != log.epoch:
                log.seq = standing.seq
                log.last_id = standing.last_id
                log.tail.head_seq = standing.seq
                log._ids.clear()
            return standing

    for module in _USERS_OF_SETTLE:
        module.settle = settle  # type: ignore[attr-defined]


def drops_every_50th_entry() -> None:
    """Drop every 50th entry in the reader, as if it were empty."""
    parse = redis_log.Log.parse

    def broken(self: Any, raw_id: bytes, fields: Any) -> Entry | None:
        entry = parse(self, raw_id, fields)
        return entry._replace(payload=b"") if entry is not None and not entry.seq % 50 else entry

    redis_log.Log.parse = broken  # type: ignore[method-assign]


def tells_no_gap() -> None:
    """Notice missing entries without telling anybody."""

    def missed(self: Any, partition: str, reason: str) -> None:
        for watched in self._watched.values():
            watched.view.rebase()
            for subscription in watched.subscriptions.values():
                subscription.sent, subscription.frame_no = watched.view.seqs, watched.view.frame_no

    view_table.ViewTable.missed = missed  # type: ignore[method-assign]


def forgets_where_epochs_part() -> None:
    """Read all entries again in a new epoch."""
    apply, is_again = series_table.SeriesTable.apply, []

    def resume_seq(self: Any, after: Position, oldest_seq: int) -> int:
        is_again.append(True)
        return oldest_seq - 1

    def broken(self: Any, seq: int, now_ms: int, change: Samples) -> None:
        apply(self, seq, now_ms, _later(change) if is_again else change)

    redis_log.Log.resume_seq = resume_seq  # type: ignore[method-assign]
    series_table.SeriesTable.apply = broken  # type: ignore[method-assign]


def ignores_since() -> None:
    """Ignore the position of a viewer that returns: it gets only new entries, not those that it missed."""
    answer = view_requests.ViewRequests.answer

    def broken(self: Any, subscription: Any, request_id: Any, board: Any, since: Any) -> None:
        answer(self, subscription, request_id, board, None if since is None else subscription.view.positions)

    view_requests.ViewRequests.answer = broken  # type: ignore[method-assign]


def tells_false_gaps() -> None:
    """Begin a new epoch at every reconnect."""
    settle = redis_reader.settle

    async def broken(log: Any, client: Any) -> Any:
        if log.epoch and log.followers:
            await scripts.turn(client, log.keys, log.epoch, redis_reader.new_epoch(), log.seq)
        return await settle(log, client)

    redis_reader.settle = broken  # type: ignore[assignment]


# --- accepted means kept, and kept once ---


def acks_before_it_is_stored() -> None:
    """Send the 202 as soon as the entry is in memory."""
    append = redis_appender.Appender.append

    async def broken(self: Any, payload: bytes, request_id: str) -> Position:
        task = asyncio.ensure_future(append(self, payload, request_id))
        task.add_done_callback(lambda done: done.exception())
        _kept.add(task)
        return Position(self._log.epoch, self._log.seq)

    redis_appender.Appender.append = broken  # type: ignore[method-assign]


_kept: set[Any] = set()


def delivers_before_the_journal() -> None:
    """Deliver an entry in this process before it is stored, under the number that it will probably get."""
    append = redis_appender.Appender.append
    take = redis_log.Log.take

    async def broken_append(self: Any, payload: bytes, request_id: str) -> Position:
        if self._log.partition != "signals":
            self._log.tail.push([Entry(self._log.tail.head_seq + 1, int(time.time() * 1000), payload)])
        return await append(self, payload, request_id)

    def broken_take(self: Any, rows: Any, newest_seq: int | None = None) -> None:
        known = [row for row in rows if int(row[0].partition(b"-")[2]) <= self.tail.head_seq]
        if known:
            self.last_id = known[-1][0].decode()
        take(self, rows[len(known) :], newest_seq)

    redis_appender.Appender.append = broken_append  # type: ignore[method-assign]
    redis_log.Log.take = broken_take  # type: ignore[method-assign]


def _later(change: Samples) -> Samples:
    """Move samples a millisecond later: a series has one value at one time, so the same samples again would change nothing."""
    times = change.times
    shifted = times + 1 if isinstance(times, int) else pack(array("q", [t + 1 for t in unpack_ints(times)]))
    return msgspec.structs.replace(change, times=shifted)


def applies_some_twice() -> None:
    """Apply every 20th entry twice."""
    apply = series_table.SeriesTable.apply

    def broken(self: Any, seq: int, now_ms: int, change: Samples) -> None:
        apply(self, seq, now_ms, change)
        if not seq % 20:
            apply(self, seq, now_ms, _later(change))

    series_table.SeriesTable.apply = broken  # type: ignore[method-assign]


def ignores_the_flush_number() -> None:
    """Send a flush whose reply was lost as a new flush."""
    append, number = scripts.append, iter(range(1, 1 << 40))

    async def broken(*args: Any, flush: int, **more: Any) -> Any:
        return await append(*args, flush=next(number), **more)

    redis_appender.scripts.append = broken  # type: ignore[assignment]


def ignores_the_request_id() -> None:
    """Store a repeated request each time it arrives, at its time of arrival."""
    accept = accept_samples.AcceptSamples.accept

    async def broken(self: Any, batch: Any, *, request_id: str = "", **more: Any) -> Any:
        batch.times[:] = [None] * len(batch.times)
        return await accept(self, batch, **more)

    accept_samples.AcceptSamples.accept = broken  # type: ignore[method-assign]


def delays_some_entries() -> None:
    """Deliver every 7th entry of one worker three entries late, in another order than other workers."""
    if '"number":2' not in os.environ.get("DASHBOARD_WORKER", ""):
        return
    apply, late = replication.Replica.apply, []

    def broken(self: Any, entry: Entry) -> None:
        if not entry.seq % 7:
            late.append(entry)
            self.position = Position(self.position.epoch, entry.seq)
            return
        if late and entry.seq >= late[0].seq + 3:
            held = late.pop()
            apply(self, held._replace(seq=entry.seq))
        apply(self, entry)

    replication.Replica.apply = broken  # type: ignore[method-assign]


# --- processes ---


def drains_without_finishing() -> None:
    """Disconnect viewers at SIGTERM without answering the requests under way."""

    async def stop(self: Any) -> None:
        await self.hub.drain(0.1)
        os._exit(0)

    app.Dashboard.stop = stop  # type: ignore[method-assign]


def does_not_respawn() -> None:
    """Leave a dead worker dead."""

    async def follow(self: Any, worker: Any) -> None:
        await worker.process.wait()
        self._all.discard(worker)
        worker.ended.set()
        worker.settled.set()

    supervisor.Supervisor._follow = follow  # type: ignore[method-assign]


def has_no_watchdog() -> None:
    """Leave a hanging worker running."""

    async def watch(self: Any) -> None:
        await asyncio.Event().wait()

    supervisor.Supervisor._watch = watch  # type: ignore[method-assign]


def outlives_its_supervisor() -> None:
    """Ignore the end of the supervisor in the workers."""
    app.Worker.watch_supervisor = lambda self, on_orphaned: None  # type: ignore[method-assign]


# --- Redis that answers badly ---


def hides_faults() -> None:
    """Report at /readyz that all is well, whatever Redis does."""
    redis_journal.RedisJournal.fault = lambda self: ""  # type: ignore[method-assign]
    nodes.Membership.fault = lambda self: ""  # type: ignore[method-assign]


def blocks_its_loop() -> None:
    """Block the event loop after each failure."""
    next_s = redis_appender.BackOff.next_s

    def broken(self: Any) -> float:
        time.sleep(0.3)
        return next_s(self)

    redis_appender.BackOff.next_s = broken  # type: ignore[method-assign]


def waits_for_ever() -> None:
    """Wait with an append until Redis is back, however long its caller has waited."""

    def expire(self: Any, now_s: float) -> None:
        return None

    redis_appender.Appender.expire = expire  # type: ignore[method-assign]


def gives_up_at_once() -> None:
    """Refuse all appends after the first fault of Redis, until the process is started again."""
    append = redis_appender.Appender.append

    async def broken(self: Any, payload: bytes, request_id: str) -> Position:
        if self._counters.redis_failures["append"]:
            raise Unavailable("there was a fault once")
        return await append(self, payload, request_id)

    redis_appender.Appender.append = broken  # type: ignore[method-assign]


def tells_passwords() -> None:
    """Log the address of Redis with its password."""
    explain = redis_appender.explain

    def broken(error: BaseException) -> str:
        redis_reader._log.warning("redis at %s", sys.argv[sys.argv.index("--redis") + 1])
        return explain(error)

    for module in (redis_appender, redis_reader):
        module.explain = broken  # type: ignore[attr-defined]


def chokes_on_garbage() -> None:
    """End the reader at an entry of another program."""
    parse = redis_log.Log.parse

    def broken(self: Any, raw_id: bytes, fields: Any) -> Entry | None:
        entry = parse(self, raw_id, fields)
        if entry is None:
            raise ValueError("what is this?")
        return entry

    redis_log.Log.parse = broken  # type: ignore[method-assign]


def does_not_count_garbage() -> None:
    """Skip entries of other programs without counting them."""
    take = redis_log.Log.take

    def broken(self: Any, rows: Any, newest_seq: int | None = None) -> None:
        try:
            take(self, rows, newest_seq)
        finally:
            self.foreign = 0

    redis_log.Log.take = broken  # type: ignore[method-assign]


BUILDS: dict[str, Callable[[], None]] = {
    each.__name__: each
    for each in (
        sound,
        skips_the_epoch_check,
        drops_every_50th_entry,
        tells_no_gap,
        forgets_where_epochs_part,
        ignores_since,
        tells_false_gaps,
        acks_before_it_is_stored,
        delivers_before_the_journal,
        applies_some_twice,
        ignores_the_flush_number,
        ignores_the_request_id,
        delays_some_entries,
        drains_without_finishing,
        does_not_respawn,
        has_no_watchdog,
        outlives_its_supervisor,
        hides_faults,
        blocks_its_loop,
        waits_for_ever,
        gives_up_at_once,
        tells_passwords,
        chokes_on_garbage,
        does_not_count_garbage,
    )
}
