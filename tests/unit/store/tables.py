"""Tables of the schema in an SQLite database in memory. Both databases, with their locks, are in tests/contract."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import StaticPool

from dashboard.store.schema import metadata, revisions


@asynccontextmanager
async def tables() -> AsyncIterator[AsyncConnection]:
    """Open a transaction on empty tables."""
    engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
    try:
        async with engine.begin() as tx:
            await tx.run_sync(metadata.create_all)
            await tx.execute(insert(revisions).values(id=1, value=0))
            yield tx
    finally:
        await engine.dispose()
