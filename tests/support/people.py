"""Users for tests: in a store with their JWTs, and talkers that write messages over connections that end and return."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import websockets

from dashboard.accounts.accounts import Accounts
from dashboard.accounts.credentials import Credentials, read_secret
from dashboard.accounts.directory import Directory
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.domain.identity import Role, User
from dashboard.store.database import open_database
from dashboard.store.users import create_user
from tests.support.deadline import scaled
from tests.support.server import wait_until

#: What is refused for now is said again after so long.
_PAUSE_S = 0.3
PASSWORD = "correct horse battery"


def make_users(data: Path, users: dict[str, Role], *, store: str = "", passwords: bool = True) -> dict[str, str]:
    """Create users in the store of a server (which need not run), with a JWT each; without passwords this is fast."""

    def now_ms() -> int:
        return int(time.time() * 1000)

    async def make() -> dict[str, str]:
        database = open_database(store, DataFolder(data))
        await database.open()
        credentials = Credentials(read_secret("", DataFolder(data)))
        directory = Directory(database, now_ms=now_ms)
        await directory.look()
        accounts = Accounts(
            database=database,
            directory=directory,
            credentials=credentials,
            counters=Counters(),
            now_ms=now_ms,
            session_ms=86_400_000,
        )
        tokens = {}
        hashed = await credentials.hash_password(PASSWORD) if passwords else ""
        each = list(users.items())
        for first in range(0, len(each), 100):  # a write may not take long
            async with database.write() as tx:
                for name, role in each[first : first + 100]:
                    user = User(name, name, role, created_ms=now_ms())
                    await create_user(tx, user, hashed)
                    tokens[name] = accounts.begin(user).token
        credentials.close()
        await database.close()
        return tokens

    with ThreadPoolExecutor(1) as apart:  # playwright has a loop of its own in this thread
        return apart.submit(lambda: asyncio.run(make())).result()


@dataclass
class Talker:
    """One page of one user in one room. It checks what it is sent at once, and records faults in ``faults``."""

    user: str
    token: str
    port: Callable[[], int]
    room: str = "host"
    position: int = 0
    joined: bool = False
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)  # change -> message
    texts: dict[str, str] = field(default_factory=dict)  # message id -> text as it is now
    order: list[str] = field(default_factory=list)  # message ids as they came
    pending: dict[str, str] = field(default_factory=dict)  # key -> text, in order
    acked: dict[str, str] = field(default_factory=dict)  # key -> message id
    faults: list[str] = field(default_factory=list)
    others: list[dict[str, Any]] = field(default_factory=list)  # every other message from the server
    closes: list[int] = field(default_factory=list)
    returns: int = 0
    refused: dict[str, float] = field(default_factory=dict)  # key -> when it is said again (time.monotonic)
    socket: Any = None

    async def run(self) -> None:
        """Connect, and connect again whenever the connection is lost, until cancelled."""
        while True:
            try:
                async with websockets.connect(
                    f"ws://127.0.0.1:{self.port()}/ws",
                    open_timeout=scaled(5),
                    ping_interval=5,
                    ping_timeout=5,
                    max_queue=None,
                ) as socket:
                    await self._talk(socket)
            except (OSError, TimeoutError, websockets.InvalidHandshake):
                pass
            except websockets.ConnectionClosed as error:
                self.closes.append(error.rcvd.code if error.rcvd else 1006)
                if self.closes[-1] >= 4500:
                    self.faults.append(f"closed for good with {self.closes[-1]}")
                    return
            self.socket, self.joined = None, False
            self.returns += 1
            await asyncio.sleep(random.uniform(0.05, 0.3))

    async def _talk(self, socket: Any) -> None:
        await self._come(socket)
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "joined":
                self._joined(message)
                self.socket, self.joined = socket, True
                self.refused.clear()
                for key in list(self.pending):
                    await self._send(key)
            elif message["type"] == "error" and not self.joined:
                if message["code"] != "not_authenticated":  # what stood behind an auth that was not served
                    await asyncio.sleep(_PAUSE_S)
                    await self._come(socket)
            else:
                await self._take(message)

    async def _come(self, socket: Any) -> None:
        await socket.send(json.dumps({"type": "auth", "userId": self.user, "token": self.token}))
        since = {"since": str(self.position)} if self.position else {}
        await socket.send(json.dumps({"type": "join_room", "roomId": self.room, **since}))

    def _joined(self, message: dict[str, Any]) -> None:
        if self.position and not message["recovered"]:
            self.faults.append("not recovered")
        for each in message["messages"]:
            self._keep(each)
        if int(message["position"]) < self.position:
            self.faults.append(f"set back from {self.position} to {message['position']}")
        self.position = int(message["position"])

    async def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind in ("message", "message_changed") and message["roomId"] == self.room:
            change = int(message["position"])
            if change != self.position + 1:
                self.faults.append(f"after {self.position} came {change}")
            self.position = max(self.position, change)
            self._keep(message)
        elif kind == "ack" and message.get("key") in self.pending:
            self.acked[message["key"]] = message["messageId"]
            del self.pending[message["key"]]
        elif kind == "error" and message.get("id") in self.pending:
            if message["code"] in ("unavailable", "overloaded", "rate_limited"):
                self.refused[message["id"]] = time.monotonic() + _PAUSE_S
            else:
                self.faults.append(f"refused for good: {message}")
        else:
            self.others.append(message)

    def _keep(self, message: dict[str, Any]) -> None:
        change, text = int(message["position"]), message["messageId"]
        if change in self.seen and self.seen[change] != message | {"type": self.seen[change].get("type")}:
            self.faults.append(f"change {change} came twice, not alike")
        self.seen[change] = message
        if text not in self.texts:
            self.order.append(text)
        self.texts[text] = message["text"]

    async def _send(self, key: str) -> None:
        if self.socket is None or key not in self.pending:
            return
        body = {"type": "message", "id": key, "roomId": self.room, "text": self.pending[key], "key": key}
        await self.socket.send(json.dumps(body))

    async def say_again(self) -> None:
        """Send again a message that was refused for a while."""
        due = [key for key, when in self.refused.items() if when <= time.monotonic()]
        for key in due:
            del self.refused[key]
            with contextlib.suppress(websockets.ConnectionClosed):
                await self._send(key)

    async def say(self, text: str) -> str:
        """Post a message, now or as soon as there is a connection; return its key."""
        key = f"{self.user}-{secrets.token_hex(6)}"
        self.pending[key] = text
        if self.joined and self.socket is not None:
            with contextlib.suppress(websockets.ConnectionClosed):  # it is said again after the return
                await self._send(key)
        return key


class Company:
    """Talkers in a loop of their own, each of which posts a message every ``every_s``. A context manager."""

    def __init__(self, talkers: Sequence[Talker], *, every_s: float = 0.1) -> None:
        self.talkers = list(talkers)
        self._every_s = every_s
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="people", daemon=True)
        self._talking = threading.Event()
        self._ended = threading.Event()
        self.said = 0
        self.failure: BaseException | None = None

    def __enter__(self) -> Company:
        self._talking.set()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(scaled(20))
        assert not self._thread.is_alive()
        if self.failure is not None:
            raise self.failure

    def hush(self) -> None:
        """Post no further messages; the messages under way are still sent."""
        self._talking.clear()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._all())
        except BaseException as error:
            self.failure = error
        finally:
            self._loop.close()

    async def _all(self) -> None:
        tasks = [asyncio.create_task(each.run()) for each in self.talkers]
        tasks += [asyncio.create_task(self._chat(each)) for each in self.talkers]
        while not self._ended.is_set() and not any(task.done() for task in tasks):
            await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _chat(self, talker: Talker) -> None:
        while True:
            await asyncio.sleep(self._every_s * random.uniform(0.5, 1.5))
            await talker.say_again()
            if self._talking.is_set() and len(talker.pending) < 20:
                self.said += 1
                await talker.say(f"{talker.user} {self.said}")

    def settled(self) -> bool:
        """Return whether every message is acked and all talkers have reached the same position."""
        ends = {talker.position for talker in self.talkers}
        return all(not each.pending and each.joined for each in self.talkers) and len(ends) == 1

    def wait_settled(self, timeout_s: float) -> None:
        """Wait until ``settled``; the error names the talkers that are not, and what they miss."""
        wait_until(self.settled, timeout_s, _Behind(self.talkers))

    def check(self) -> None:
        """Check that every acked message is there exactly once, in the same order for all, without holes."""
        faults = [fault for each in self.talkers for fault in each.faults]
        assert not faults, faults
        first = self.talkers[0]
        for each in self.talkers:
            by_change = [m["messageId"] for _, m in sorted(each.seen.items())]
            assert len(by_change) == len(set(by_change)), "a message came twice"
            assert by_change == [m["messageId"] for _, m in sorted(first.seen.items())]
            for key, message_id in each.acked.items():
                found = [m for m in first.seen.values() if m.get("key") == key]
                assert [m["messageId"] for m in found] == [message_id], f"{key} is there {len(found)} times"


class _Behind:
    """Text about the talkers that are not settled and what they miss, computed when it is printed."""

    def __init__(self, talkers: Sequence[Talker]) -> None:
        self._talkers = talkers

    def __str__(self) -> str:
        behind = [(t.user, t.joined, t.position, t.refused, list(t.pending), t.others[-3:]) for t in self._talkers]
        return f"all is said and heard: {behind}"
