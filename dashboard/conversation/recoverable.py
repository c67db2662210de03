"""Recovery of lost Socket.IO clients by any process, without credentials, as in the original Socket.IO.

A client that authenticated by the event ``auth`` shows only a secret id when it connects again. So every process must
know the user of each secret id. The process that has the client publishes the user, again and again while the client is
connected.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable

from dashboard.accounts.authenticator import Authenticator
from dashboard.cluster.bus import Bus, Heard
from dashboard.domain.errors import DashboardError
from dashboard.domain.identity import Caller
from dashboard.entries.signals import ClientKnown, ClientsKnown
from dashboard.hub.connection import Connection

#: Pause between two publications of a connected client.
_EVERY_S = 40.0
#: Time since the last publication after which a client cannot be recovered: two minutes, as in the original, after a late one.
_KEPT_S = 120.0 + _EVERY_S
#: Changes within this time are published together, at most this many at once.
_GATHER_S, _TOGETHER = 0.05, 500
#: Clients of all processes that are known; beyond it the oldest cannot be recovered.
_MAX_KNOWN = 100_000


class RecoverableClients:
    """Table of users by their clients' secret ids. ``shared``: True if there may be other processes. ``monotonic``
    gives seconds, ``now_ms`` the journal's time."""

    def __init__(
        self,
        *,
        bus: Bus,
        identify: Authenticator,
        shared: bool,
        monotonic: Callable[[], float],
        now_ms: Callable[[], int],
    ) -> None:
        self._bus = bus
        self._identify = identify
        self._shared = shared
        self._monotonic = monotonic
        self._now_ms = now_ms
        self._connected: dict[str, Connection] = {}
        self._known: OrderedDict[str, tuple[ClientKnown, float]] = (
            OrderedDict()
        )  # by key, with their ends; the oldest first
        self._untold: dict[str, ClientKnown] = {}
        self._gone: list[str] = []
        self._work = asyncio.Event()
        bus.subscribe(ClientsKnown, self._hear)

    def note(self, secret: str, connection: Connection) -> None:
        """Record the secret id of a connection."""
        caller, key = connection.caller, _key(secret)
        client = ClientKnown(
            key, caller.kind, caller.id, caller.name, caller.session, caller.version, caller.expires_ms
        )
        known = self._known.get(key)
        if self._connected.get(key) is not connection or known is None or known[0] != client:
            self._connected[key] = connection
            self._keep(client)
            self._untold[key] = client
            self._work.set()

    def forget(self, secret: str) -> None:
        """Forget a client that has left for good."""
        key = _key(secret)
        if self._known.pop(key, None) is not None:
            self._connected.pop(key, None)
            self._untold.pop(key, None)
            self._gone.append(key)
            self._work.set()

    def find(self, secret: str) -> Caller | None:
        """Return the caller of the client with this secret id; None if the id is unknown or the user's session has
        ended."""
        client, until_s = self._known.get(_key(secret), (None, 0.0))
        if client is None or until_s < self._monotonic():
            return None
        if client.expires_ms is not None and client.expires_ms <= self._now_ms():
            return None
        try:
            if client.kind == "guest":
                return self._identify.guest(client.user, client.name)
        except DashboardError:  # the id is a user's now
            return None
        return self._identify.still(
            Caller("user", client.user, session=client.session, version=client.version, expires_ms=client.expires_ms)
        )

    def _keep(self, client: ClientKnown) -> None:
        now_s = self._monotonic()
        self._known[client.key] = client, now_s + _KEPT_S
        self._known.move_to_end(client.key)
        while len(self._known) > _MAX_KNOWN or next(iter(self._known.values()))[1] < now_s:
            self._known.popitem(last=False)

    def _hear(self, signal: ClientsKnown, _: Heard) -> None:
        for client in signal.clients:
            self._keep(client)
        for key in signal.gone:
            self._known.pop(key, None)

    async def run(self) -> None:
        """Publish the clients of this process until cancelled."""
        loop = asyncio.get_running_loop()
        again_s = loop.time() + _EVERY_S
        while True:
            try:
                async with asyncio.timeout_at(again_s):
                    await self._work.wait()
                await asyncio.sleep(_GATHER_S)
            except TimeoutError:
                again_s = loop.time() + _EVERY_S
                self._tell_again()
            self._work.clear()
            await self._publish()

    def _tell_again(self) -> None:
        for key, connection in list(self._connected.items()):
            known = self._known.get(key)
            if connection.closed or known is None:
                del self._connected[key]
            else:
                self._keep(known[0])
                self._untold[key] = known[0]

    async def _publish(self) -> None:
        untold, self._untold = list(self._untold.values()), {}
        gone, self._gone = self._gone, []
        if not self._shared:
            return
        for start in range(0, max(len(untold), len(gone)), _TOGETHER):
            some = slice(start, start + _TOGETHER)
            if not await self._bus.publish(ClientsKnown(untold[some], gone[some])):
                return  # published again with all the others


def _key(secret: str) -> str:
    """Return the hash of a secret id. Only the hash is published, so that readers of the journal cannot use the id."""
    return hashlib.sha256(secret.encode()).hexdigest()[:32]
