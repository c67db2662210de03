"""Journal engine ``sqlite``, the default: one process, one SQLite file, group commit.

Acknowledged appends survive kill -9 and a power cut.  One thread writes.  Entries appended during a commit go into the next
transaction, so an append waits for one or two commits, however many feeders there are.  WAL with ``synchronous=FULL``: a commit
is on the disk when it returns.  Checkpoints are in a separate file, so that a long checkpoint never delays the journal.

Source: SQLite, "Write-Ahead Logging", "PRAGMA synchronous".
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar, TypeVarTuple

from dashboard.data_folder.folder import DataFolder, cure_of
from dashboard.domain.counters import Counters
from dashboard.domain.errors import ConfigurationError, Conflict, Invalid, Overloaded, Unavailable
from dashboard.domain.position import Position
from dashboard.journal.clock import JournalClock
from dashboard.journal.ordered_thread import OrderedThread
from dashboard.journal.port import ANY, Checkpoint, Entry, Gap
from dashboard.journal.sqlite_file import CHECKPOINT_FILE, JOURNAL_FILE, CheckpointFile, JournalFile
from dashboard.journal.tail import Tail

_log = logging.getLogger(__name__)

Args = TypeVarTuple("Args")
Result = TypeVar("Result")

#: Most bytes of entries that wait for the writer or are being written; beyond it appends raise Overloaded.
MAX_WAITING_BYTES = 32 << 20
#: Memory that an entry takes besides its payload.
ENTRY_BYTES = 200
TAIL_BYTES = 8 << 20
READ_ROWS = 500
TRIM_EVERY_S = 1.0
BUSY_TIMEOUT_S = 5.0


class PendingAppend(NamedTuple):
    """An append that the writer has not stored yet."""

    partition: str
    payload: bytes
    request_id: str
    done: asyncio.Future[Position]


class UnderWay(NamedTuple):
    """Transaction in the writer's thread. ``heads``: each partition's head before it; ``began_s``: its start on the loop's clock."""

    batch: list[PendingAppend]
    heads: dict[str, int]
    now_ms: int
    began_s: float


