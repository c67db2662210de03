"""SQL database: engine, transactions, and translation of database errors to this server's errors.

SQLite: WAL, every write begins with BEGIN IMMEDIATE (a transaction that turns from reading to writing fails at once when another
transaction writes), one connection per transaction. PostgreSQL: psycopg 3.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from dashboard.data_folder.folder import DataFolder, cure_of, private_database
from dashboard.domain.errors import ConfigurationError, Invalid, Unavailable
from dashboard.store.commit_count import CommitCount, CommitMark
from dashboard.store.line import PostgresLine, cut_line, ping_at_checkout
from dashboard.store.migrate import upgrade

_log = logging.getLogger(__name__)

PEOPLE_FILE = "people.sqlite3"
#: A larger SQLite file is not checked for damage at each start.
_CHECKED_BYTES = 64 << 20
#: How long a statement may wait for a lock or an answer.
_BUSY_S = 4.0
#: How long a whole transaction may take.
_TRANSACTION_S = 8.0
_POOL = 8
#: Limits for PostgreSQL, whose process may be frozen: to connect, answer a ping, run a statement, run a whole transaction.
_CONNECT_S, _PING_S, _STATEMENT_MS, _ANSWER_S = 2, 1.0, 2_500, 3.0
_MIGRATION_S = 60.0
#: How long a start waits for PostgreSQL, as machines that boot together are not ready in order, and the pause between attempts.
_START_S, _AGAIN_S = 30.0, 0.5
#: Parts of the error texts of PostgreSQL, or of the network, until then.
_AWAY = (
    "refused",
    "starting up",
    "shutting down",
    "timeout",
    "unreachable",
    "not known",
    "name resolution",
    "closed the",
)
#: SQLite's error texts while another process creates the tables or the file; some come at once, without SQLite's own waiting.
_BUSY = ("locked", "busy")


class Database:
    """SQL database. ``async with database.write() as tx`` commits at its end; ``read()`` sees one snapshot.

    Both raise Unavailable, Invalid.
    """

    def __init__(self, engine: AsyncEngine, *, file: Path | None = None, folder: DataFolder | None = None) -> None:
        self._engine = engine
        self._folder = folder  # the folder of the file
        sqlite = file is not None
        self._commits = CommitCount(file) if file is not None else None
        # by default PostgreSQL takes a new snapshot for each statement
        options: dict[str, object] = {} if sqlite else {"isolation_level": "REPEATABLE READ"}
        self._reading = engine.execution_options(writes=False, **options)
        self.sqlite = sqlite
        # SQLite waits by ever longer sleeps; within one process a queue is better
        self._one_writer = asyncio.Semaphore(1 if sqlite else _POOL)

    async def open(self) -> None:
        """Upgrade the tables; wait for a store that does not answer yet, or is busy. Raises ConfigurationError."""
        if self._folder is not None:
            self._folder.check_not_lost(PEOPLE_FILE, "the users and their messages")
        await self._migrate()
        if self._folder is not None:
            await self._check_file(self._folder)
            self._folder.note(PEOPLE_FILE)
            self._folder.watch(PEOPLE_FILE)

    async def _migrate(self) -> None:
        loop = asyncio.get_running_loop()
        passing = _BUSY if self.sqlite else _AWAY
        deadline = loop.time() + _START_S
        while True:
            try:
                async with asyncio.timeout(_MIGRATION_S), self._engine.begin() as tx:
                    await tx.run_sync(upgrade)
            except (OperationalError, InterfaceError, DBAPIError, OSError, TimeoutError) as error:
                reason = _reason(error)
                if not any(sign in reason for sign in passing) or loop.time() > deadline:
                    raise ConfigurationError(f"the store cannot be used: {reason}{self._cure(reason)}") from None
                _log.info("waiting for the store: %s", reason)
                await asyncio.sleep(_AGAIN_S)
            else:
                return

    async def _check_file(self, folder: DataFolder) -> None:
        """Raise ConfigurationError for a damaged file, because users in its lost pages would be missing without notice."""
        if (folder.path / PEOPLE_FILE).stat().st_size > _CHECKED_BYTES:
            return
        async with self._reading.begin() as tx:
            found = (await tx.exec_driver_sql("PRAGMA quick_check(1)")).scalar_one()
        if found != "ok":
            reason = str(found).splitlines()[-1]
            raise ConfigurationError(f"the store is damaged: {reason[:100]}; {cure_of(folder.path)}")

    def _cure(self, reason: str) -> str:
        if self._folder is None:
            return ""
        if "full" in reason or "I/O" in reason:
            return f"; free some space where {self._folder.path} is"
        damaged = "not a database" in reason or "malformed" in reason
        return f" ({PEOPLE_FILE}); {cure_of(self._folder.path)}" if damaged else ""

    async def close(self) -> None:
        """Close all connections."""
        if self._commits is not None:
            await self._commits.close()
        await self._engine.dispose()

    async def mark(self) -> CommitMark | None:
        """Return a mark that differs from all earlier ones after a commit by anybody; None if that is not known without a transaction."""
        if self._commits is None or (self._folder is not None and self._folder.fault):
            return None
        return await self._commits.mark()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction that may write."""
        async with self._guarded(), self._one_writer, self._bounded(self._engine) as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction that only reads."""
        async with self._guarded(), self._bounded(self._reading) as tx:
            yield tx

    @asynccontextmanager
    async def _bounded(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        """Begin a transaction; close the connection if PostgreSQL does not answer a statement or the commit in time.

        To cancel a statement is not enough, because the driver then waits for the server's confirmation.
        """
        cut: asyncio.TimerHandle | None = None
        try:
            async with engine.begin() as tx:
                if not self.sqlite:
                    line = (await tx.get_raw_connection()).driver_connection
                    cut = asyncio.get_running_loop().call_later(_ANSWER_S, cut_line, cast("PostgresLine", line))
                yield tx
        finally:
            if cut is not None:
                cut.cancel()

    @asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        if self._folder is not None and self._folder.fault:
            raise Unavailable(f"the store of people and messages cannot be used: {self._folder.fault}")
        try:
            async with asyncio.timeout(_TRANSACTION_S):
                yield
        except DataError:  # PostgreSQL refuses a NUL or a text that is too long; a retry cannot succeed
            raise Invalid("a text in it cannot be stored") from None
        except (DBAPIError, PoolTimeout, TimeoutError, OSError) as error:
            _log.debug("the store failed: %s", _reason(error))
            raise Unavailable(f"the store of people and messages does not answer ({_reason(error)})") from None


def _reason(error: BaseException) -> str:
    """Return an error's text in one line, without statements, values and passwords."""
    cause = getattr(error, "orig", None) or error
    text = str(cause).strip().splitlines()
    return text[0][:200] if text else type(cause).__name__


