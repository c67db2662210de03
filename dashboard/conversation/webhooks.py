"""Webhooks: notifications posted to the configured URLs, signed, stored until delivered and retried for a day.

A lease for each URL ensures that only one process at a time sends to it. Redirects are not followed; a response may have at most
64 KiB.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from functools import partial

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from dashboard.accounts.fetch import FETCH_FAULTS, fetch
from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError
from dashboard.journal.port import Journal
from dashboard.runtime import Group
from dashboard.store.database import Database
from dashboard.store.schema import deliveries

_log = logging.getLogger(__name__)

#: Another process takes over when the lease was not renewed for this long.
_LEASE_S = 15.0
_CHECK_EVERY_S = 5.0
_FORGET_EVERY_S = 60.0
#: A request that takes longer has failed.
_TIMEOUT_S = 5.0
#: Pause after the first failure; it doubles with each further one, up to the longest.
_FIRST_PAUSE_MS = 1_000
_LONGEST_PAUSE_MS = 3_600_000
#: A delivery that still fails at this age is deleted.
_GIVEN_UP_MS = 86_400_000
#: Deliveries between two renewals of the lease; together they take less than ``_LEASE_S``.
_AT_ONCE = 2
_MAX_RESPONSE_BYTES = 65_536


class Webhooks:
    """Queue of deliveries.

    ``X-Dashboard-Signature: sha256=HEX`` is the HMAC of ``TIME.BODY``, where TIME is the header ``X-Dashboard-Time``, in seconds.
    """

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        urls: tuple[str, ...],
        secret: str,
        counters: Counters,
        now_ms: Callable[[], int],
    ) -> None:
        self._database = database
        self._journal = journal
        self._urls = urls
        self._secret = secret.encode()
        self._counters = counters
        self._now_ms = now_ms
        self._waking = {url: asyncio.Event() for url in urls}

    async def store(self, tx: AsyncConnection, event: dict[str, object], data: bytes) -> None:
        """Store a delivery for each URL in the notification's own transaction."""
        now_ms = self._now_ms()
        body = msgspec.json.encode({"type": "notification", **event, "data": msgspec.Raw(data), "t": now_ms}).decode()
        for url in self._urls:
            row = {"id": secrets.token_hex(16), "url": url, "body": body}
            await tx.execute(insert(deliveries).values(**row, created_ms=now_ms, tries=0, next_ms=now_ms))

    def wake(self) -> None:
        """Send stored deliveries now instead of at the next check."""
        for waking in self._waking.values():
            waking.set()

    async def run(self) -> None:
        """Send deliveries until cancelled; each URL has its own task, so that a slow URL delays no other URL."""
        async with Group() as group:
            group.start("obsolete webhooks", self._run_forgetting)
            for url in self._urls:
                group.start("webhook", partial(self._run_one, url))

    async def _run_forgetting(self) -> None:
        """Delete deliveries to URLs that are no longer configured, every minute."""
        while True:
            try:
                async with self._database.write() as tx:
                    await tx.execute(delete(deliveries).where(deliveries.c.url.not_in(self._urls)))
            except DashboardError as error:
                _log.debug("obsolete webhook deliveries not deleted: %s", error)
            await asyncio.sleep(_FORGET_EVERY_S)

    async def _run_one(self, url: str) -> None:
        lease = f"webhook:{hashlib.sha256(url.encode()).hexdigest()[:16]}"
        waking = self._waking[url]
        while True:
            try:
                async with asyncio.timeout(_CHECK_EVERY_S):
                    await waking.wait()
            except TimeoutError:
                pass
            waking.clear()
            try:
                if await self._journal.hold(lease, _LEASE_S) and await self._send_due(url):
                    waking.set()
            except DashboardError as error:
                _log.debug("webhook deliveries delayed: %s", error)

    async def _send_due(self, url: str) -> bool:
        """Send up to ``_AT_ONCE`` due deliveries; return whether there may be more."""
        now_ms = self._now_ms()
        statement = select(deliveries).where(deliveries.c.next_ms <= now_ms, deliveries.c.url == url)
        async with self._database.read() as tx:
            due = (await tx.execute(statement.order_by(deliveries.c.next_ms).limit(_AT_ONCE))).all()
        for row in due:
            done = await self._send(row.url, row.id, row.body)
            given_up = now_ms - row.created_ms > _GIVEN_UP_MS
            if given_up and not done:
                _log.error("webhook delivery %s deleted: it failed for a day", row.id)
            pause_ms = min(_LONGEST_PAUSE_MS, _FIRST_PAUSE_MS * 2 ** min(row.tries, 20))
            async with self._database.write() as tx:
                if done or given_up:
                    await tx.execute(delete(deliveries).where(deliveries.c.id == row.id))
                else:
                    later = update(deliveries).where(deliveries.c.id == row.id)
                    await tx.execute(later.values(tries=row.tries + 1, next_ms=self._now_ms() + pause_ms))
        return len(due) == _AT_ONCE

    async def _send(self, url: str, delivery: str, body: str) -> bool:
        time_s = str(self._now_ms() // 1000)
        signature = hmac.new(self._secret, f"{time_s}.{body}".encode(), hashlib.sha256).hexdigest()
        request = HTTPRequest(
            url,
            "POST",
            {
                "Content-Type": "application/json",
                "X-Dashboard-Delivery": delivery,
                "X-Dashboard-Time": time_s,
                "X-Dashboard-Signature": f"sha256={signature}",
            },
            body,
            connect_timeout=_TIMEOUT_S,
            request_timeout=_TIMEOUT_S,
            follow_redirects=False,
        )
        client = AsyncHTTPClient(force_instance=True, max_body_size=_MAX_RESPONSE_BYTES)
        try:
            await fetch(client, request)
        except FETCH_FAULTS as error:
            self._counters.webhooks["failed"] += 1
            _log.info("webhook delivery %s failed: %s", delivery, getattr(error, "code", type(error).__name__))
            return False
        finally:
            client.close()
        self._counters.webhooks["delivered"] += 1
        return True
