"""Accounts of one process with a real store, behind their routes, asked in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dashboard.accounts.accounts import Accounts
from dashboard.accounts.authenticator import Authenticator
from dashboard.accounts.credentials import Credentials
from dashboard.accounts.directory import Directory
from dashboard.domain.counters import Counters
from dashboard.domain.identity import Role
from dashboard.store.database import Database
from dashboard.web.server.identity import WebIdentity
from dashboard.web.server.route import AnyRoute
from tests.support.stores import NOW, make_user
from tests.unit.boards.test_library import opened
from tests.unit.web.asking import Asking


class Accounted:
    """Accounts with the users ann (viewer) and ada (administrator), who have no passwords."""

    def __init__(self, database: Database) -> None:
        self.now_ms = NOW
        self.credentials = Credentials(b"a secret that is long enough for tests")
        self.directory = Directory(database, now_ms=lambda: self.now_ms)
        self.accounts = Accounts(
            database=database,
            directory=self.directory,
            credentials=self.credentials,
            counters=Counters(),
            now_ms=lambda: self.now_ms,
            session_ms=3_600_000,
        )
        self.authenticator = Authenticator(self.directory, self.credentials, now_ms=lambda: self.now_ms)

    def serve(self, *routes: AnyRoute) -> Asking:
        """Return an application of these routes that needs a login."""
        identity = WebIdentity(self.authenticator, self.accounts, open_=False, secure=False, session_s=3_600)
        return Asking(*routes, identity=identity)

    def token(self, user: str) -> str:
        """Return the JWT of a session."""
        return self.accounts.begin(self.directory.users[user]).token


@asynccontextmanager
async def accounted(folder: Path) -> AsyncIterator[Accounted]:
    """Open a store with the users."""
    async with opened(folder) as database:
        made = Accounted(database)
        for user, role in (("ann", Role.VIEWER), ("ada", Role.ADMIN)):
            await make_user(database, user, role)
        await made.directory.look()
        try:
            yield made
        finally:
            made.credentials.close()
