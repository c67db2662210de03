"""Revision: the number of the latest change. Each change of users, sessions, tokens, links and rooms takes the next number.

The only row of the table is locked until the change commits, so a reader that has seen number n has seen all earlier changes.
"""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.store.schema import revisions


async def next_revision(tx: AsyncConnection) -> int:
    """Take the next revision and return it, for the change of this transaction."""
    statement = update(revisions).values(value=revisions.c.value + 1).returning(revisions.c.value)
    return int((await tx.execute(statement)).scalar_one())


async def latest_revision(tx: AsyncConnection) -> int:
    """Return the revision of the latest committed change."""
    return int((await tx.execute(select(revisions.c.value))).scalar_one())
