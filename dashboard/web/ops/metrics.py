"""Metrics of this process for Prometheus: the collector behind ``/metrics``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from dashboard.cluster.bus import Bus
from dashboard.cluster.membership import Membership
from dashboard.cluster.vitals import LAG_BOUNDS_S, LoopLag
from dashboard.domain.counters import Counters, quantile
from dashboard.hub.registry import ConnectionRegistry
from dashboard.hub.view_table import ViewTable
from dashboard.journal.port import Journal
from dashboard.presence.tracker import PresenceTracker
from dashboard.replication.replicas import Replicas


class Metrics:
    """Collector (prometheus_client) over the counters and the state of this process. ``more`` yields further metrics."""

    def __init__(
        self,
        *,
        counters: Counters,
        views: ViewTable,
        journal: Journal,
        replicas: Replicas,
        bus: Bus,
        nodes: Membership,
        lag: LoopLag,
        registry: ConnectionRegistry,
        presence: PresenceTracker,
        more: Callable[[], Iterable[Metric]],
    ) -> None:
        self._more = more
        self._registry = registry
        self._presence = presence
        self._counters = counters
        self._views = views
        self._journal = journal
        self._replicas = replicas
        self._bus = bus
        self._nodes = nodes
        self._lag = lag

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics; called at each scrape."""
        yield from self._counted()
        yield from self._counted_by_label()
        yield from self._gauges()
        yield self._loop_lag()
        yield from self._more()
        info = GaugeMetricFamily("dashboard_node_info", "Name of this process", labels=["node"])
        info.add_metric([self._nodes.name], 1)
        yield info

    def _counted(self) -> Iterable[Metric]:
        c = self._counters
        for name, value, meaning in (
            ("samples_accepted", c.samples_accepted, "Samples stored in the journal"),
            (
                "documents_accepted",
                c.documents_accepted,
                "Documents accepted; if a body repeats a key, only the last document with that key is stored",
            ),
            ("events_accepted", c.events_accepted, "Events stored in the journal"),
            ("connections_opened", c.connections_opened, "WebSocket handshakes done"),
            ("messages_received", c.messages_received, "WebSocket messages from clients"),
            ("frames_sent", c.frames_sent, "Frames sent to viewers that were up to date"),
            ("frames_skipped", c.frames_skipped, "Frames not sent because the viewer had not drained"),
            ("frames_caught_up", c.frames_caught_up, "Catch-up frames sent to viewers that had been skipped"),
            ("snapshots_sent", c.snapshots_sent, "Snapshots sent"),
            ("resumes", c.resumes, "Viewers that reconnected and got only the changes that they had missed"),
            ("sent_bytes", c.bytes_sent, "Bytes of WebSocket frames sent"),
            ("checkpoints", c.checkpoints, "Checkpoints of the history stored"),
            ("clock_steps", c.clock_steps, "Steps of the wall clock that the journal's clock followed"),
            ("notifications_sent", c.notifications_sent, "Notifications stored, one for each user"),
            ("room_joins", c.joins, "Rooms joined by connections of this process"),
            ("typing_notices", c.typing_notices, "Typing notices accepted from clients"),
            ("presence_changes", c.presence_changes, "Presence changes sent to users of this process"),
            (
                "events_not_appended",
                c.room_events_not_appended,
                "Committed messages and read marks whose append to the journal failed, so that the periodic sweep delivers them",
            ),
            (
                "events_healed",
                c.room_messages_healed,
                "Messages delivered from the store, because they did not arrive through the journal",
            ),
            ("journal_appends", c.journal_appends, "Entries appended to the journal by this process"),
            (
                "foreign_entries",
                c.foreign_entries,
                "Entries of other programs in this server's Redis streams, which were skipped",
            ),
            (
                "journal_broken_entries",
                sum(replica.broken for replica in self._replicas.followed().values()) + self._bus.broken,
                "Journal entries that could not be read and were skipped",
            ),
        ):
            yield CounterMetricFamily(f"dashboard_{name}", meaning, value=value)

    def _counted_by_label(self) -> Iterable[Metric]:
        c = self._counters
        for name, label, by, meaning in (
            ("samples_refused", "reason", c.samples_refused, "Samples refused"),
            (
                "connections_closed",
                "code",
                c.connections_closed,
                "WebSocket connections closed, by close code (client: the client sent a private code)",
            ),
            ("errors_sent", "code", c.errors_sent, "Error messages sent to clients"),
            (
                "http_closed",
                "reason",
                c.http_closed,
                "HTTP connections closed (idle: too many are idle; slow: answer not read in time; unread: too many unread bytes)",
            ),
            ("gaps", "reason", c.gaps, "Gap notices sent to viewers that missed entries"),
            ("messages_posted", "kind", c.messages_posted, "Messages stored, by kind of room"),
            ("authentications", "outcome", c.authentications, "Authentications on WebSocket connections"),
            ("logins", "outcome", c.logins, "Logins tried"),
            ("webhooks", "outcome", c.webhooks, "Webhooks tried"),
            ("task_failures", "task", c.task_failures, "Failures of supervised tasks"),
            ("redis_failures", "call", c.redis_failures, "Failed calls to Redis, by call"),
        ):
            family = CounterMetricFamily(f"dashboard_{name}", meaning, labels=[label])
            for key, value in by.items():
                family.add_metric([key], value)
            yield family
        labels = ["token", "format", "outcome"]
        fed = CounterMetricFamily("dashboard_feeder_samples", "Samples and documents of feeders", labels=labels)
        for row, count in c.feeder_samples.items():
            fed.add_metric(list(row), count)
        yield fed

    def _loop_lag(self) -> Metric:
        bounds = [*map(str, LAG_BOUNDS_S), "+Inf"]
        buckets = list(zip(bounds, accumulate(self._lag.counts), strict=True))
        meaning = "Lags of the event loop, measured fifty times a second"
        return HistogramMetricFamily("dashboard_loop_lag_seconds", meaning, buckets=buckets, sum_value=self._lag.sum_s)

    def _gauges(self) -> Iterable[Metric]:
        replicas = self._replicas.followed()
        journal_seq = sum(self._journal.head(partition).seq for partition in replicas)
        for name, value, meaning in (
            ("connections", len(self._registry.connections), "WebSocket connections now"),
            ("views", len(self._views), "Views being sent now"),
            ("authenticated_connections", len(self._registry.people), "Authenticated WebSocket connections now"),
            ("rooms", len(self._registry.rooms()), "Rooms that connections of this process have joined"),
            ("users_online", len(self._presence.people()), "Users connected to any process"),
            ("series", self._replicas.series_count(), "Series stored"),
            ("documents", sum(each.document_count() for each in replicas.values()), "Documents stored"),
            ("journal_bytes", self._journal.size_bytes(), "Payload bytes in the journal"),
            (
                "journal_seq",
                journal_seq,
                "Sequence numbers of the newest journal entries, summed over the followed partitions",
            ),
            ("partitions", len(replicas), "Partitions of the journal that this process follows"),
            ("replica_lag_entries", self._replicas.lag(), "Journal entries not applied yet"),
            ("nodes", len(self._nodes.table.nodes), "Processes whose heartbeats have arrived lately"),
            ("restarts", self._nodes.restarts, "How often the supervisor has started this worker again"),
            (
                "loop_lag_max_seconds",
                self._lag.take_worst_ms("scrape") / 1000,
                "Longest lag of the event loop since the last scrape",
            ),
        ):
            yield GaugeMetricFamily(f"dashboard_{name}", meaning, value=value)
        for name, recent, meaning in (
            (
                "journal_round_trip_seconds",
                self._counters.journal_round_trip_ms,
                "Time from a flush of the journal to the reply, over recent flushes",
            ),
            (
                "accept_to_socket_seconds",
                self._counters.accept_to_socket_ms,
                "Time from accepting data to writing it to a socket, over recent frames of views with 5 or more frames a second",
            ),
            (
                "accept_to_paint_seconds",
                self._counters.accept_to_paint_ms,
                "Time from accepting data to painting it in such views, as browsers report it",
            ),
        ):
            family = GaugeMetricFamily(f"dashboard_{name}", meaning, labels=["quantile"])
            for q in (0.5, 0.99):
                if recent:
                    family.add_metric([str(q)], quantile(list(recent), q) / 1000)
            yield family