def open_database(url: str, folder: DataFolder) -> Database:
    """Open the database at ``url`` (``postgresql://user:password@host/name``); empty: the SQLite file in ``folder``.

    Raises ConfigurationError.
    """
    if not url:
        folder.make()
        file = folder.path / PEOPLE_FILE
        return Database(_sqlite(file), file=file, folder=folder)
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            file = Path(parsed.database or PEOPLE_FILE)
            return Database(_sqlite(file), file=file)
        if parsed.get_backend_name() != "postgresql":
            raise ConfigurationError("store: write postgresql://user:password@host/name, or leave it out for SQLite")
        engine = create_async_engine(
            parsed.set(drivername="postgresql+psycopg"),
            hide_parameters=True,  # they are password hashes and messages
            pool_size=_POOL,
            max_overflow=0,
            pool_timeout=_ANSWER_S,
            connect_args={
                "connect_timeout": _CONNECT_S,
                "options": f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout={_STATEMENT_MS}",
            },
        )
    except (ArgumentError, ValueError):
        raise ConfigurationError("store: not a database URL; write postgresql://user:password@host/name") from None
    except (NoSuchModuleError, ImportError):
        raise ConfigurationError("store: the driver is not installed; pip install 'live-dashboard[postgres]'") from None
    ping_at_checkout(engine, _PING_S)
    return Database(engine)


def _sqlite(file: Path) -> AsyncEngine:
    engine = create_async_engine(
        f"sqlite+aiosqlite:///{file}",
        hide_parameters=True,  # they are password hashes and messages
        pool_size=_POOL,
        max_overflow=0,
        pool_timeout=_BUSY_S,
        connect_args={"timeout": _BUSY_S},
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def make(*_: object) -> None:
        private_database(file)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: DBAPIConnection, record: object) -> None:
        connection.isolation_level = None  # transactions begin where ``begin`` below says so
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
