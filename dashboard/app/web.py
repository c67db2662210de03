"""Composition of the web: the handlers' shared state, and the routes with their services."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboard.accounts.policies import Access
from dashboard.app.accounts import AccountParts
from dashboard.app.boards import BoardParts
from dashboard.app.cluster import ClusterParts
from dashboard.app.people import PeopleParts
from dashboard.app.sources import SourceParts
from dashboard.cluster.readiness import Readiness
from dashboard.domain.counters import Counters
from dashboard.domain.identity import ANONYMOUS
from dashboard.expressions.runner import QueryRunner
from dashboard.hub.hub import Hub
from dashboard.hub.view_table import ViewTable
from dashboard.intake.annotations import Annotations
from dashboard.intake.intake import Intake
from dashboard.journal.port import Journal
from dashboard.listening import node_tls_of
from dashboard.replication.replicas import Replicas
from dashboard.resources import resource_folder
from dashboard.settings import Settings, is_open
from dashboard.socketio.dialect import Dialects
from dashboard.web.accounts.accounts import AccountServices
from dashboard.web.accounts.oidc import OidcServices
from dashboard.web.accounts.routes import account_routes
from dashboard.web.boards.boards import BoardServices
from dashboard.web.boards.routes import board_routes
from dashboard.web.feed.routes import feed_routes
from dashboard.web.ops.health import ClientServices
from dashboard.web.ops.metrics import Metrics
from dashboard.web.ops.routes import ops_routes
from dashboard.web.pages.api import SeriesServices
from dashboard.web.pages.feeders import FeedersServices
from dashboard.web.pages.pages import PageServices
from dashboard.web.pages.routes import page_routes
from dashboard.web.prometheus.handlers import PrometheusServices
from dashboard.web.prometheus.routes import prometheus_routes
from dashboard.web.rooms.rooms import RoomServices
from dashboard.web.rooms.routes import room_routes
from dashboard.web.server.context import WebContext
from dashboard.web.server.guard import GuardedApplication
from dashboard.web.server.identity import WebIdentity
from dashboard.web.server.request_body import BodyBudget
from dashboard.web.server.route import AnyRoute, Route
from dashboard.web.server.routes import make_application
from dashboard.web.server.socket import SocketHandler, SocketServices
from dashboard.web.socketio.client import SocketIoServices
from dashboard.web.socketio.forwarding import Forwarding
from dashboard.web.socketio.routes import socketio_routes


class WebParts:
    """Services that the web's handlers need. ``now_ms`` is the journal's time."""

    def __init__(
        self,
        *,
        settings: Settings,
        build: str,
        journal: Journal,
        hub: Hub,
        views: ViewTable,
        boards: BoardParts,
        access: Access,
        replicas: Replicas,
        cluster: ClusterParts,
        accounts: AccountParts,
        intake: Intake,
        people: PeopleParts,
        sources: SourceParts,
        queries: QueryRunner,
        readiness: Readiness,
        counters: Counters,
        now_ms: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._hub = hub
        self._board_parts, self._boards = boards, boards.boards
        self._replicas = replicas
        self._cluster = cluster
        self._accounts = accounts
        self._access = access
        self._views = views
        self._intake = intake
        self._people = people
        self._sources = sources
        self._queries = queries
        self._readiness = readiness
        self._counters = counters
        self._now_ms = now_ms
        self.context = WebContext(
            templates=Environment(
                loader=FileSystemLoader([resource_folder("templates"), resource_folder("static")]),
                autoescape=True,
                undefined=StrictUndefined,
            ),
            build=build,
            counters=counters,
            max_body_bytes=settings.max_body_bytes,
            identity=self._make_identity(),
            tell_refused=self._tell_refused,
            bodies=BodyBudget(settings.max_bodies_mib << 20),
        )

    def _make_identity(self) -> WebIdentity:
        settings = self._settings
        return WebIdentity(
            self._accounts.authenticator,
            self._accounts.accounts,
            open_=is_open(settings),
            secure=bool(settings.tls_certificate or settings.proxies),
            session_s=int(settings.session_days * 86_400),
        )

    def _tell_refused(self, address: str, reason: str, path: str) -> None:
        """Record a refusal by the guard in the ingest statistics."""
        self._intake.note_fault(ANONYMOUS, "http", "refused", reason, path.encode(), address=address)

    def application(self) -> GuardedApplication:
        """Return the application with every route; raises ConfigurationError if a route has no policy."""
        settings, people = self._settings, self._people
        routes: list[AnyRoute] = [
            Route("/ws", SocketHandler, SocketServices(self._hub, people.dispatcher, settings, self._now_ms)),
            *socketio_routes(
                SocketIoServices(self._hub, people.dispatcher, Dialects(self._now_ms), people.recoverable),
                settings,
                node_id=self._cluster.bus.node_id,
                forwarding=Forwarding(self._cluster.addresses.of, node_tls_of(settings)) if settings.redis else None,
            ),
            *self._page_routes(),
            *board_routes(
                BoardServices(
                    self._boards,
                    self._access,
                    self._board_parts.library,
                    self._board_parts.drafts,
                    self._board_parts.latest,
                    people.presence.table.reach,
                    self._board_parts.marks,
                )
            ),
            *feed_routes(
                self._intake,
                self._replicas,
                settings,
                people.screen_orders,
                Annotations(journal=self._journal, replicas=self._replicas),
            ),
            *prometheus_routes(PrometheusServices(self._queries, self._replicas, self._now_ms)),
            *self._account_routes(),
            *room_routes(
                RoomServices(
                    conversation=people.conversation,
                    rooms=people.room_admin,
                    notify=people.notify,
                    presence=people.presence,
                    fanout=people.fanout,
                )
            ),
            *self._ops_routes(),
        ]
        return make_application(routes, settings=settings, context=self.context)

    def _page_routes(self) -> list[AnyRoute]:
        return page_routes(
            PageServices(
                self._boards,
                self._access,
                self._board_parts.latest,
                self._board_parts.marks,
                home_board=self._settings.home_board,
                with_oidc=bool(self._settings.oidc_issuer),
                with_old_files=(resource_folder("static") / "vendor" / "old.js").exists(),
            ),
            SeriesServices(self._replicas, self._now_ms),
            FeedersServices(self._intake.stats, self._boards, self._replicas, self._now_ms),
            resource_folder("static"),
        )

    def _account_routes(self) -> list[AnyRoute]:
        accounts, public_url = self._accounts, self._settings.public_url
        return account_routes(
            AccountServices(accounts.accounts, self._boards, self._board_parts.latest, self._access, public_url),
            OidcServices(accounts.openid, accounts.credentials, public_url, self._now_ms),
            accounts.authenticator,
        )

    def _ops_routes(self) -> list[AnyRoute]:
        cluster = self._cluster
        metrics = Metrics(
            counters=self._counters,
            views=self._views,
            journal=self._journal,
            replicas=self._replicas,
            bus=cluster.bus,
            nodes=cluster.nodes,
            lag=cluster.lag,
            registry=cluster.registry,
            presence=cluster.presence,
            more=self._sources.metrics,
        )
        clients = ClientServices(cluster.nodes, cluster.registry, cluster.presence)
        return ops_routes(self._readiness, metrics, clients)
