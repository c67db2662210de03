"""The number of the latest change: each change of users, sessions, tokens, links and rooms takes the next one.

Its one row is locked until the change commits, so whoever has seen number n has seen all before it.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.store.schema import revisions


async def next_revision(tx: AsyncConnection) -> int:
    """The number for what this transaction changes."""
    statement = update(revisions).values(value=revisions.c.value + 1).returning(revisions.c.value)
    return int((await tx.execute(statement)).scalar_one())


async def latest_revision(tx: AsyncConnection) -> int:
    """The number of the latest change that is committed."""
    return int((await tx.execute(select(revisions.c.value))).scalar_one())
