"""Limits on password attempts: for each name and network, and for each network over all names.

An attempt counts only if the password was checked.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError, Overloaded, TooMany, Unavailable
from dashboard.domain.ip_addresses import network_of
from dashboard.store import users as stored_users
from dashboard.store.database import Database

#: Most attempts for one name from one address within the window; further ones raise TooMany.
MAX_TRIES = 5
TRIES_WINDOW_MS = 900_000


class LoginTries:
    """Counter of attempts in the store. ``now_ms`` gives the journal's time."""

    def __init__(self, database: Database, *, counters: Counters, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._counters = counters
        self._now_ms = now_ms

    async def count(self, user_id: str, address: str) -> str | None:
        """Count an attempt and return the user's stored password hash, None for an unknown user; raises TooMany, Unavailable."""
        now_ms, address = self._now_ms(), network_of(address)
        async with self._database.write() as tx:
            tries = await stored_users.count_try(tx, user_id, address, now_ms, TRIES_WINDOW_MS)
            ends_ms = await stored_users.tries_end(tx, user_id, address, TRIES_WINDOW_MS, MAX_TRIES)
            stored = await stored_users.password_of(tx, user_id)
        if tries > MAX_TRIES:
            self._counters.logins["limited"] += 1
            left_s = max(1, math.ceil((ends_ms - now_ms) / 1000))
            minutes = math.ceil(left_s / 60)
            raise TooMany(
                f"too many tries; wait {minutes} minute{'s' if minutes > 1 else ''}", retry_after_s=float(left_s)
            )
        return stored

    @asynccontextmanager
    async def answered(self, user_id: str, address: str) -> AsyncIterator[None]:
        """Undo the count of an attempt if the ``async with`` block raises Overloaded or Unavailable.

        A user who may retry must not be locked out.
        """
        try:
            yield
        except (Overloaded, Unavailable):
            with suppress(DashboardError):
                async with self._database.write() as tx:
                    await stored_users.take_back_try(tx, user_id, network_of(address))
            raise

    async def forget(self, tx: AsyncConnection, user_id: str, address: str) -> None:
        """Forget the attempts for a name from an address that has given the right password."""
        await stored_users.forget_tries(tx, user_id, network_of(address))
