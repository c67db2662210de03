"""Composition root: builds every part from the settings, starts them in order, stops them in reverse."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tornado.netutil import bind_sockets

from dashboard.accounts.policies import Access
from dashboard.address_counts import AddressCounts
from dashboard.app.accounts import AccountParts
from dashboard.app.boards import BoardParts, board_folder
from dashboard.app.cluster import ClusterParts
from dashboard.app.engine import make_journal
from dashboard.app.intake import make_intake
from dashboard.app.people import PeopleParts
from dashboard.app.sources import SourceParts
from dashboard.app.views import ViewParts
from dashboard.app.web import WebParts
from dashboard.boards.boards import Boards
from dashboard.cluster.degraded import DegradedNotices
from dashboard.cluster.readiness import Readiness
from dashboard.data_folder.folder import DataFolder
from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError
from dashboard.feeders.host import HostFeeder
from dashboard.feeders.server import ServerFeeder
from dashboard.hub.heartbeat import Heartbeat
from dashboard.hub.hub import Hub
from dashboard.hub.limits import HubLimits
from dashboard.intake.stats import IngestStats
from dashboard.journal.clock import JournalClock
from dashboard.journal.wall_clock import WallClock
from dashboard.listening import BACKLOG, bind, tls_of
from dashboard.messages.session import SessionLimits
from dashboard.node_sockets import bind_node_socket, node_socket_path
from dashboard.replication.replicas import Replicas, windows_of
from dashboard.resources import build_id, resource_folder
from dashboard.runtime import Runtime
from dashboard.settings import Settings, is_open
from dashboard.web.server.http_connections import HttpConnections
from dashboard.web.server.http_server import DashboardHttpServer
from dashboard.worker import READY, Worker

#: No limit here: the handlers limit a body's length, and ``body_timeout_s`` its time.
_MAX_BODY_BYTES = 1 << 40
_DIRECT_PORT_RETRY_S = 0.25


class Dashboard:
    """Process of the server. It serves from the end of ``start()`` until ``stop()`` is called.

    ``worker``: link to the supervisor, from which this process inherits its listening sockets; None without a supervisor.
    """

    def __init__(self, settings: Settings, worker: Worker | None = None) -> None:
        self.settings = settings
        self._worker = worker
        self.counters = Counters()
        self.clock = JournalClock(time.time, time.monotonic)
        self.runtime = Runtime(self.counters)
        self.folder = DataFolder(Path(settings.data))
        self.journal = make_journal(settings, self.folder, self.clock, self.counters)
        self.replicas = Replicas(
            journal=self.journal,
            partitions=settings.partitions,
            windows=windows_of(settings),
            checkpoint_s=min(settings.checkpoint_s, settings.journal_window_s / 3),
            checkpoint_bytes=(settings.journal_max_mib << 20) // 4,
            counters=self.counters,
        )
        self.boards = Boards(resource_folder("board_files"))
        self.access = Access(settings.public_boards, settings.private_boards)
        self.build = build_id(resource_folder("static"), resource_folder("board_files"))
        self.cluster = ClusterParts(
            settings=settings, journal=self.journal, replicas=self.replicas, build=self.build, clock=self.clock,
            counters=self.counters, worker=worker, board_files=self.boards.file_versions,
        )  # fmt: skip
        self.stats = IngestStats(bus=self.cluster.bus, nodes=self.cluster.nodes, now_ms=self.clock.now_ms)
        self.intake = make_intake(
            settings, self.journal, self.replicas, self.clock, self.counters, self.stats, self.cluster.bus
        )
        self.views = ViewParts(
            settings=settings,
            replicas=self.replicas,
            boards=self.boards,
            access=self.access,
            on_boards=self.cluster.presence.changed,
            now_ms=self.clock.now_ms,
            counters=self.counters,
        )
        self._make_people()
        self.hub = self._make_hub()
        self.sources = SourceParts(
            settings=settings, journal=self.journal, intake=self.intake, now_ms=self.clock.now_ms
        )
        self.stats.include(self.sources.states)
        self._host_feeder: HostFeeder | None = None
        self.readiness = self._make_readiness()
        self._server: DashboardHttpServer | None = None
        self.web = self._make_web()
        self.port = settings.port

    def _make_readiness(self) -> Readiness:
        return Readiness(
            journal=self.journal,
            nodes=self.cluster.nodes,
            replicas=self.replicas,
            others={
                "data": lambda: self.folder.fault,
                "store": lambda: self.accounts.directory.fault,
                "sockets": lambda: self._server.fault() if self._server else "",
            },
            notices={"boards": self.board_parts.files.faults},
        )

    def _make_people(self) -> None:
        self.accounts = AccountParts(
            settings=self.settings,
            folder=self.folder,
            journal=self.journal,
            bus=self.cluster.bus,
            counters=self.counters,
            now_ms=self.clock.now_ms,
        )
        self.board_parts = BoardParts(
            accounts=self.accounts,
            journal=self.journal,
            bus=self.cluster.bus,
            boards=self.boards,
            folder=board_folder(self.settings),
            access=self.access,
            one_machine=self.cluster.nodes.table.on_one_machine,
            registry=self.cluster.registry,
            now_ms=self.clock.now_ms,
        )
        self.people = PeopleParts(
            settings=self.settings,
            journal=self.journal,
            cluster=self.cluster,
            accounts=self.accounts,
            boards=self.board_parts,
            access=self.access,
            view_requests=self.views.requests,
            counters=self.counters,
            now_ms=self.clock.now_ms,
        )
        self.board_parts.files.subscribe(self.people.make_rooms)

    def _make_hub(self) -> Hub:
        settings = self.settings
        self._limits = HubLimits(
            max_connections=settings.max_connections,
            max_anonymous_per_address=settings.max_anonymous_per_address,
            max_subscriptions=settings.max_subscriptions,
            heartbeat_s=settings.heartbeat_s,
            dead_s=settings.dead_s,
            stalled_s=settings.stalled_s,
            max_queue_bytes=settings.max_queue_bytes,
        )
        return Hub(
            registry=self.cluster.registry,
            views=self.views.table,
            requests=self.views.requests,
            dispatcher=self.people.dispatcher,
            limits=self._limits,
            addresses=self._worker.addresses if self._worker else AddressCounts.alone(),
            session_limits=SessionLimits(
                hello_s=settings.hello_s,
                messages_per_s=settings.messages_per_s,
                message_burst=settings.message_burst,
                controls_per_s=settings.controls_per_s,
                control_burst=settings.control_burst,
            ),
            shows_board=self.boards.is_shown,
            monotonic=time.monotonic,
            counters=self.counters,
        )

    def _make_web(self) -> WebParts:
        return WebParts(
            settings=self.settings,
            build=self.build,
            journal=self.journal,
            hub=self.hub,
            views=self.views.table,
            boards=self.board_parts,
            access=self.access,
            replicas=self.replicas,
            cluster=self.cluster,
            accounts=self.accounts,
            intake=self.intake,
            people=self.people,
            sources=self.sources,
            queries=self.views.queries,
            readiness=self.readiness,
            counters=self.counters,
            now_ms=self.clock.now_ms,
        )

    async def start(self) -> None:
        """Bind, restore, replay, then serve; raises ConfigurationError if the address or the store cannot be used."""
        sockets = self._worker.sockets if self._worker else bind(self.settings)
        self.port = sockets[0].getsockname()[1]
        try:
            await self._start_state()
        except BaseException:
            for each in sockets:
                each.close()
            raise
        self._start_feeders()
        self._server = DashboardHttpServer(
            self.web.application(),
            max_header_bytes=self.settings.max_header_bytes,
            header_timeout_s=self.settings.header_timeout_s,
            body_timeout=self.settings.body_timeout_s,
            max_body_size=_MAX_BODY_BYTES,
            ssl_options=tls_of(self.settings),
            connections=self._connections(),
            tell_refused=self.web.context.tell_refused,
        )
        self._server.add_sockets(sockets)
        if self._worker:
            self._worker.say(READY)
        if self.settings.redis:
            self._open_node_socket(self._server)
        if self.settings.direct_port:
            self.runtime.start("direct port", self._open_direct_port)

    def _connections(self) -> HttpConnections:
        connections = HttpConnections(
            max_idle=self.settings.max_idle_connections,
            max_unread_bytes=self.settings.max_answers_mib << 20,
            answer_timeout_s=self.settings.answer_timeout_s,
            idle_timeout_s=self.settings.idle_timeout_s,
            counters=self.counters,
            monotonic=time.monotonic,
        )
        self.runtime.start("HTTP connections", connections.run)
        return connections

    async def _start_state(self) -> None:
        if self._worker:
            self.runtime.start("ticks to the supervisor", self._worker.run_ticks)
        if self.settings.redis or self.settings.journal == "memory":  # else the journal locks it for itself
            self.folder.lock(shared=True)
        await self.journal.open()
        await self.accounts.open()
        await self.board_parts.open()
        await self.people.open()
        self.runtime.start("journal", self.journal.run)
        self.runtime.start("replicas", self.replicas.run)
        self.views.start(self.runtime)
        self.cluster.start(self.runtime)
        for name, work in (
            ("heartbeat", self._heartbeat().run),
            ("data folder", self.folder.run),
            ("degraded mode", DegradedNotices(journal=self.journal, nodes=self.cluster.nodes, hub=self.hub).run),
            ("ingest statistics", self.stats.run),
            ("ownership", self.intake.run),
        ):
            self.runtime.start(name, work)
        if not self.settings.redis:  # else it follows Redis' clock
            self.runtime.start("clock", WallClock(self.clock, self.counters).run)
        self.accounts.start(self.runtime)
        self.board_parts.start(self.runtime)
        self.people.start(self.runtime)
        await self.replicas.wait_ready(tuple(self.replicas.followed()))

    def _heartbeat(self) -> Heartbeat:
        return Heartbeat(
            registry=self.cluster.registry,
            limits=self._limits,
            hello_s=self.settings.hello_s,
            monotonic=time.monotonic,
        )

    def _start_feeders(self) -> None:
        every_s = self.settings.feed_every_s
        if self.settings.host_feeder and (self._worker is None or self._worker.number == 1):
            self._host_feeder = HostFeeder(
                samples=self.intake.samples, documents=self.intake.documents, every_s=every_s, monotonic=time.monotonic
            )
            self.runtime.start("host feeder", self._host_feeder.run)
        if self.settings.server_feeder:
            server_feeder = ServerFeeder(
                samples=self.intake.samples,
                documents=self.intake.documents,
                journal=self.journal,
                vitals=self.cluster.vitals,
                nodes=self.cluster.nodes,
                now_ms=self.clock.now_ms,
            )
            self.runtime.start("server feeder", server_feeder.run)
        self.sources.start(self.runtime)

    @property
    def is_open(self) -> bool:
        """True if the local operator needs no login (setting ``login``)."""
        return is_open(self.settings)

    def _open_node_socket(self, server: DashboardHttpServer) -> None:
        """Listen for the other processes, and publish the address.

        Other processes forward requests of sessions that belong to this process.
        """
        folder, node_id = Path(self.settings.data), self.cluster.bus.node_id
        server.add_sockets([bind_node_socket(folder, node_id)])
        addresses = [f"unix:{node_socket_path(folder, node_id)}"]
        if self.settings.node_host and self.settings.direct_port:
            addresses.append(f"tcp:{self.settings.node_host}:{self._direct_port()}")
        self.cluster.addresses.announce(*addresses)

    def _direct_port(self) -> int:
        return self.settings.direct_port + (self._worker.number - 1 if self._worker else 0)

    async def _open_direct_port(self) -> None:
        """Open this process' own port; during a rolling restart, wait until the old process has released it."""
        port = self._direct_port()
        while True:
            try:
                sockets = bind_sockets(port, self.settings.host, backlog=BACKLOG)
            except OSError:
                await asyncio.sleep(_DIRECT_PORT_RETRY_S)
                continue
            assert self._server is not None
            self._server.add_sockets(sockets)
            return

    async def stop(self) -> None:
        """Refuse new clients, let the present clients reconnect elsewhere, finish requests, store a last checkpoint.

        This takes at most ``drain_s``.
        """
        self.readiness.drain()
        window_s = min(1.0, self.settings.drain_s / 4)
        if self._server is not None:
            self.web.context.drain()
            self._server.stop()
        await self.hub.drain(window_s)
        if self._server is not None:
            await self._finish_requests(window_s)
        if not self.journal.fault():  # else each of these steps would wait for the journal
            await self.cluster.nodes.leave()
            await self._store_last()
        await self.runtime.stop()
        await self.accounts.close()
        self.sources.close()
        self.views.queries.close()
        if self._host_feeder is not None:
            self._host_feeder.close()
        await self.journal.close()
        node_socket_path(Path(self.settings.data), self.cluster.bus.node_id).unlink(missing_ok=True)
        self.folder.release()

    async def _finish_requests(self, window_s: float) -> None:
        """Accept further requests on open connections for ``window_s`` seconds, then wait until all requests have ended.

        The response to a feeder's next request asks the feeder to reconnect.
        """
        assert self._server is not None
        try:
            async with asyncio.timeout(self.settings.drain_s / 2):
                await asyncio.sleep(window_s)
                await self.web.context.idle()
                await self._server.close_all_connections()
        except TimeoutError:
            pass

    async def _store_last(self) -> None:
        try:
            async with asyncio.timeout(self.settings.drain_s / 4):
                await self.replicas.checkpoint()
        except (TimeoutError, DashboardError):
            pass  # the journal has everything; the next start replays more of it
