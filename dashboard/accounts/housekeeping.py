"""Housekeeping of the store: deletes expired records (one process at a time) and stores when tokens were last used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from dashboard.accounts.authenticator import Authenticator
from dashboard.domain.errors import DashboardError
from dashboard.journal.port import Journal
from dashboard.store.audit import forget_audit
from dashboard.store.database import Database
from dashboard.store.messages import forget_messages
from dashboard.store.tokens import note_token_use
from dashboard.store.users import forget_revocations

_log = logging.getLogger(__name__)

_EVERY_S = 30.0
_FORGET_EVERY_MS = 3_600_000
_LEASE_S = 120.0
_DAY_MS = 86_400_000


class Housekeeping:
    """Periodic cleanup. ``now_ms`` is the journal's time."""

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        identify: Authenticator,
        now_ms: Callable[[], int],
        message_days: int,
        audit_days: int,
    ) -> None:
        self._database = database
        self._journal = journal
        self._identify = identify
        self._now_ms = now_ms
        self._message_days = message_days
        self._audit_days = audit_days
        self._forgotten_ms = 0

    async def run(self) -> None:
        """Clean up every ``_EVERY_S`` until cancelled."""
        while True:
            try:
                await self.tidy()
            except DashboardError as error:
                _log.debug("housekeeping failed, tried again later: %s", error)
            await asyncio.sleep(_EVERY_S)

    async def tidy(self) -> None:
        """Store the tokens' last use, and once an hour delete what is too old; raises Unavailable."""
        used, self._identify.used = self._identify.used, {}
        if used:
            try:
                async with self._database.write() as tx:
                    await note_token_use(tx, used)
            except DashboardError:
                self._identify.used = used | self._identify.used
                raise
        now_ms = self._now_ms()
        if now_ms - self._forgotten_ms < _FORGET_EVERY_MS or not await self._journal.hold("housekeeping", _LEASE_S):
            return
        async with self._database.write() as tx:
            await forget_messages(tx, now_ms - self._message_days * _DAY_MS)
            await forget_audit(tx, now_ms - self._audit_days * _DAY_MS)
            await forget_revocations(tx, now_ms)
        self._forgotten_ms = now_ms
