"""The composition root: builds every part from the settings, starts them in order, stops them in reverse.

The only file that names engines.
"""

from __future__ import annotations

import asyncio
import hashlib
import socket
import time
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from dashboard import __version__
from dashboard.domain.counters import Counters
from dashboard.domain.errors import ConfigurationError
from dashboard.feeders.host import HostFeeder
from dashboard.feeders.server import LoopLag, ServerFeeder
from dashboard.hub.hub import Hub, HubLimits
from dashboard.journal.clock import JournalClock
from dashboard.journal.memory import MemoryJournal
from dashboard.journal.port import METRICS, Journal
from dashboard.journal.sqlite import SqliteJournal
from dashboard.protocol.session import SessionLimits
from dashboard.replica.series import Windows
from dashboard.runtime import Runtime
from dashboard.services.accept_document import AcceptDocument
from dashboard.services.accept_samples import AcceptSamples
from dashboard.services.boards import Boards
from dashboard.services.replication import Replication
from dashboard.services.resolve_view import ResolveView
from dashboard.settings import Settings
from dashboard.web.base import GuardedApplication, WebContext
from dashboard.web.health import Metrics
from dashboard.web.routes import make_application

_HERE = Path(__file__).resolve().parent
#: Bodies over their limit are read to the end, up to here, so that the 413 arrives; beyond, the connection is reset.
_DRAINED_BODY_BYTES = 64 << 20
_BACKLOG = 4_096
_CLOCK_CHECK_S = 1.0


def resource_folder(name: str) -> Path:
    """``static``, ``templates`` or ``boards``: inside the installed package, else beside it in the source tree."""
    inside = _HERE / name
    return inside if inside.is_dir() else _HERE.parent / name


