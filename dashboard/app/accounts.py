"""Composition of the accounts: the store, users, tokens, sessions and logins."""

from __future__ import annotations

import time
from collections.abc import Callable

from dashboard.accounts.accounts import Accounts
from dashboard.accounts.authenticator import Authenticator
from dashboard.accounts.credentials import Credentials, read_secret
from dashboard.accounts.directory import Directory
from dashboard.accounts.housekeeping import Housekeeping
from dashboard.accounts.oidc import OpenId
from dashboard.cluster.bus import Bus
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError
from dashboard.entries.signals import DirectoryChanged
from dashboard.journal.port import Journal
from dashboard.runtime import Runtime
from dashboard.settings import Settings
from dashboard.store.database import open_database

_DAY_MS = 86_400_000


class AccountParts:
    """Services for accounts. Call ``open`` before serving, then ``start``, and ``close`` at the end. ``now_ms`` is the
    journal's time."""

    def __init__(
        self,
        *,
        settings: Settings,
        folder: DataFolder,
        journal: Journal,
        bus: Bus,
        counters: Counters,
        now_ms: Callable[[], int],
    ) -> None:
        self.database = open_database(settings.store, folder)
        self.credentials = Credentials(read_secret(settings.secret, folder))
        self.directory = Directory(self.database, now_ms=now_ms, publish=bus.publish)
        bus.subscribe(DirectoryChanged, lambda *_: self.directory.look_soon())
        bus.subscribe_gap(self.directory.look_soon)
        self.authenticator = Authenticator(self.directory, self.credentials, now_ms=now_ms)
        self.accounts = Accounts(
            database=self.database,
            directory=self.directory,
            credentials=self.credentials,
            counters=counters,
            now_ms=now_ms,
            session_ms=int(settings.session_days * _DAY_MS),
        )
        self.openid = OpenId(
            database=self.database,
            directory=self.directory,
            accounts=self.accounts,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            role=settings.oidc_role,
            now_ms=now_ms,
            monotonic=time.monotonic,
        )
        self.housekeeping = Housekeeping(
            database=self.database,
            journal=journal,
            identify=self.authenticator,
            now_ms=now_ms,
            monotonic=time.monotonic,
            message_days=settings.message_days,
            audit_days=settings.audit_days,
        )

    async def open(self) -> None:
        """Open the store and migrate its schema; raises ConfigurationError."""
        await self.database.open()

    def start(self, runtime: Runtime) -> None:
        """Start the tasks of the accounts."""
        runtime.start("directory", self.directory.run)
        runtime.start("housekeeping", self.housekeeping.run)

    async def first_admin_path(self) -> str:
        """Return the path of the page that creates the first admin; empty if an admin exists or the store does not answer."""
        try:
            code = await self.accounts.first_admin_code()
        except DashboardError:
            return ""
        return f"/first-admin?code={code}" if code else ""

    async def close(self) -> None:
        """Close the credentials and the store."""
        self.credentials.close()
        await self.database.close()
