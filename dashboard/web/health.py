"""What operators and their tools ask: alive, ready and why not, counters for Prometheus, the sockets in short."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from dashboard.domain.counters import Counters, quantile
from dashboard.hub.hub import Hub
from dashboard.journal.port import METRICS, Journal
from dashboard.replica.replica import Replica
from dashboard.web.base import BaseHandler


class HealthHandler(BaseHandler):
    """``/healthz``: the process answers."""

    def get(self) -> None:
        self.write_json({"status": "ok"})


class ReadyHandler(BaseHandler):
    """``/readyz``: 200 when this process should get traffic; 503 with the reasons when not."""

    reasons: Callable[[], dict[str, str]]

    def get(self) -> None:
        checks = self.reasons()
        ready = all(state == "ok" for state in checks.values())
        self.write_json({"ready": ready, "checks": checks}, 200 if ready else 503)


class SocketsHandler(BaseHandler):
    """``/metrics/websocket``: the sockets in short."""

    hub: Hub

    def get(self) -> None:
        connections = self.hub.connections
        watching = sum(bool(connection.watching) for connection in connections)
        self.write_json(
            {
                "activeConnections": len(connections),
                "connectedSockets": len(connections),
                "rooms": 0,
                "watching": watching,
            }
        )


class MetricsHandler(BaseHandler):
    """``/metrics``: everything counted, in Prometheus' text format."""

    registry: CollectorRegistry

    def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(self.registry))


class Metrics:
    """A prometheus_client collector over the counters and the state of this process."""

    def __init__(
        self,
        *,
        counters: Counters,
        hub: Hub,
        journal: Journal,
        replica: Callable[[], Replica],
        loop_lag_ms: Callable[[], float],
    ) -> None:
        self._counters = counters
        self._hub = hub
        self._journal = journal
        self._replica = replica
        self._loop_lag_ms = loop_lag_ms

    def collect(self) -> Iterable[Metric]:
        """Called at each scrape."""
        yield from self._counted()
        yield from self._counted_by_label()
        yield from self._gauges()

    def _counted(self) -> Iterable[Metric]:
        c = self._counters
        for name, value, meaning in (
            ("samples_accepted", c.samples_accepted, "Samples stored in the journal"),
            ("documents_accepted", c.documents_accepted, "Documents stored in the journal"),
            ("connections_opened", c.connections_opened, "WebSocket handshakes done"),
            ("messages_received", c.messages_received, "WebSocket messages from clients"),
            ("frames_sent", c.frames_sent, "Frames sent to viewers that were up to date"),
            ("frames_skipped", c.frames_skipped, "Frames not sent because the viewer had not drained"),
            ("frames_caught_up", c.frames_caught_up, "Catch-up frames sent to viewers that had been skipped"),
            ("snapshots_sent", c.snapshots_sent, "Snapshots sent"),
            ("resumes", c.resumes, "Viewers that came back and got only what they had missed"),
            ("sent_bytes", c.bytes_sent, "Bytes of WebSocket frames sent"),
            ("checkpoints", c.checkpoints, "Checkpoints of the history stored"),
            ("clock_steps", c.clock_steps, "Steps of the wall clock that the journal's clock followed"),
            (
                "journal_broken_entries",
                self._replica().broken,
                "Journal entries that could not be read and were skipped",
            ),
        ):
            yield CounterMetricFamily(f"dashboard_{name}", meaning, value=value)

    def _counted_by_label(self) -> Iterable[Metric]:
        c = self._counters
        for name, label, by, meaning in (
            ("samples_refused", "reason", c.samples_refused, "Samples refused"),
            ("connections_closed", "code", c.connections_closed, "WebSocket connections ended, by close code"),
            ("errors_sent", "code", c.errors_sent, "Error messages sent to clients"),
            ("gaps", "reason", c.gaps, "Viewers told that entries are missing"),
            ("task_failures", "task", c.task_failures, "Faults of supervised tasks"),
        ):
            family = CounterMetricFamily(f"dashboard_{name}", meaning, labels=[label])
            for key, value in by.items():
                family.add_metric([str(int(key)) if isinstance(key, int) else key], value)
            yield family

    def _gauges(self) -> Iterable[Metric]:
        replica = self._replica()
        for name, value, meaning in (
            ("connections", len(self._hub.connections), "WebSocket connections now"),
            ("views", len(self._hub.views), "Views being sent now"),
            ("series", len(replica.table), "Series there are"),
            ("documents", replica.document_count(), "Documents there are"),
            ("journal_bytes", self._journal.size_bytes(), "Payload bytes in the journal"),
            ("journal_seq", self._journal.head(METRICS).seq, "Number of the newest journal entry"),
            ("replica_lag_entries", self._journal.head(METRICS).seq - replica.position.seq, "Entries not applied yet"),
            ("loop_lag_seconds", self._loop_lag_ms() / 1000, "How late the event loop last was"),
        ):
            yield GaugeMetricFamily(f"dashboard_{name}", meaning, value=value)
        for name, recent, meaning in (
            (
                "accept_to_socket_seconds",
                self._counters.accept_to_socket_ms,
                "From acceptance to the socket, recent frames",
            ),
            ("accept_to_paint_seconds", self._counters.accept_to_paint_ms, "From acceptance to paint, as browsers say"),
        ):
            family = GaugeMetricFamily(f"dashboard_{name}", meaning, labels=["quantile"])
            for q in (0.5, 0.99):
                if recent:
                    family.add_metric([str(q)], quantile(list(recent), q) / 1000)
            yield family
