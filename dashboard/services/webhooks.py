"""Post notifications to the addresses that the configuration names: signed, kept until delivered, tried again for a day.

Of several processes one sends at a time (a lease).  Redirects are not followed; what is answered is not read.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError
from dashboard.journal.port import Journal
from dashboard.store.database import Database
from dashboard.store.schema import deliveries

_log = logging.getLogger(__name__)

_LEASE_S = 15.0
_LOOK_EVERY_S = 5.0
_TIMEOUT_S = 5.0
_FIRST_PAUSE_MS = 1_000
_LONGEST_PAUSE_MS = 3_600_000
_GIVEN_UP_MS = 86_400_000
_AT_ONCE = 20


class Webhooks:
    """``X-Dashboard-Signature: sha256=HEX`` is the HMAC of ``TIME.BODY``, TIME being ``X-Dashboard-Time`` (seconds)."""

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
        self._waking = asyncio.Event()

    async def store(self, tx: AsyncConnection, event: dict[str, Any], data: bytes) -> None:
        """In the transaction that keeps the notification itself."""
        now_ms = self._now_ms()
        body = msgspec.json.encode({"type": "notification", **event, "data": msgspec.Raw(data), "t": now_ms}).decode()
        for url in self._urls:
            row = {"id": secrets.token_hex(16), "url": url, "body": body}
            await tx.execute(insert(deliveries).values(**row, created_ms=now_ms, tries=0, next_ms=now_ms))

    def wake(self) -> None:
        """There is something to send."""
        self._waking.set()

    async def run(self) -> None:
        """Send until cancelled."""
        if not self._urls:
            return
        while True:
            try:
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await self._waking.wait()
            except TimeoutError:
                pass
            self._waking.clear()
            try:
                if await self._journal.hold("webhooks", _LEASE_S):
                    await self._send_due()
            except DashboardError as error:
                _log.debug("webhooks wait: %s", error)

    async def _send_due(self) -> None:
        now_ms = self._now_ms()
        async with self._database.read() as tx:
            due = (
                await tx.execute(
                    select(deliveries)
                    .where(deliveries.c.next_ms <= now_ms)
                    .order_by(deliveries.c.next_ms)
                    .limit(_AT_ONCE)
                )
            ).all()
        for row in due:
            done = row.url not in self._urls or await self._send(row.url, row.id, row.body)
            given_up = now_ms - row.created_ms > _GIVEN_UP_MS
            if given_up and not done:
                _log.error("webhook %s given up after a day", row.id)
            pause_ms = min(_LONGEST_PAUSE_MS, _FIRST_PAUSE_MS * 2 ** min(row.tries, 20))
            async with self._database.write() as tx:
                if done or given_up:
                    await tx.execute(delete(deliveries).where(deliveries.c.id == row.id))
                else:
                    later = update(deliveries).where(deliveries.c.id == row.id)
                    await tx.execute(later.values(tries=row.tries + 1, next_ms=self._now_ms() + pause_ms))
        if len(due) == _AT_ONCE:
            self._waking.set()

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
        try:
            await AsyncHTTPClient().fetch(request)
        except (HTTPClientError, OSError) as error:
            self._counters.webhooks["failed"] += 1
            _log.info("webhook %s not delivered: %s", delivery, getattr(error, "code", type(error).__name__))
            return False
        self._counters.webhooks["delivered"] += 1
        return True
