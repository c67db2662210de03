"""``AsyncClient``: like ``Client``, on asyncio streams. A client belongs to the event loop in which it is first used."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import AsyncGenerator, Iterable
from types import TracebackType
from typing import Self, Unpack

from dashboard.client.feeding import Feeding, FeedingOptions
from dashboard.client.following import DEAD_S, QUIET_S, Following, Update, ViewConnection
from dashboard.client.http import MAX_ANSWER_BYTES, HttpAnswer, decode_answer, is_whole, reason_of
from dashboard.client.outbox import SendOutcome, SentBatch


class AsyncClient(Feeding):
    """Client for asyncio. ``push`` and the other feeding methods return at once and need a running loop; a task sends the samples.

    Call ``close`` before the loop ends: samples that still wait are not sent otherwise.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        close_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
        **options: Unpack[FeedingOptions],
    ) -> None:
        """Set up the client; raises ValueError. ``options``: arguments of Feeding (labels, flush_s, batch, buffer, timeout_s,
        on_refused, on_trouble).
        """
        super().__init__(url, token, **options)
        self._close_s = close_s
        self._tls = tls
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._settled = asyncio.Event()
        self._closing = False
        self._ended = asyncio.Event()
        self._links: set[asyncio.StreamWriter] = set()

    # --- feeding ---

    async def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until every sample pushed so far is accepted, refused or dropped; return False after ``timeout_s`` (None: no limit)."""
        target = self._outbox.counts.pushed
        try:
            async with asyncio.timeout(timeout_s):
                while self._outbox.settled < target and not self._ended.is_set():
                    self._settled.clear()
                    self._wanted.set()
                    await self._settled.wait()
        except TimeoutError:
            return False
        return self._outbox.settled >= target

    async def close(self, timeout_s: float | None = None) -> bool:
        """Send waiting samples for at most ``timeout_s`` (None: ``close_s``), then end; return True if none is left."""
        self._closing = True
        self._wanted.set()
        task = self._task
        try:
            if task is not None:
                await asyncio.wait([task], timeout=self._close_s if timeout_s is None else timeout_s)
        finally:
            self._ended.set()
            self._settled.set()
            complete = not self._outbox.counts.waiting
            self._outbox.abandon()
            for link in self._links:
                link.transport.abort()
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        return complete

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _pushed(self, full: bool) -> None:
        if self._ended.is_set():
            self._outbox.abandon()
        elif self._task is None and not self._closing:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="dashboard-client")
        elif full:
            self._wanted.set()

    async def _run(self) -> None:
        while not self._closing:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._flush_s):
                    await self._wanted.wait()
            self._wanted.clear()
            await self._send_all()
        await self._send_all()

    async def _send_all(self) -> None:
        while (batch := self._outbox.batch()) is not None:
            outcome = await self._send(batch)
            self._settled.set()
            self._report(outcome)
            await asyncio.sleep(outcome.wait_s)

    async def _send(self, batch: SentBatch) -> SendOutcome:
        try:
            answer = await self._exchange(self._request(batch))
        except OSError as error:
            return self._outbox.failed(reason_of(error))
        return self._outbox.answered(answer, time.time())

    async def _exchange(self, request: bytes) -> HttpAnswer:
        async with asyncio.timeout(self._timeout_s):
            reader, writer = await self._connect()
            try:
                writer.write(request)
                await writer.drain()
                received = bytearray()
                while not is_whole(received) and len(received) < MAX_ANSWER_BYTES:
                    if not (chunk := await reader.read(65_536)):
                        break
                    received += chunk
            finally:
                writer.transport.abort()
        return decode_answer(bytes(received))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        tls = (self._tls or ssl.create_default_context()) if self._address.tls else None
        return await asyncio.open_connection(self._address.host, self._address.port, ssl=tls)

    # --- following ---

    def follow(
        self,
        selectors: Iterable[str] = (),
        *,
        board: str = "",
        window_s: float = 60,
        rate_hz: float = 10,
        points: int = 1000,
    ) -> AsyncGenerator[Update]:
        """Iterate over the updates of a view without end: a snapshot first, then changes. Reconnect after lost connections.

        ``window_s``: length of the history in a snapshot; ``rate_hz``: limit of updates per second; ``points``: limit of samples
        per series in a snapshot.

        Raises ValueError at once, and FollowError when the server refuses for good; ends when the client is closed. If you leave
        the iteration early, close it (``contextlib.aclosing``); otherwise the connection stays open until garbage collection.
        """
        following = Following(selectors, board=board, window_s=window_s, rate_hz=rate_hz, points=points)
        return self._follow(following)

    async def _follow(self, following: Following) -> AsyncGenerator[Update]:
        while not self._ended.is_set():
            try:
                async with asyncio.timeout(self._timeout_s):
                    reader, writer = await self._connect()
                self._links.add(writer)
                try:
                    conversation = ViewConnection(following, self._address, self._headers)
                    async for update in self._converse(reader, writer, conversation):
                        yield update
                finally:
                    self._links.discard(writer)
                    writer.transport.abort()
            except OSError as error:
                if self._ended.is_set():
                    return
                self._report(SendOutcome(trouble=reason_of(error)))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(following.lost(error, time.time())):
                        await self._ended.wait()

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, conversation: ViewConnection
    ) -> AsyncGenerator[Update]:
        heard_s = time.monotonic()
        while not self._ended.is_set():
            writer.write(conversation.outgoing())
            try:
                async with asyncio.timeout(QUIET_S):
                    await writer.drain()
                    data = await reader.read(262_144)
            except TimeoutError:
                if time.monotonic() - heard_s > DEAD_S:
                    raise
                conversation.quiet()
                continue
            updates = conversation.feed(data)
            writer.write(conversation.outgoing())
            for update in updates:
                yield update
            heard_s = time.monotonic()
