"""Routes that feeders post to: this server's own, and those of foreign formats."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.boards.screen_orders import ScreenOrders
from dashboard.ingest.batch import KeyCache
from dashboard.ingest.families import Families
from dashboard.ingest.influx_query import MAX_QUERY_BYTES, Databases
from dashboard.ingest.line_sources import LineSources
from dashboard.ingest.otlp_cache import PointCache
from dashboard.ingest.otlp_resources import OtlpOptions
from dashboard.ingest.remote_write import LabelCache
from dashboard.intake.annotations import Annotations
from dashboard.intake.intake import Intake
from dashboard.replication.replicas import Replicas
from dashboard.settings import Settings
from dashboard.web.feed import (
    agents,
    events,
    heartbeat,
    influx,
    influx_buckets,
    influx_server,
    opentsdb,
    prometheus,
    pushgateway,
    pushgateway_api,
    samples,
    smashing,
)
from dashboard.web.feed.annotations import (
    AnnotationHandler,
    AnnotationServices,
    AnnotationsHandler,
    AnnotationTagsHandler,
)
from dashboard.web.feed.documents import DocumentHandler, DocumentJson, DocumentServices
from dashboard.web.feed.feeding import FeedHandler, FeedServices, PutFeedHandler
from dashboard.web.feed.format import Format
from dashboard.web.feed.live_push import LivePushHandler, LivePushServices
from dashboard.web.feed.otlp import OtherSignalHandler, Otlp
from dashboard.web.server.route import AnyRoute, Route


def feed_routes(
    intake: Intake, replicas: Replicas, settings: Settings, orders: ScreenOrders, annotations: Annotations
) -> list[AnyRoute]:
    """Return the routes. The formats' caches are kept as long as the routes."""
    size, max_bytes, keys = 2 * settings.max_series, settings.max_ingest_bytes, KeyCache(2 * settings.max_series)
    notes = AnnotationServices(intake, max_bytes, events.GrafanaAnnotation(), annotations)
    lines, owners = LineSources(size, origins=intake.origins.of("lines")), intake.origins.of

    def services(format_: Format) -> FeedServices:
        return FeedServices(intake, _max_bytes(format_, settings), format_)

    def feed(template: str, format_: Format) -> AnyRoute:
        return Route(template, FeedHandler, services(format_), format_.__doc__ or "")

    return [
        feed("/api/v1/samples", samples.SamplesJson(keys)),
        feed("/api/v1/samples/{name}", samples.NamedSample(keys)),
        Route(
            "/api/v1/documents/{key}",
            DocumentHandler,
            DocumentServices(intake, max_bytes, DocumentJson(), replicas),
        ),
        *_line_routes(intake, settings, lines, feed),
        feed("/api/put", opentsdb.OpenTsdbPut(owners("opentsdb"))),
        feed("/api/v1/telegraf", agents.TelegrafJson(owners("telegraf"), lines)),
        feed("/api/v1/collectd", agents.CollectdJson(owners("collectd"))),
        *_pushgateway_routes(intake, replicas, max_bytes),
        *_protobuf_routes(intake, settings),
        feed("/widgets/{widget}", smashing.SmashingWidget(owners("smashing"))),
        Route(
            "/dashboards/{widget}",
            smashing.OrderHandler,
            smashing.OrderServices(intake, max_bytes, smashing.SmashingOrder(), orders),
        ),
        feed("/events/", events.GraphiteEvent()),
        feed("/events", events.GraphiteEvent()),
        Route("/api/annotations", AnnotationsHandler, notes),
        Route("/api/annotations/tags", AnnotationTagsHandler, notes, "Tags of the annotations."),
        feed("/api/annotations/graphite", events.GrafanaAnnotation("Graphite annotation added")),
        Route("/api/annotations/{annotation}", AnnotationHandler, notes),
        Route(
            "/api/v1/alertmanager", PutFeedHandler, services(events.AlertmanagerWebhook()), "Alertmanager's webhook."
        ),
        feed("/api/v2/alerts", events.PrometheusAlerts()),
        feed("/api/v1/alerts", events.OldPrometheusAlerts()),
        Route("/api/push/{push}", heartbeat.UptimeKumaHandler, services(heartbeat.UptimeKuma())),
        Route("/ping/{check}", heartbeat.HealthchecksHandler, services(heartbeat.Healthchecks())),
    ]


