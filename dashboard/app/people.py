"""Composition of the conversation: rooms, messages, notifications, and users' requests on WebSockets."""

from __future__ import annotations

import time
from collections.abc import Callable

from dashboard.accounts.policies import Access
from dashboard.accounts.private_boards import protect_boards
from dashboard.app.accounts import AccountParts
from dashboard.app.boards import BoardParts
from dashboard.app.cluster import ClusterParts
from dashboard.boards.screen_orders import ScreenOrders
from dashboard.cluster.rate_limits import SharedRateLimits
from dashboard.conversation.conversation import Conversation
from dashboard.conversation.dispatch import RequestDispatcher
from dashboard.conversation.fanout import RoomFanout
from dashboard.conversation.join import Join
from dashboard.conversation.notify import Notify
from dashboard.conversation.recoverable import RecoverableClients
from dashboard.conversation.room_admin import RoomAdmin
from dashboard.conversation.room_logs import RoomLogs
from dashboard.conversation.room_notices import RoomNotices
from dashboard.conversation.sign_in import SignIn
from dashboard.conversation.typing_notices import TypingNotices
from dashboard.conversation.webhooks import Webhooks
from dashboard.domain.counters import Counters
from dashboard.domain.rate import Pace
from dashboard.entries.boards import BoardOperated
from dashboard.hub.view_requests import ViewRequests
from dashboard.journal.port import Journal
from dashboard.runtime import Runtime
from dashboard.settings import Settings, is_open

_DAY_MS = 86_400_000
_MAX_TEXT = 4_000


class PeopleParts:
    """Services for conversation. Call ``open`` before serving, then ``start``. ``now_ms`` is the journal's time."""

    def __init__(
        self,
        *,
        settings: Settings,
        journal: Journal,
        cluster: ClusterParts,
        accounts: AccountParts,
        boards: BoardParts,
        access: Access,
        view_requests: ViewRequests,
        counters: Counters,
        now_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._cluster = cluster
        self._accounts = accounts
        self._boards, self._editors, self._find_board = boards.boards, boards.editors, boards.latest.find
        self._access = access
        self._counters = counters
        self._now_ms = now_ms
        self.presence = cluster.presence
        self.screen_orders = ScreenOrders(registry=cluster.registry, bus=cluster.bus)
        self._keep_rooms(journal)
        self.logs.subscribe(BoardOperated, self._editors.operated, self._editors.missed)
        self._talk()
        self.dispatcher = self._make_dispatcher(view_requests)
        accounts.directory.subscribe(self.dispatcher.recheck)
        self.recoverable = RecoverableClients(
            bus=cluster.bus,
            identify=accounts.authenticator,
            shared=bool(settings.redis),
            monotonic=time.monotonic,
            now_ms=now_ms,
        )
        self._room_notices = RoomNotices(registry=cluster.registry, directory=accounts.directory, access=access)

    def _keep_rooms(self, journal: Journal) -> None:
        settings, accounts = self._settings, self._accounts
        self.logs = RoomLogs(
            database=accounts.database,
            journal=journal,
            registry=self._cluster.registry,
            counters=self._counters,
            now_ms=self._now_ms,
            keep_ms=int(settings.message_days * _DAY_MS),
        )
        self._webhooks = Webhooks(
            database=accounts.database,
            journal=journal,
            urls=settings.webhooks,
            secret=settings.webhook_secret,
            counters=self._counters,
            now_ms=self._now_ms,
        )
        self.notify = Notify(
            database=accounts.database,
            directory=accounts.directory,
            access=self._access,
            logs=self.logs,
            webhooks=self._webhooks,
            counters=self._counters,
            now_ms=self._now_ms,
            local=is_open(settings),
        )
        self.room_admin = RoomAdmin(
            database=accounts.database, directory=accounts.directory, notify=self.notify, now_ms=self._now_ms
        )

    def _talk(self) -> None:
        settings, accounts, cluster = self._settings, self._accounts, self._cluster
        self._rates = SharedRateLimits("user", bus=cluster.bus, shared=bool(settings.redis), monotonic=time.monotonic)
        self.conversation = Conversation(
            database=accounts.database,
            directory=accounts.directory,
            access=self._access,
            logs=self.logs,
            notify=self.notify,
            counters=self._counters,
            now_ms=self._now_ms,
            rates=self._rates,
            pace=Pace(settings.chat_per_s, settings.chat_burst),
            local=is_open(settings),
        )
        self.fanout = RoomFanout(
            database=accounts.database,
            directory=accounts.directory,
            registry=cluster.registry,
            logs=self.logs,
            conversation=self.conversation,
        )
        self._typing = TypingNotices(
            registry=cluster.registry, bus=cluster.bus, conversation=self.conversation, monotonic=time.monotonic
        )

    def _make_dispatcher(self, view_requests: ViewRequests) -> RequestDispatcher:
        accounts, registry = self._accounts, self._cluster.registry
        return RequestDispatcher(
            registry=registry,
            identify=accounts.authenticator,
            sign_in=self._make_sign_in(),
            presence=self.presence,
            conversation=self.conversation,
            join=Join(
                database=accounts.database,
                registry=registry,
                presence=self.presence,
                conversation=self.conversation,
                fanout=self.fanout,
                logs=self.logs,
            ),
            fanout=self.fanout,
            notify=self.notify,
            editors=self._editors,
            typing=self._typing,
            counters=self._counters,
            serve_view=view_requests.serve,
            find_board=self._find_board,
            now_ms=self._now_ms,
        )

    def _make_sign_in(self) -> SignIn:
        settings, accounts = self._settings, self._accounts
        return SignIn(
            registry=self._cluster.registry,
            identify=accounts.authenticator,
            presence=self.presence,
            fanout=self.fanout,
            counters=self._counters,
            now_ms=self._now_ms,
            max_user_connections=settings.max_user_connections,
            limits={
                "chat_per_s": settings.chat_per_s,
                "chat_burst": settings.chat_burst,
                "max_text": _MAX_TEXT,
                "max_user_connections": settings.max_user_connections,
            },
        )

    async def make_rooms(self, titles: dict[str, str]) -> None:
        """Create the rooms of new boards. ``titles``: the boards' titles by id; raises ConfigurationError (a private
        room has the id), Unavailable."""
        await self.room_admin.ensure_boards(titles)
        await self._accounts.directory.changed()

    async def open(self) -> None:
        """Read the opened store and create the boards' rooms; raises ConfigurationError."""
        await self.room_admin.ensure_boards(self._boards.titles())
        titles = self._boards.titles()
        await protect_boards(self._accounts.database, self._access, titles, self._settings.private_boards)
        await self._accounts.directory.look()

    def start(self, runtime: Runtime) -> None:
        """Start the tasks of the conversation."""
        for name, work in (
            ("rooms", self.logs.run),
            ("room notices", self._room_notices.run),
            ("typing", self._typing.run),
            ("recoverable clients", self.recoverable.run),
            ("rates", self._rates.run),
            ("screen orders", self.screen_orders.run),
            ("requests", self.dispatcher.run),
            ("webhooks", self._webhooks.run),
        ):
            runtime.start(name, work)
