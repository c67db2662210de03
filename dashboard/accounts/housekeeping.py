"""Housekeeping of the store: deletes expired records (one process at a time) and stores when tokens were last used."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from dashboard.accounts.authenticator import Authenticator
from dashboard.domain.errors import DashboardError
from dashboard.journal.port import Journal
from dashboard.store.audit import forget_audit
from dashboard.store.boards import DELETED_KEPT_MS, forget_deleted
from dashboard.store.database import Database
from dashboard.store.messages import count_forgettable, forget_messages
from dashboard.store.tokens import note_token_use
from dashboard.store.users import forget_revocations

_log = logging.getLogger(__name__)

_EVERY_S = 30.0
_FORGET_EVERY_S = 3_600.0
#: Time between the two readings of the clock, and the allowed difference from the time that has really passed.
PATIENCE_S = 600.0
_AGREES_MS = 60_000
_LEASE_S = 120.0
_DAY_MS = 86_400_000


class Planned(NamedTuple):
    """First of two clock readings before a deletion: the journal's time in ms, and the monotonic time of the reading in seconds."""

    now_ms: int
    read_s: float


class Housekeeping:
    """Periodic cleanup. ``now_ms`` is the journal's time."""

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        identify: Authenticator,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
        message_days: int,
        audit_days: int,
    ) -> None:
        self._database = database
        self._journal = journal
        self._identify = identify
        self._now_ms = now_ms
        self._message_days = message_days
        self._audit_days = audit_days
        self._monotonic = monotonic
        self._planned: Planned | None = None
        self._next_s = float("-inf")

    async def run(self) -> None:
        """Clean up every ``_EVERY_S`` until cancelled."""
        while True:
            try:
                await self.tidy()
            except DashboardError as error:
                _log.debug("housekeeping failed, will be retried: %s", error)
            await asyncio.sleep(_EVERY_S)

    async def tidy(self) -> None:
        """Store the tokens' last use, and once an hour delete expired records; raises Unavailable."""
        used = self._identify.take_used()
        if used:
            try:
                async with self._database.write() as tx:
                    await note_token_use(tx, used)
            except DashboardError:
                self._identify.put_back_used(used)
                raise
        if await self._journal.hold("housekeeping", _LEASE_S):
            await self._forget()

    async def _forget(self) -> None:
        """Plan the deletion of old records; ``PATIENCE_S`` later, delete them if a second reading of the clock agrees with the first.

        A clock that was wrong for some minutes must not delete messages, and must not make a revoked session valid again. Raises
        Unavailable.
        """
        now_ms, now_s = self._now_ms(), self._monotonic()
        if self._planned is None:
            if now_s >= self._next_s:
                self._planned = await self._plan(now_ms, now_s)
            return
        if now_s - self._planned.read_s < PATIENCE_S:
            return
        planned, self._planned = self._planned, None
        went_ms, should_ms = now_ms - planned.now_ms, 1000 * (now_s - planned.read_s)
        if abs(went_ms - should_ms) > _AGREES_MS:
            _log.warning("the clock was set by %.0f s meanwhile: nothing is deleted yet", (went_ms - should_ms) / 1000)
            return
        async with self._database.write() as tx:
            await forget_messages(tx, planned.now_ms - self._message_days * _DAY_MS)
            await forget_audit(tx, planned.now_ms - self._audit_days * _DAY_MS)
            await forget_revocations(tx, planned.now_ms)
            await forget_deleted(tx, planned.now_ms - DELETED_KEPT_MS)
        self._next_s = now_s + _FORGET_EVERY_S

    async def _plan(self, now_ms: int, now_s: float) -> Planned:
        before_ms = now_ms - self._message_days * _DAY_MS
        async with self._database.read() as tx:
            count = await count_forgettable(tx, before_ms)
        if count:
            _log.info(
                "%d messages from before %s UTC will be deleted in %.0f minutes (message_days = %d)",
                count,
                time.strftime("%Y-%m-%d %H:%M", time.gmtime(before_ms / 1000)),
                PATIENCE_S / 60,
                self._message_days,
            )
        return Planned(now_ms, now_s)