def build_id(static: Path) -> str:
    """A short hash of everything that a page is made of: pages of another build reload themselves."""
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(p for p in static.rglob("*") if p.is_file() and not p.name.startswith(".")):
        digest.update(path.relative_to(static).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def windows_of(settings: Settings) -> Windows:
    """The history's windows, in milliseconds."""
    return Windows(
        raw_ms=settings.raw_window_s * 1000,
        raw_max=settings.raw_max_samples,
        fine_step_ms=settings.fine_step_s * 1000,
        fine_ms=settings.fine_window_s * 1000,
        coarse_step_ms=settings.coarse_step_s * 1000,
        coarse_ms=settings.coarse_window_s * 1000,
    )


class Dashboard:
    """One process of the server: ``await start()``, then it serves until ``await stop()``."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.counters = Counters()
        self.clock = JournalClock(time.time, time.monotonic)
        self.runtime = Runtime(self.counters)
        self.journal = self._make_journal()
        self.replication = Replication(
            journal=self.journal,
            windows=windows_of(settings),
            checkpoint_s=min(settings.checkpoint_s, settings.journal_window_s / 3),
            checkpoint_bytes=(settings.journal_max_mib << 20) // 4,
            counters=self.counters,
        )
        replica = self.replication.replica
        self.boards = Boards(resource_folder("boards"))
        self.hub = Hub(
            replica=replica,
            now_ms=self.clock.now_ms,
            monotonic=time.monotonic,
            resolve=ResolveView(self.boards),
            limits=HubLimits(
                max_connections=settings.max_connections,
                max_subscriptions=settings.max_subscriptions,
                heartbeat_s=settings.heartbeat_s,
                dead_s=settings.dead_s,
                stalled_s=settings.stalled_s,
                max_queue_bytes=settings.max_queue_bytes,
            ),
            session_limits=SessionLimits(
                hello_s=settings.hello_s,
                messages_per_s=settings.messages_per_s,
                message_burst=settings.message_burst,
                controls_per_s=settings.controls_per_s,
                control_burst=settings.control_burst,
            ),
            counters=self.counters,
        )
        self.replication.on_gap(self.hub.missed)
        self.samples = AcceptSamples(
            journal=self.journal,
            replica=replica,
            now_ms=self.clock.now_ms,
            max_series=settings.max_series,
            counters=self.counters,
        )
        self.documents = AcceptDocument(
            journal=self.journal,
            replica=replica,
            max_documents=settings.max_documents,
            max_bytes=settings.max_document_bytes,
            counters=self.counters,
        )
        self.lag = LoopLag()
        self._host_feeder: HostFeeder | None = None
        self._draining = False
        self._server: HTTPServer | None = None
        self.port = settings.port

    def _make_journal(self) -> Journal:
        settings = self.settings
        age_s, size = settings.journal_window_s, settings.journal_max_mib << 20
        if settings.journal == "memory":
            return MemoryJournal(clock=self.clock, max_age_s=age_s, max_bytes=size)
        return SqliteJournal(Path(settings.data), clock=self.clock, max_age_s=age_s, max_bytes=size)

    async def start(self) -> None:
        """Bind, restore, replay, then serve; raises ConfigurationError when the address or the folder cannot be used."""
        sockets = self._bind()
        try:
            await self._start_state()
        except BaseException:
            for each in sockets:
                each.close()
            raise
        self._start_feeders()
        self._server = HTTPServer(
            self._make_application(),
            max_header_size=self.settings.max_header_bytes,
            idle_connection_timeout=self.settings.header_timeout_s,
            body_timeout=self.settings.body_timeout_s,
            max_body_size=_DRAINED_BODY_BYTES,
        )
        self._server.add_sockets(sockets)

    def _bind(self) -> list[socket.socket]:
        settings = self.settings
        try:
            sockets = bind_sockets(settings.port, settings.host, backlog=_BACKLOG)
        except OSError as error:
            reason = error.strerror or str(error)
            raise ConfigurationError(
                f"cannot listen on {settings.host}:{settings.port}: {reason}; choose another --port"
            ) from None
        self.port = sockets[0].getsockname()[1]
        return sockets

    async def _start_state(self) -> None:
        await self.journal.open()
        await self.replication.restore()
        self.runtime.start("journal", self.journal.run)
        self.runtime.start("replica", self.replication.run)
        self.runtime.start("checkpoints", self.replication.run_checkpoints)
        self.runtime.start("ticks", self.hub.run_ticks)
        self.runtime.start("snapshots", self.hub.run_snapshots)
        self.runtime.start("heartbeat", self.hub.run_heartbeat)
        self.runtime.start("clock", self._follow_clock)
        self.runtime.start("loop lag", self.lag.run)
        await self.replication.caught_up.wait()

    def _start_feeders(self) -> None:
        every_s = self.settings.feed_every_s
        if self.settings.host_feeder:
            self._host_feeder = HostFeeder(
                samples=self.samples, documents=self.documents, every_s=every_s, monotonic=time.monotonic
            )
            self.runtime.start("host feeder", self._host_feeder.run)
        if self.settings.server_feeder:
            server_feeder = ServerFeeder(
                samples=self.samples,
                counters=self.counters,
                hub=self.hub,
                journal=self.journal,
                replica=self.replication.replica,
                lag=self.lag,
                every_s=every_s,
                monotonic=time.monotonic,
            )
            self.runtime.start("server feeder", server_feeder.run)

    def _make_application(self) -> GuardedApplication:
        static = resource_folder("static")
        templates = Environment(
            loader=FileSystemLoader(resource_folder("templates")), autoescape=True, undefined=StrictUndefined
        )
        context = WebContext(
            templates=templates,
            build=build_id(static),
            counters=self.counters,
            max_body_bytes=self.settings.max_body_bytes,
        )
        metrics = Metrics(
            counters=self.counters,
            hub=self.hub,
            journal=self.journal,
            replica=self.replication.replica,
            loop_lag_ms=lambda: self.lag.last_ms,
        )
        return make_application(
            settings=self.settings,
            context=context,
            static=static,
            hub=self.hub,
            boards=self.boards,
            samples=self.samples,
            documents=self.documents,
            replica=self.replication.replica,
            now_ms=self.clock.now_ms,
            metrics=metrics,
            reasons=self.reasons,
        )

    async def _follow_clock(self) -> None:
        while True:
            await asyncio.sleep(_CLOCK_CHECK_S)
            if self.clock.follow_wall():
                self.counters.clock_steps += 1

    def reasons(self) -> dict[str, str]:
        """What must be well for this process to be ready: "ok", or what is not."""
        lag = self.journal.head(METRICS).seq - self.replication.replica().position.seq
        fault = self.journal.fault()
        return {
            "server": "draining" if self._draining else "ok",
            "journal": f"cannot store: {fault}" if fault else "ok",
            "replica": "ok" if lag < 1_000 else f"{lag} entries behind",
        }

    async def stop(self) -> None:
        """Stop accepting, send viewers away, finish requests, store what there is; within ``drain_s``."""
        self._draining = True
        if self._server is not None:
            self._server.stop()
        await self.hub.drain(min(1.0, self.settings.drain_s / 4))
        if self._server is not None:
            try:
                async with asyncio.timeout(self.settings.drain_s / 2):
                    await self._server.close_all_connections()
            except TimeoutError:
                pass
        await self.runtime.stop()
        if self._host_feeder is not None:
            self._host_feeder.close()
        await self._store_last()
        await self.journal.close()

    async def _store_last(self) -> None:
        try:
            async with asyncio.timeout(self.settings.drain_s / 4):
                await self.replication.checkpoint()
        except TimeoutError:
            pass  # the journal has it all; the next start replays more
