"""SQL engines for the store's contract: an SQLite file, and a new database in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from dashboard.data_folder.folder import DataFolder
from dashboard.domain.identity import Role, User
from dashboard.domain.room import Message, Room
from dashboard.store.database import Database, open_database
from dashboard.store.messages import post
from dashboard.store.rooms import create_room
from dashboard.store.users import create_user
from tests.support.postgres import PostgresServer

NOW = 1_700_000_000_000
_numbers = count(1)


class Place:
    """Place of one test's store. ``opened(n)``: the store as ``n`` processes have it, each with its own connections."""

    def __init__(self, name: str, folder: Path, postgres: PostgresServer | None) -> None:
        self.name = name
        self.folder = folder
        self.url = ""
        if postgres is not None:
            database = f"test_{next(_numbers)}"
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {database}")  # type: ignore[arg-type]  # our own name
            self.url = postgres.url.rpartition("/")[0] + f"/{database}"

    def database(self) -> Database:
        """Return the database, not opened yet."""
        return open_database(self.url, DataFolder(self.folder))

    @asynccontextmanager
    async def opened(self, processes: int = 1) -> AsyncIterator[list[Database]]:
        """Open the store for several processes; the first upgrades its tables."""
        databases = [self.database() for _ in range(processes)]
        try:
            for database in databases:
                await database.open()
            yield databases
        finally:
            for database in databases:
                await database.close()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Database]:
        """Open the store for one process."""
        async with self.opened() as (database,):
            yield database


def message(
    text: str, *, room: str = "ops", author: str = "alice", key: str = "", t_ms: int = NOW, **more: Any
) -> Message:
    """Return a message that is not posted yet; its key is its text if none is given."""
    return Message(room, 0, 0, author, author.title(), text, f"<p>{text}</p>", t_ms, key=key or text, **more)


async def make_room(database: Database, room_id: str = "ops", **more: Any) -> None:
    """Create an operator's room."""
    async with database.write() as tx:
        await create_room(tx, Room(room_id, "room", room_id.title(), **more), "olga", NOW)


async def say(database: Database, *texts: str, **more: Any) -> list[Message]:
    """Post messages one after the other; return them as they are stored."""
    stored = []
    for text in texts:
        async with database.write() as tx:
            stored.append((await post(tx, message(text, **more)))[0])
    return stored


async def make_user(database: Database, user_id: str, role: Role = Role.VIEWER, **more: Any) -> None:
    """Create a user with the password hash ``hash of ID``."""
    async with database.write() as tx:
        await create_user(tx, User(user_id, user_id.title(), role, created_ms=NOW, **more), f"hash of {user_id}")
