"""Audit log: who did what to whom. Rows are added and never changed."""

from __future__ import annotations

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.store.schema import audit


async def record(
    tx: AsyncConnection, t_ms: int, actor: str, action: str, subject: str = "", address: str = "", **detail: object
) -> None:
    """Add a row to the audit log: ``actor`` did ``action`` to ``subject``. ``action`` is noun.verb; ``detail`` must
    hold no secrets."""
    await tx.execute(
        insert(audit).values(
            t_ms=t_ms,
            actor=actor[:60],
            action=action,
            subject=subject[:200],
            detail=msgspec.json.encode(detail).decode(),
            address=address[:60],
        )
    )


async def read_audit(tx: AsyncConnection, before: int | None, limit: int) -> list[dict[str, object]]:
    """Return rows of the audit log, the newest first; ``before``: only rows with a smaller id."""
    statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(audit.c.id < before)
    return [
        {
            "id": row.id,
            "t": row.t_ms,
            "actor": row.actor,
            "action": row.action,
            "subject": row.subject,
            "detail": msgspec.json.decode(row.detail),
            "address": row.address,
        }
        for row in await tx.execute(statement)
    ]


async def forget_audit(tx: AsyncConnection, before_ms: int) -> None:
    """Delete the rows of the audit log that are older than ``before_ms``."""
    await tx.execute(delete(audit).where(audit.c.t_ms < before_ms))
