from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from dashboard.accounts.authenticator import Authenticator
from dashboard.conversation import recoverable
from dashboard.conversation.recoverable import RecoverableClients
from dashboard.domain.errors import BadToken
from dashboard.domain.identity import Caller, Role
from dashboard.journal.port import Journal
from tests.support.hubs import connect
from tests.support.nodes import a_journal, at_work, bus_of, until

pytestmark = pytest.mark.gen_test
SECRET = "s" * 20


class Accounts:
    """Users whose sessions may end."""

    def __init__(self) -> None:
        self.ended: set[str] = set()

    def still(self, caller: Caller) -> Caller | None:
        return None if caller.id in self.ended else caller

    def guest(self, user_id: str, name: str) -> Caller:
        if user_id in self.ended:
            raise BadToken("a user")
        return Caller("guest", user_id, name, Role.VIEWER)


class Process:
    """One of several processes."""

    def __init__(self, journal: Journal, name: str) -> None:
        self.now_s = 0.0
        self.now_ms = 0
        self.accounts = Accounts()
        self.bus = bus_of(journal, name)
        self.clients = RecoverableClients(
            bus=self.bus,
            identify=cast("Authenticator", self.accounts),
            shared=True,
            monotonic=lambda: self.now_s,
            now_ms=lambda: self.now_ms,
        )


@asynccontextmanager
async def two() -> AsyncIterator[tuple[Process, Process]]:
    journal = a_journal()
    one, other = Process(journal, "a"), Process(journal, "b")
    async with at_work(one.bus.run, other.bus.run, one.clients.run, other.clients.run):
        yield one, other


async def test_every_process_knows_whose_client_it_is_until_the_client_leaves_for_good() -> None:
    async with two() as (one, other):
        ann = Caller("user", "ann", "Ann", session="s", version=2, expires_ms=1_000)
        one.clients.note(SECRET, connect(caller=ann))
        one.clients.note("g" * 20, connect(caller=Caller("guest", "u1", "U (guest)", Role.VIEWER)))
        await until(lambda: other.clients.find("g" * 20) is not None)
        found = other.clients.find(SECRET)
        assert found is not None
        assert (found.kind, found.id, found.session, found.version, found.expires_ms) == ("user", "ann", "s", 2, 1_000)
        guest = other.clients.find("g" * 20)
        assert guest is not None
        assert (guest.kind, guest.name) == ("guest", "U (guest)")
        assert other.clients.find("x" * 20) is None
        one.clients.forget(SECRET)
        assert one.clients.find(SECRET) is None
        await until(lambda: other.clients.find(SECRET) is None)


async def test_nobody_is_recovered_whose_session_has_ended_or_who_was_away_too_long() -> None:
    async with two() as (one, _):
        one.clients.note(SECRET, connect(caller=Caller("user", "ann", "Ann", expires_ms=1_000)))
        one.clients.note("g" * 20, connect(caller=Caller("guest", "u1", "U (guest)")))
        one.accounts.ended |= {"ann", "u1"}
        assert (one.clients.find(SECRET), one.clients.find("g" * 20)) == (None, None)
        one.accounts.ended.clear()
        assert one.clients.find(SECRET) is not None
        one.now_ms = 1_000
        assert one.clients.find(SECRET) is None
        assert one.clients.find("g" * 20) is not None
        one.now_s = recoverable._KEPT_S + 1
        assert one.clients.find("g" * 20) is None


async def test_a_connected_client_is_told_again_and_again_and_the_number_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recoverable, "_EVERY_S", 0.01)
    monkeypatch.setattr(recoverable, "_MAX_KNOWN", 3)
    async with two() as (one, other):
        there, gone = (connect(caller=Caller("user", name)) for name in ("ann", "bob"))
        one.clients.note(SECRET, there)
        one.clients.note("b" * 20, gone)
        await until(lambda: other.clients.find("b" * 20) is not None)
        gone.closed = True
        await until(lambda: len(one.clients._connected) == 1)  # bob is not told any more
        one.clients.note("m" * 20, there)
        await until(lambda: other.clients.find("m" * 20) is not None)  # and all that was told of bob has arrived
        one.now_s = other.now_s = recoverable._KEPT_S + 1
        await until(lambda: other.clients.find(SECRET) is not None)
        assert other.clients.find("b" * 20) is None
        for number in range(3):
            one.clients.note(f"{number}" * 20, connect(caller=Caller("user", "x")))
        assert one.clients.find("2" * 20) is not None
        assert len(one.clients._known) == 3