def _line_routes(
    intake: Intake, settings: Settings, lines: LineSources, feed: Callable[[str, Format], AnyRoute]
) -> list[AnyRoute]:
    """Return the routes of line protocol, and the routes that its clients call before they write."""
    databases, max_bytes = Databases(), settings.max_lines_bytes
    influx1, influx2 = influx.Influx1(lines, databases), influx.Influx2(lines, databases)
    queries = influx_server.QueryServices(intake, MAX_QUERY_BYTES, influx1, databases)
    look_ups = influx_server.QueryServices(intake, MAX_QUERY_BYTES, influx2, databases)
    return [
        feed("/write", influx1),
        Route("/query", influx_server.QueryHandler, queries),
        Route("/ping", influx_server.InfluxPingHandler, None),
        Route("/health", influx_server.InfluxHealthHandler, None),
        Route("/ready", influx_server.InfluxReadyHandler, None),
        Route("/api/health", influx_server.GrafanaHealthHandler, None),
        feed("/api/v2/write", influx2),
        Route("/api/v2/orgs", influx_buckets.OrganizationsHandler, look_ups),
        Route("/api/v2/buckets", influx_buckets.BucketsHandler, look_ups),
        Route("/api/v2/buckets/{bucket}", influx_buckets.BucketHandler, look_ups),
        Route("/api/v2/query", influx_buckets.FluxHandler, look_ups),
        Route("/api/v2/setup", influx_buckets.SetupHandler, None),
        feed("/api/v3/write_lp", influx.Influx3(lines)),
        Route(
            "/api/live/push/{stream}",
            LivePushHandler,
            LivePushServices(intake, max_bytes, influx.GrafanaLive(lines)),
        ),
    ]


def _pushgateway_routes(intake: Intake, replicas: Replicas, max_bytes: int) -> list[AnyRoute]:
    """Return the routes of a Pushgateway."""
    pushes = FeedServices(intake, max_bytes, pushgateway.Pushgateway())
    groups = pushgateway_api.GroupServices(intake.groups, replicas)
    return [
        Route("/metrics/{group}", pushgateway.PushgatewayHandler, pushes),
        Route("/-/healthy", pushgateway_api.PushHealthHandler, None),
        Route("/-/ready", pushgateway_api.PushHealthHandler, None),
        Route("/api/v1/status", pushgateway_api.PushStatusHandler, None),
        Route("/api/v1/metrics", pushgateway_api.PushGroupsHandler, groups),
        Route("/api/v1/admin/wipe", pushgateway_api.PushWipeHandler, groups),
    ]


def _protobuf_routes(intake: Intake, settings: Settings) -> list[AnyRoute]:
    """Return the routes of remote write and OpenTelemetry."""
    size = 2 * settings.max_series
    options = OtlpOptions(frozenset(settings.otlp_resource_labels), settings.otlp_names)
    points = PointCache(size, options, origins=intake.origins.of("otlp"))
    otlp = FeedServices(intake, settings.max_otlp_bytes, Otlp(points, intake.requests))
    labels = LabelCache(size, origins=intake.origins.of("remote_write"))
    write = prometheus.RemoteWrite(labels, Families(), settings.max_remote_write_bytes)
    writes = FeedServices(intake, settings.max_remote_write_bytes, write)
    return [
        Route("/api/v1/write", FeedHandler, writes, "Remote write."),
        Route("/api/v1/prom/write", FeedHandler, writes, "Remote write, at the address of InfluxDB 1."),
        Route("/v1/metrics", FeedHandler, otlp, "OTLP metrics."),
        Route("/api/v1/otlp/v1/metrics", FeedHandler, otlp, "OTLP metrics, at Prometheus' address."),
        Route("/v1/traces", OtherSignalHandler, otlp),
        Route("/v1/logs", OtherSignalHandler, otlp),
    ]


def _max_bytes(format_: Format, settings: Settings) -> int:
    """Return the limit of bytes for a decompressed body of a format."""
    if isinstance(format_, influx.Lines):
        return settings.max_lines_bytes
    if isinstance(format_, samples.SamplesJson | agents.TelegrafJson | agents.CollectdJson | opentsdb.OpenTsdbPut):
        return settings.max_json_bytes
    return settings.max_ingest_bytes