class SqliteJournal:
    """Journal in SQLite, see ``port.Journal``. ``folder`` is created if missing, locked while it is open, and watched."""

    def __init__(
        self,
        folder: DataFolder,
        *,
        clock: JournalClock,
        counters: Counters,
        max_age_s: float = 900,
        max_bytes: int = 256 << 20,
    ) -> None:
        self._folder = folder
        self._counters = counters
        self._clock = clock
        self._max_age_ms = int(max_age_s * 1000)
        self._max_bytes = max_bytes
        self._epoch = ""
        self._tails: dict[str, Tail] = {}
        self._waiting: list[PendingAppend] = []
        self._waiting_bytes = 0
        self._is_busy = False  # a transaction is under way or begins at the end of this turn of the loop
        self._is_closed = False
        self._rests = asyncio.Event()  # all appends are answered
        self._rests.set()
        self._may_trim = asyncio.Event()
        self._size = 0
        self._fault = ""
        self._writer = OrderedThread("journal-writer")
        self._reader = ThreadPoolExecutor(1, "journal-reader")
        self._checkpointer = ThreadPoolExecutor(1, "journal-checkpoint")
        self._file = JournalFile(folder.path / JOURNAL_FILE, BUSY_TIMEOUT_S)
        self._checkpoint_file = CheckpointFile(folder.path / CHECKPOINT_FILE, BUSY_TIMEOUT_S)
        self._one_checkpoint = asyncio.Lock()  # all checkpoints use one connection, which has one transaction

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._folder.lock()
        try:
            self._epoch, heads, self._size = await self._writer.call(self._file.open, secrets.token_hex(8))
            if await loop.run_in_executor(self._checkpointer, self._checkpoint_file.open):
                _log.error("checkpoint.sqlite3 was damaged and is put aside; history older than the journal is missing")
        except (sqlite3.Error, OSError) as error:
            raise ConfigurationError(
                f"--data {self._folder.path}: the journal cannot be opened: {error}; {self._cure(error)}"
            ) from None
        self._folder.watch(JOURNAL_FILE)
        self._tails = {partition: Tail(seq, TAIL_BYTES) for partition, seq in heads.items()}

    async def run(self) -> None:
        """Trim the journal after appends, until cancelled. Appends are stored without this task."""
        loop = asyncio.get_running_loop()
        while True:
            await self._may_trim.wait()
            self._may_trim.clear()
            began = loop.time()
            while await self._trim():
                pass
            await asyncio.sleep(began + TRIM_EVERY_S - loop.time())

    async def close(self) -> None:
        loop = asyncio.get_running_loop()
        await self._rests.wait()
        self._is_closed = True
        await self._writer.call(self._file.close)
        self._writer.close()
        for pool, end in ((self._reader, self._file.close_reader), (self._checkpointer, self._checkpoint_file.close)):
            await loop.run_in_executor(pool, end)
            pool.shutdown()
        self._folder.release()

    def _cure(self, error: sqlite3.Error | OSError) -> str:
        """Return the remedy for files that cannot be opened."""
        if isinstance(error, OSError | sqlite3.OperationalError):
            return "free some space, or correct the folder's permissions"
        return f"{cure_of(self._folder.path)}, or delete {JOURNAL_FILE} to begin a new journal"

    def head(self, partition: str) -> Position:
        return Position(self._epoch, self._tail(partition).head_seq)

    async def attach(self, partition: str) -> Position:
        return self.head(partition)

    def size_bytes(self) -> int:
        return self._size

    def fault(self) -> str:
        fault = self._folder.fault or self._fault
        return f"cannot store: {fault}" if fault else ""

    async def append(self, partition: str, payload: bytes, *, request_id: str = "") -> Position:
        if self._is_closed:
            raise Unavailable("the journal cannot store: it is closed")
        if self._folder.fault:  # the open file was deleted or replaced, so anything stored in it would be lost
            raise Unavailable(f"the journal cannot store: {self._folder.fault}")
        if self._waiting_bytes + len(payload) + ENTRY_BYTES > MAX_WAITING_BYTES:
            raise Overloaded("the journal's writer is behind; try again in a second")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Position] = loop.create_future()
        self._waiting.append(PendingAppend(partition, payload, request_id, done))
        self._waiting_bytes += len(payload) + ENTRY_BYTES
        if not self._is_busy:
            self._is_busy = True
            self._rests.clear()
            loop.call_soon(self._begin, loop)  # at the end of this turn, with the other appends of this turn
        return await done

    async def follow(self, partition: str, after: Position) -> AsyncIterator[Gap | list[Entry]]:
        tail = self._tail(partition)
        seq = after.seq
        if after.epoch != self._epoch or seq > tail.head_seq:
            reason = "epoch" if after.epoch != self._epoch else "ahead"
            seq = await self._in_reader(self._file.oldest_seq, partition, tail.head_seq + 1) - 1
            yield Gap(reason, Position(self._epoch, seq))
        while True:
            batch = tail.after(seq)
            if batch is None:
                batch = await self._in_reader(self._file.read, partition, seq, READ_ROWS)
                if not batch or batch[0].seq != seq + 1:
                    seq = (batch[0].seq if batch else tail.oldest_seq()) - 1
                    yield Gap("trimmed", Position(self._epoch, seq))
            if batch:
                seq = batch[-1].seq
                yield batch
            else:
                await tail.wait()

    async def save_checkpoint(
        self,
        partition: str,
        position: Position,
        records: AsyncIterator[list[tuple[str, bytes | None]]],
        *,
        whole: bool = False,
        base: Position | None = ANY,
    ) -> None:
        file = self._checkpoint_file
        async with self._one_checkpoint:
            if base not in (ANY, await self._stored_position(partition)):
                raise Conflict("another checkpoint is stored")
            try:
                await self._in_checkpointer(file.begin, partition, position, whole)
                async for some in records:
                    await self._in_checkpointer(file.put, partition, some)
                await self._in_checkpointer(file.commit)
            except sqlite3.Error as error:
                raise Unavailable(f"the checkpoint cannot be stored: {error}") from None
            finally:
                # not awaited: a second cancellation would leave the transaction open
                self._checkpointer.submit(file.rollback)

    async def checkpoint_position(self, partition: str) -> Position | None:
        async with self._one_checkpoint:
            return await self._stored_position(partition)

    async def _stored_position(self, partition: str) -> Position | None:
        try:
            return await self._in_checkpointer(self._checkpoint_file.position, partition)
        except sqlite3.Error as error:
            raise Unavailable(f"the checkpoint cannot be read: {error}") from None

    async def load_checkpoint(self, partition: str) -> Checkpoint | None:
        try:
            async with self._one_checkpoint:
                return await self._in_checkpointer(self._checkpoint_file.load, partition)
        except sqlite3.OperationalError as error:
            raise Unavailable(f"the checkpoint cannot be read: {error}") from None
        except (sqlite3.Error, ValueError) as error:
            raise Invalid(f"the checkpoint is damaged: {error}") from None

    async def _in_checkpointer(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._checkpointer, call, *args)

    async def hold(self, name: str, for_s: float) -> bool:
        return True  # the folder is locked, so no other process can hold the lease

    def _tail(self, partition: str) -> Tail:
        if partition not in self._tails:
            self._tails[partition] = Tail(0, TAIL_BYTES)
        return self._tails[partition]

    async def _in_reader(self, call: Callable[[*Args], Result], *args: *Args) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._reader, call, *args)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Store all waiting entries in one transaction; ``_settle`` passes them to the readers and answers the appenders."""
        batch, self._waiting = self._waiting, []
        now = self._clock.now_ms()
        heads = {w.partition: self._tail(w.partition).head_seq for w in batch}
        rows = [(w.partition, w.request_id, w.payload) for w in batch]
        under_way = UnderWay(batch, heads, now, loop.time())

        def store() -> None:
            outcome: list[int | Unavailable] | BaseException
            try:
                outcome = self._file.append(rows, heads, now)
            except BaseException as error:  # noqa: BLE001 - raised again by _settle, in the event loop
                outcome = error
            loop.call_soon_threadsafe(self._settle, loop, under_way, outcome)

        self._writer.put(store)

    def _settle(
        self, loop: asyncio.AbstractEventLoop, under_way: UnderWay, outcome: list[int | Unavailable] | BaseException
    ) -> None:
        """Answer all appends of a transaction that has ended, and begin the next one; called in the event loop."""
        self._counters.journal_round_trip_ms.append(1000 * (loop.time() - under_way.began_s))
        self._counters.journal_appends += len(under_way.batch)
        try:
            self._answer(under_way, outcome)
        finally:  # a fault of one reader must not end the storing
            self._may_trim.set()
            if self._waiting:
                loop.call_soon(self._begin, loop)
            else:
                self._is_busy = False
                self._rests.set()

    def _answer(self, under_way: UnderWay, outcome: list[int | Unavailable] | BaseException) -> None:
        """Pass the stored entries of a transaction to the readers, then answer the appenders. A task that waits for the
        transaction may have been cancelled in the meantime."""
        batch, heads, now, _ = under_way
        if isinstance(outcome, BaseException):
            if not isinstance(outcome, sqlite3.Error):
                _log.error("the journal's writer failed", exc_info=outcome)
            self._fault = str(outcome)
            # a failure also answers the appends that arrived meanwhile
            batch, self._waiting = batch + self._waiting, []
            seqs: list[int | Unavailable] = [Unavailable(f"the journal cannot store: {outcome}")] * len(batch)
        else:
            seqs = outcome
            self._fault = ""
        self._waiting_bytes -= sum(len(w.payload) + ENTRY_BYTES for w in batch)
        fresh: dict[str, list[Entry]] = {}
        for waiting, seq in zip(batch, seqs, strict=True):
            if isinstance(seq, int) and seq > heads[waiting.partition]:
                heads[waiting.partition] = seq
                fresh.setdefault(waiting.partition, []).append(Entry(seq, now, waiting.payload))
                self._size += len(waiting.payload)
        for partition, entries in fresh.items():
            self._tail(partition).push(entries)
        for waiting, seq in zip(batch, seqs, strict=True):
            if waiting.done.done():
                continue
            if isinstance(seq, int):
                waiting.done.set_result(Position(self._epoch, seq))
            else:
                waiting.done.set_exception(seq)

    async def _trim(self) -> bool:
        """Delete entries beyond the limits of age and bytes, a bounded number at a time; return whether more are left."""
        horizon = self._clock.trimming_ms() - self._max_age_ms
        excess = self._size - self._max_bytes
        try:
            freed, more = await self._writer.call(self._file.trim, horizon, excess)
        except sqlite3.Error:
            return False  # a full disk or a lock: the appends report it, and the next round tries again
        self._size -= freed
        return more
