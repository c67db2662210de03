"""The routes that feeders post to: our own, and those of the formats of others."""

from __future__ import annotations

from dashboard.boards.screen_orders import ScreenOrders
from dashboard.ingest.batch import KeyCache
from dashboard.ingest.families import Families
from dashboard.ingest.line_protocol import LineCache
from dashboard.ingest.otlp import PointCache
from dashboard.ingest.otlp_resources import OtlpOptions
from dashboard.ingest.remote_write import LabelCache
from dashboard.intake.intake import Intake
from dashboard.replication.replicas import Replicas
from dashboard.settings import Settings
from dashboard.web.feed import agents, events, heartbeat, influx, influx_server, prometheus, samples, smashing
from dashboard.web.feed.documents import DocumentHandler, DocumentJson, DocumentServices
from dashboard.web.feed.feeding import FeedHandler, FeedServices
from dashboard.web.feed.format import Format
from dashboard.web.feed.otlp import OtherSignalHandler, Otlp
from dashboard.web.server.route import AnyRoute, Route


def feed_routes(intake: Intake, replicas: Replicas, settings: Settings, orders: ScreenOrders) -> list[AnyRoute]:
    """Return the routes; the caches of the formats live as long as these."""
    size, max_bytes = 2 * settings.max_series, settings.max_ingest_bytes
    keys, lines = KeyCache(size), LineCache(size)
    influx1 = influx.Influx1(lines)
    options = OtlpOptions(frozenset(settings.otlp_resource_labels), settings.otlp_names)
    otlp = Otlp(PointCache(size, options), settings.max_otlp_bytes)
    write = prometheus.RemoteWrite(LabelCache(size), Families(), settings.max_remote_write_bytes)

    def services(format_: Format) -> FeedServices:
        return FeedServices(intake, max_bytes, format_)

    def feed(template: str, format_: Format) -> AnyRoute:
        return Route(template, FeedHandler, services(format_), (format_.__doc__ or "").partition("\n")[0])

    return [
        feed("/api/v1/samples", samples.SamplesJson(keys)),
        feed("/api/v1/samples/{name}", samples.NamedSample(keys)),
        Route(
            "/api/v1/documents/{key}",
            DocumentHandler,
            DocumentServices(intake, max_bytes, DocumentJson(), replicas),
        ),
        feed("/write", influx1),
        Route("/query", influx_server.QueryHandler, services(influx1)),
        Route("/ping", influx_server.PingHandler, None),
        Route("/health", influx_server.InfluxHealthHandler, None),
        Route("/ready", influx_server.InfluxReadyHandler, None),
        feed("/api/v2/write", influx.Influx2(lines)),
        feed("/api/live/push/{stream}", influx.GrafanaLive(lines)),
        feed("/api/v1/telegraf", agents.TelegrafJson()),
        feed("/api/v1/collectd", agents.CollectdJson()),
        Route("/metrics/{group}", prometheus.PushHandler, services(prometheus.Pushgateway(max_bytes))),
        Route(
            "/api/v1/write", FeedHandler, FeedServices(intake, settings.max_remote_write_bytes, write), "Remote write."
        ),
        Route("/v1/metrics", FeedHandler, FeedServices(intake, settings.max_otlp_bytes, otlp), "OTLP metrics."),
        Route("/v1/{signal}", OtherSignalHandler, FeedServices(intake, settings.max_otlp_bytes, otlp)),
        feed("/widgets/{widget}", smashing.SmashingWidget()),
        Route(
            "/dashboards/{widget}",
            smashing.OrderHandler,
            smashing.OrderServices(intake, max_bytes, smashing.SmashingOrder(), orders),
        ),
        feed("/events/", events.GraphiteEvent()),
        feed("/events", events.GraphiteEvent()),
        feed("/api/annotations", events.GrafanaAnnotation()),
        feed("/api/annotations/graphite", events.GrafanaAnnotation("Graphite annotation added")),
        feed("/api/v1/alertmanager", events.AlertmanagerWebhook()),
        feed("/api/v2/alerts", events.PrometheusAlerts()),
        Route("/api/push/{push}", heartbeat.PushHandler, services(heartbeat.UptimeKuma())),
        Route("/ping/{check}", heartbeat.PingHandler, services(heartbeat.Healthchecks())),
    ]
