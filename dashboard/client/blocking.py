"""``Client``: feeds from a separate thread and follows on a socket. ``asynchronous.py`` has the client for asyncio."""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Generator, Iterable
from types import TracebackType
from typing import Self, Unpack

from dashboard.client.address import Address
from dashboard.client.feeding import Feeding, FeedingOptions
from dashboard.client.following import DEAD_S, QUIET_S, Following, Update, ViewConnection
from dashboard.client.http import MAX_ANSWER_BYTES, HttpAnswer, decode_answer, is_whole, reason_of
from dashboard.client.outbox import SendOutcome, SentBatch


def connect(address: Address, timeout_s: float, tls: ssl.SSLContext | None = None) -> socket.socket:
    """Return a connected socket, after the TLS handshake if the address needs TLS. Raises OSError after ``timeout_s``
    or another failure."""
    raw = socket.create_connection((address.host, address.port), timeout_s)
    if not address.tls:
        return raw
    return (tls or ssl.create_default_context()).wrap_socket(raw, server_hostname=address.host)


def exchange(address: Address, request: bytes, timeout_s: float, tls: ssl.SSLContext | None = None) -> HttpAnswer:
    """Send one request and return its answer, all within ``timeout_s``. Raises OSError."""
    deadline = time.monotonic() + timeout_s
    received = bytearray()
    with connect(address, timeout_s, tls) as link:
        link.sendall(request)
        while not is_whole(received) and len(received) < MAX_ANSWER_BYTES:
            link.settimeout(max(0.001, deadline - time.monotonic()))
            chunk = link.recv(65_536)
            if not chunk:
                break
            received += chunk
    return decode_answer(bytes(received))


class Client(Feeding):
    """Blocking client. ``push`` and the other feeding methods return at once; a batch is sent every ``flush_s``, or when full.

    While the server is away, at most ``buffer`` samples wait, besides one batch in flight.  Further samples replace the oldest
    samples of the same series, which are counted as dropped.  ``close`` sends waiting samples; it is called at exit and at the end of
    ``with``.
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
        self._changed = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None
        self._hurry = self._closing = False
        self._ended = threading.Event()
        self._links: set[socket.socket] = set()
        own = weakref.ref(self)
        self._at_exit = lambda: _call(own, "close")
        atexit.register(self._at_exit)
        _all.add(self)

    # --- feeding ---

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until every sample pushed so far is accepted, refused or dropped; return False after ``timeout_s`` (None: no limit)."""
        with self._changed:
            target = self._outbox.counts.pushed
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(
                lambda: self._outbox.settled >= target or self._ended.is_set(), timeout_s
            ) and (self._outbox.settled >= target)

    def close(self, timeout_s: float | None = None) -> bool:
        """Send waiting samples for at most ``timeout_s`` (None: ``close_s``), then end; return True if none is left.

        Samples that are left are dropped and counted.  Every ``follow`` of this client ends too.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(self._close_s if timeout_s is None else timeout_s)
        self._ended.set()
        with self._changed:
            complete = not self._outbox.counts.waiting
            self._outbox.abandon()
            self._changed.notify_all()
            links = [*self._links]
        for link in links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        atexit.unregister(self._at_exit)
        return complete

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _pushed(self, full: bool) -> None:
        with self._changed:
            if self._ended.is_set():
                self._outbox.abandon()
            elif self._thread is None and not self._closing:
                self._thread = threading.Thread(target=self._run, name="dashboard-client", daemon=True)
                self._thread.start()
            elif full:
                self._changed.notify_all()

    def _begin_in_child(self) -> None:
        """Forget the waiting samples and the thread in a forked child process: the parent still has both."""
        self._outbox = self._new_outbox()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._thread = None
        self._hurry = False

    def _run(self) -> None:
        while not self._ended.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._hurry or self._closing or self._outbox.full_batch, self._flush_s)
                self._hurry = False
                closing = self._closing
            self._send_all()
            if closing:
                return

    def _send_all(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                batch = self._outbox.batch()
            if batch is None:
                return
            outcome = self._send(batch)
            self._report(outcome)
            self._ended.wait(outcome.wait_s)

    def _send(self, batch: SentBatch) -> SendOutcome:
        try:
            answer = exchange(self._address, self._request(batch), self._timeout_s, self._tls)
        except OSError as error:
            with self._lock:
                return SendOutcome() if self._ended.is_set() else self._outbox.failed(reason_of(error))
        with self._changed:
            if self._ended.is_set():
                return SendOutcome()  # closed in the meantime: the batch is counted as dropped
            outcome = self._outbox.answered(answer, time.time())
            self._changed.notify_all()
            return outcome

    # --- following ---

    def follow(
        self,
        selectors: Iterable[str] = (),
        *,
        board: str = "",
        window_s: float = 60,
        rate_hz: float = 10,
        points: int = 1000,
    ) -> Generator[Update]:
        """Iterate over the updates of a view without end: a snapshot first, then changes. Reconnect after lost connections.

        ``window_s``: length of the history in a snapshot; ``rate_hz``: limit of updates per second; ``points``: limit of samples
        per series in a snapshot.

        Raises ValueError at once, and FollowError when the server refuses for good; ends when the client is closed. If the caller
        takes no update for a while, the server skips frames: the next update holds all changes since the last one.
        """
        following = Following(selectors, board=board, window_s=window_s, rate_hz=rate_hz, points=points)
        return self._follow(following)

    def _follow(self, following: Following) -> Generator[Update]:
        while not self._ended.is_set():
            try:
                with connect(self._address, self._timeout_s, self._tls) as link:
                    yield from self._converse(link, ViewConnection(following, self._address, self._headers))
            except OSError as error:
                if self._ended.is_set():
                    return
                self._report(SendOutcome(trouble=reason_of(error)))
                self._ended.wait(following.lost(error, time.time()))

    def _converse(self, link: socket.socket, conversation: ViewConnection) -> Generator[Update]:
        self._links.add(link)
        link.settimeout(QUIET_S)
        heard_s = time.monotonic()
        try:
            while not self._ended.is_set():
                link.sendall(conversation.outgoing())
                try:
                    data = link.recv(262_144)
                except TimeoutError:
                    if time.monotonic() - heard_s > DEAD_S:
                        raise
                    conversation.quiet()
                    continue
                updates = conversation.feed(data)
                link.sendall(conversation.outgoing())
                yield from updates
                heard_s = time.monotonic()
        finally:
            self._links.discard(link)
            conversation.close()
            with contextlib.suppress(OSError):
                link.sendall(conversation.outgoing())


def _call(own: weakref.ref[Client], name: str) -> None:
    client = own()
    if client is not None:
        getattr(client, name)()


_all: weakref.WeakSet[Client] = weakref.WeakSet()


def _begin_in_child() -> None:
    for client in list(_all):
        client._begin_in_child()


os.register_at_fork(after_in_child=_begin_in_child)
