"""Supervisor of several workers: owns the listening sockets, restarts ended workers, replaces workers one after the
other, drains them.

It serves nothing itself and imports nothing that serves. A worker that dies is replaced at once; if the new worker dies
too, further replacements start after growing pauses. A worker whose event loop does not tick is asked for its stacks
(SIGUSR1, on standard error) and killed. SIGHUP replaces the workers one after the other; each new worker serves before
the old worker stops. SIGTERM drains all workers. Workers are fresh interpreters, so a rolling restart loads new code.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from dashboard.address_counts import AddressCounts, make_shared
from dashboard.data_folder.folder import STATUS_FILE, DataFolder, private_file
from dashboard.runtime import Group
from dashboard.worker import READY, TICK, VARIABLE, Orders

_log = logging.getLogger(__name__)

#: A worker that ran this long is restarted without a pause; a shorter run doubles the pause.
_SOUND_AFTER_S = 10.0
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 10.0
#: Columns in the table of addresses per worker: it, those that replace it, and those that still drain.
_COLUMNS_OF_WORKER = 8
#: A new worker may take this long to serve; a slower one is killed.
_START_S = 60.0
_DUMP_S = 0.25
#: A check that is this late means that this process itself was suspended; nobody is replaced then.
_OVERSLEPT_S = 1.0
#: Exit code for a wrong configuration (EX_CONFIG). Before any worker was ready it ends the supervisor.
CONFIGURATION_EXIT = 78


class WorkerStatus(Struct):
    """Worker in the status file."""

    number: int
    pid: int
    restarts: int
    ready: bool


class Status(Struct):
    """Status file that ``dashboard reload`` reads. ``rolls``: completed rolling restarts; ``failed``: abandoned rolling restarts."""

    pid: int
    rolls: int
    failed: int
    workers: list[WorkerStatus]


class Process:
    """Worker process, as the supervisor sees it. Times are the event loop's seconds; ``column``: see ``Orders``."""

    def __init__(
        self, number: int, process: asyncio.subprocess.Process, line: socket.socket, column: int, now_s: float
    ) -> None:
        self.number = number
        self.column = column
        self.process = process
        self.line = line
        self.started_s = self.heard_s = now_s
        self.ticks = False
        self.ready = False
        self.settled = asyncio.Event()  # it serves or has ended
        self.ended = asyncio.Event()
        self.replaced = asyncio.Event()

    def silent_s(self, now_s: float) -> float:
        """Return the seconds since the last tick; before the first tick, the seconds since the start minus ``_START_S``."""
        return now_s - self.heard_s - (0 if self.ticks else _START_S)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal if the process still runs."""
        if self.process.returncode is None:
            self.process.send_signal(number)


class Supervisor:
    """Parent process of the workers. ``arguments``: their command line; ``drain_s``: time limit of a stopping worker."""

    def __init__(
        self,
        *,
        arguments: list[str],
        sockets: list[socket.socket],
        workers: int,
        watchdog_s: float,
        drain_s: float,
        folder: Path,
        on_ready: Callable[[], None],
    ) -> None:
        self._arguments = arguments
        self._sockets = sockets
        self._watchdog_s = watchdog_s
        self._drain_s = drain_s
        DataFolder(folder).make()
        self._status_file = folder / STATUS_FILE
        self._on_ready = on_ready
        self._current: dict[int, Process | None] = dict.fromkeys(range(1, workers + 1))
        self._restarts = dict.fromkeys(self._current, 0)
        self._pauses = dict.fromkeys(self._current, 0.0)
        self._all: set[Process] = set()
        self._columns = _COLUMNS_OF_WORKER * workers
        self._addresses = make_shared(self._columns)
        self._address_counts = AddressCounts.shared(self._addresses, 0, self._columns)
        self._stopping = asyncio.Event()
        self._roll = asyncio.Event()
        self._rolls = self._failed_rolls = 0
        self._code = 0
        self._ever_ready = False

    async def run(self) -> int:
        """Keep the workers running until SIGTERM or SIGINT; return the exit code."""
        loop = asyncio.get_running_loop()
        for stop in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(stop, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._roll.set)
        try:
            async with Group() as group:
                self._group = group
                for number in self._current:
                    self._current[number] = await self._spawn(number)
                group.start("watchdog", self._watch)
                group.start("rolling", self._roll_when_asked)
                group.start("ready", self._announce)
                await self._stopping.wait()
                await self._drain()
                raise _Stopped
        except* _Stopped:
            pass
        with contextlib.suppress(OSError):
            self._status_file.unlink(missing_ok=True)
        return self._code

    # --- one worker's life ---

    async def _spawn(self, number: int) -> Process:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        listening = [each.fileno() for each in self._sockets]
        column = self._free_column()
        orders = Orders(
            number, self._restarts[number], listening, theirs.fileno(), self._addresses, column, self._columns
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "dashboard",
            *self._arguments,
            pass_fds=[*listening, theirs.fileno(), self._addresses],
            env={**os.environ, VARIABLE: msgspec.json.encode(orders).decode()},
        )
        theirs.close()
        loop = asyncio.get_running_loop()
        worker = Process(number, process, ours, column, loop.time())
        self._all.add(worker)
        loop.add_reader(ours, self._hear, worker)
        self._group.start(f"worker {number}", lambda: self._follow(worker))
        return worker

    def _free_column(self) -> int:
        """Return a cleared column that no living worker has."""
        taken = {worker.column for worker in self._all}
        column = next(each for each in range(self._columns) if each not in taken)
        self._address_counts.clear(column)
        return column

    def _hear(self, worker: Process) -> None:
        try:
            words = worker.line.recv(4_096)
        except BlockingIOError:
            return
        except OSError:
            words = b""
        loop = asyncio.get_running_loop()
        if not words:
            loop.remove_reader(worker.line)
            return
        worker.heard_s = loop.time()
        worker.ticks = worker.ticks or TICK in words
        if READY in words:
            worker.ready = True
            worker.settled.set()
            self._ever_ready = True
            self._write_status()

    async def _follow(self, worker: Process) -> None:
        """Wait for a worker's end; restart it if the end was unexpected."""
        code = await worker.process.wait()
        loop = asyncio.get_running_loop()
        loop.remove_reader(worker.line)
        worker.line.close()
        self._all.discard(worker)
        worker.ended.set()
        worker.settled.set()
        if self._stopping.is_set() or self._current[worker.number] is not worker:
            return
        if code == CONFIGURATION_EXIT and not self._ever_ready:
            self._code = 1
            self._stopping.set()
            return
        lived_s = loop.time() - worker.started_s
        pause_s = 0.0 if lived_s > _SOUND_AFTER_S else self._pauses[worker.number]
        self._restarts[worker.number] += 1
        how = f"signal {-code}" if code < 0 else f"code {code}"
        _log.error(
            "worker %d (pid %d) ended with %s; another in %.1f s", worker.number, worker.process.pid, how, pause_s
        )
        await self._replace(worker, pause_s)

    async def _replace(self, worker: Process, pause_s: float) -> None:
        """Restart a worker after a pause; retry until it starts."""
        number = worker.number
        while True:
            self._pauses[number] = min(_LONGEST_PAUSE_S, max(_FIRST_PAUSE_S, 2 * pause_s))
            await asyncio.sleep(pause_s)
            if self._stopping.is_set() or self._current[number] is not worker:
                return
            try:
                self._current[number] = await self._spawn(number)
                break
            except OSError as error:
                pause_s = self._pauses[number]
                _log.error("worker %d cannot be started: %s; again in %.1f s", number, error, pause_s)
        worker.replaced.set()
        self._write_status()

    # --- all of them ---

    async def _announce(self) -> None:
        for number in self._current:
            worker = self._current[number]
            while worker is not None and not worker.ready:
                await worker.settled.wait()
                if not worker.ready:
                    await worker.replaced.wait()
                    worker = self._current[number]
        self._on_ready()

    async def _watch(self) -> None:
        """Replace workers whose event loops do not tick."""
        loop = asyncio.get_running_loop()
        every_s = min(0.1, self._watchdog_s / 4)
        while True:
            looked_s = loop.time()
            await asyncio.sleep(every_s)
            if loop.time() - looked_s > every_s + _OVERSLEPT_S:  # this process was suspended, perhaps the workers too
                for worker in self._all:
                    worker.heard_s = loop.time()
            hung = [worker for worker in self._all if worker.silent_s(loop.time()) > self._watchdog_s]
            for worker in hung:
                _log.error(
                    "worker %d (pid %d) has not ticked for %.0f s: dumping its stacks and killing it",
                    worker.number,
                    worker.process.pid,
                    loop.time() - worker.heard_s,
                )
                worker.signal(signal.SIGUSR1)
            if hung:
                await asyncio.sleep(_DUMP_S)  # time for all of them to write their stacks
            for worker in hung:
                if worker.silent_s(loop.time()) > self._watchdog_s:
                    worker.signal(signal.SIGKILL)
                    worker.heard_s = loop.time()

    async def _roll_when_asked(self) -> None:
        while True:
            await self._roll.wait()
            self._roll.clear()
            if await self._roll_all():
                self._rolls += 1
            else:
                self._failed_rolls += 1
            self._write_status()

    async def _roll_all(self) -> bool:
        """Replace each worker by a new worker; stop the old worker when the new one serves.

        If a new worker does not start, keep the remaining old workers and return False.
        """
        for number in list(self._current):
            if self._stopping.is_set():
                return False
            try:
                fresh = await self._spawn(number)
            except OSError as error:
                _log.error("rolling: worker %d cannot be started: %s; the old ones stay", number, error)
                return False
            old, self._current[number] = self._current[number], None
            try:
                async with asyncio.timeout(_START_S):
                    await fresh.settled.wait()
            except TimeoutError:
                pass
            if self._stopping.is_set():
                return False
            if not fresh.ready:
                _log.error("rolling: the new worker %d did not start; the old ones stay", number)
                self._current[number] = old
                fresh.signal(signal.SIGKILL)
                if old is not None and old.ended.is_set():
                    await self._replace(old, 0.0)
                return False
            self._current[number] = fresh
            if old is not None:
                await self._end(old)
            _log.info("rolling: worker %d is new (pid %d)", number, fresh.process.pid)
            self._write_status()
        return True

    async def _end(self, worker: Process) -> None:
        """Send SIGTERM to a worker, and kill it if it has not ended in time."""
        worker.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(self._drain_s + 2):
                await worker.ended.wait()
        except TimeoutError:
            _log.error("worker %d (pid %d) did not end in time: killed", worker.number, worker.process.pid)
            worker.signal(signal.SIGKILL)
            await worker.ended.wait()

    async def _drain(self) -> None:
        for each in self._sockets:
            each.close()
        await asyncio.gather(*(self._end(worker) for worker in list(self._all)))

    def _write_status(self) -> None:
        workers = [
            WorkerStatus(number, worker.process.pid, self._restarts[number], worker.ready)
            for number, worker in self._current.items()
            if worker is not None
        ]
        status = Status(os.getpid(), self._rolls, self._failed_rolls, workers)
        written = self._status_file.with_suffix(".new")
        try:
            private_file(written).write_bytes(msgspec.json.encode(status))
            written.replace(self._status_file)
        except OSError as error:
            _log.error("%s cannot be written: %s", self._status_file, error)


class _Stopped(Exception):
    """End of all workers, which ends the supervisor's tasks."""
