"""The part of the composition root that builds what people need: the store, identity, rooms, presence, notifications."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dashboard.accounts.accounts import Accounts
from dashboard.accounts.authenticator import Authenticator
from dashboard.accounts.credentials import Credentials, read_secret
from dashboard.accounts.directory import Directory
from dashboard.accounts.housekeeping import Housekeeping
from dashboard.accounts.oidc import OpenId
from dashboard.accounts.policies import Access
from dashboard.boards.boards import Boards
from dashboard.boards.screen_orders import ScreenOrders
from dashboard.cluster.membership import Membership
from dashboard.cluster.rate_limits import SharedRateLimits
from dashboard.conversation.conversation import Conversation
from dashboard.conversation.dispatch import People
from dashboard.conversation.fanout import RoomFanout
from dashboard.conversation.join import Join
from dashboard.conversation.markdown import Markdown
from dashboard.conversation.notify import Notify
from dashboard.conversation.room_admin import RoomAdmin
from dashboard.conversation.room_logs import RoomLogs
from dashboard.conversation.room_notices import RoomNotices
from dashboard.conversation.typing_notices import TypingNotices
from dashboard.conversation.webhooks import Webhooks
from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError
from dashboard.domain.rate import Pace
from dashboard.hub.registry import ConnectionRegistry
from dashboard.journal.port import Journal
from dashboard.presence.tracker import PresenceTracker
from dashboard.runtime import Runtime
from dashboard.settings import Settings, is_open
from dashboard.store.database import open_database


class PeopleParts:
    """Built from the settings; ``await open()`` before anything is served, then ``start``, at the end ``close``."""

    def __init__(
        self,
        *,
        settings: Settings,
        journal: Journal,
        nodes: Membership,
        boards: Boards,
        access: Access,
        counters: Counters,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self.now_ms, self.monotonic = now_ms, monotonic
        folder = Path(settings.data)
        self._boards = boards
        self.database = open_database(settings.store, folder)
        self.credentials = Credentials(read_secret(settings.secret, folder))
        self.access = access
        self.registry = ConnectionRegistry()
        self.screen_orders = ScreenOrders(registry=self.registry, nodes=nodes)
        self.directory = Directory(self.database, now_ms=now_ms)
        self.directory.say = nodes.say
        nodes.listeners.append(self.directory.hear)
        nodes.on_gap.append(self.directory.stir)
        self.identify = Authenticator(self.directory, self.credentials, now_ms=now_ms)
        self.accounts = Accounts(
            database=self.database,
            directory=self.directory,
            credentials=self.credentials,
            counters=counters,
            now_ms=now_ms,
            session_ms=int(settings.session_days * 86_400_000),
        )
        self._hear(settings, journal, nodes, counters, now_ms, monotonic)
        self.webhooks = Webhooks(
            database=self.database,
            journal=journal,
            urls=settings.webhooks,
            secret=settings.webhook_secret,
            counters=counters,
            now_ms=now_ms,
        )
        self.notify = Notify(
            database=self.database,
            directory=self.directory,
            access=self.access,
            logs=self.logs,
            webhooks=self.webhooks,
            counters=counters,
            now_ms=now_ms,
            local=is_open(settings),
        )
        self._keep(settings, journal, now_ms)
        self._talk(settings, nodes, counters, now_ms, monotonic)

    def _hear(
        self,
        settings: Settings,
        journal: Journal,
        nodes: Membership,
        counters: Counters,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self.presence = PresenceTracker(
            registry=self.registry, nodes=nodes, counters=counters, now_ms=now_ms, monotonic=monotonic
        )
        self.logs = RoomLogs(
            database=self.database,
            journal=journal,
            registry=self.registry,
            counters=counters,
            now_ms=now_ms,
            keep_ms=int(settings.message_days * 86_400_000),
        )

    def _keep(self, settings: Settings, journal: Journal, now_ms: Callable[[], int]) -> None:
        self.openid = OpenId(
            database=self.database,
            directory=self.directory,
            accounts=self.accounts,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_client_secret,
            role=settings.oidc_role,
            now_ms=now_ms,
            monotonic=self.monotonic,
        )
        self.room_admin = RoomAdmin(database=self.database, directory=self.directory, notify=self.notify, now_ms=now_ms)
        self.housekeeping = Housekeeping(
            database=self.database,
            journal=journal,
            identify=self.identify,
            now_ms=now_ms,
            message_days=settings.message_days,
            audit_days=settings.audit_days,
        )

    def _talk(
        self,
        settings: Settings,
        nodes: Membership,
        counters: Counters,
        now_ms: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self.rates = SharedRateLimits("user", nodes=nodes, shared=bool(settings.redis), monotonic=monotonic)
        self.conversation = Conversation(
            database=self.database,
            directory=self.directory,
            access=self.access,
            logs=self.logs,
            markdown=Markdown(lambda name: name if self.conversation.is_somebody(name) else None),
            notify=self.notify,
            counters=counters,
            now_ms=now_ms,
            rates=self.rates,
            pace=Pace(settings.chat_per_s, settings.chat_burst),
            local=is_open(settings),
        )
        self.fanout = RoomFanout(
            database=self.database,
            directory=self.directory,
            registry=self.registry,
            logs=self.logs,
            conversation=self.conversation,
        )
        self.typing = TypingNotices(
            registry=self.registry, nodes=nodes, conversation=self.conversation, monotonic=monotonic
        )
        self.people = People(
            registry=self.registry,
            identify=self.identify,
            presence=self.presence,
            conversation=self.conversation,
            join=Join(
                database=self.database,
                registry=self.registry,
                presence=self.presence,
                conversation=self.conversation,
                fanout=self.fanout,
                logs=self.logs,
            ),
            fanout=self.fanout,
            notify=self.notify,
            typing=self.typing,
            counters=counters,
            now_ms=now_ms,
            max_user_connections=settings.max_user_connections,
            limits={
                "chat_per_s": settings.chat_per_s,
                "chat_burst": settings.chat_burst,
                "max_text": 4_000,
                "max_user_connections": settings.max_user_connections,
            },
        )
        self.directory.on_change.append(self.people.stir)
        self.tell_rooms = RoomNotices(registry=self.registry, directory=self.directory, access=self.access)

    async def open(self) -> None:
        """Bring the store up to date and read it; raises ConfigurationError."""
        await self.database.open()
        await self.room_admin.ensure_boards(self._boards.titles())
        await self.directory.look()

    def start(self, runtime: Runtime) -> None:
        """Run what has to run."""
        for name, work in (
            ("directory", self.directory.run),
            ("rooms", self.logs.run),
            ("rooms that open", self.tell_rooms.run),
            ("attendance", self.presence.run),
            ("typing", self.typing.run),
            ("rates", self.rates.run),
            ("screen orders", self.screen_orders.run),
            ("people", self.people.run),
            ("webhooks", self.webhooks.run),
            ("housekeeping", self.housekeeping.run),
        ):
            runtime.start(name, work)

    async def first_admin_path(self) -> str:
        """Where the first admin is made; empty: there is one."""
        try:
            code = await self.accounts.first_admin_code()
        except DashboardError:
            return ""
        return f"/first-admin?code={code}" if code else ""

    async def close(self) -> None:
        """Let go of everything."""
        self.credentials.close()
        await self.database.close()
