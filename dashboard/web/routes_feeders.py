"""The routes that feeders post to: our own, and those of the formats of others."""

from __future__ import annotations

from typing import Any

from dashboard.ingest.batch import KeyCache
from dashboard.ingest.families import Families
from dashboard.ingest.line_protocol import LineCache
from dashboard.ingest.otlp import PointCache
from dashboard.ingest.remote_write import LabelCache
from dashboard.services.accept_parsed import AcceptParsed
from dashboard.services.replicas import Replicas
from dashboard.services.screen_orders import ScreenOrders
from dashboard.settings import Settings
from dashboard.web import ingest_agents, ingest_events, ingest_heartbeat, ingest_influx, ingest_smashing
from dashboard.web.ingest import DocumentHandler, NamedSampleHandler, SamplesHandler
from dashboard.web.ingest_otlp import OtlpHandler
from dashboard.web.ingest_prometheus import PushHandler, RemoteWriteHandler

#: What may stand for a part of these addresses; anything but a slash where nothing is said.
PARTS = {"group": "job(?:@base64)?/.+", "check": ".+"}


def routes_of_feeders(
    intake: AcceptParsed, replicas: Replicas, settings: Settings, orders: ScreenOrders
) -> list[tuple[str, type[Any], dict[str, Any]]]:
    """Address, handler, and what it is given. What was met before is remembered here, for all requests."""
    size = 2 * settings.max_series
    feed: dict[str, Any] = {"intake": intake, "max_ingest_bytes": settings.max_ingest_bytes}
    own = {**feed, "keys": KeyCache(size)}
    lines = {**feed, "lines": LineCache(size)}
    return [
        ("/api/v1/samples", SamplesHandler, own),
        ("/api/v1/samples/{name}", NamedSampleHandler, own),
        ("/api/v1/documents/{key}", DocumentHandler, {**feed, "replicas": replicas}),
        ("/write", ingest_influx.WriteHandler, lines),
        ("/query", ingest_influx.QueryHandler, lines),
        ("/ping", ingest_influx.PingHandler, {}),
        ("/health", ingest_influx.InfluxHealthHandler, {}),
        ("/ready", ingest_influx.InfluxReadyHandler, {}),
        ("/api/v2/write", ingest_influx.WriteV2Handler, lines),
        ("/api/live/push/{stream}", ingest_influx.LivePushHandler, lines),
        ("/api/v1/telegraf", ingest_agents.TelegrafHandler, feed),
        ("/api/v1/collectd", ingest_agents.CollectdHandler, feed),
        ("/metrics/{group}", PushHandler, {**feed, "groups": intake.groups}),
        ("/api/v1/write", RemoteWriteHandler, {**feed, "labels": LabelCache(size), "families": Families()}),
        ("/v1/metrics", OtlpHandler, {**feed, "points": PointCache(size)}),
        ("/widgets/{widget}", ingest_smashing.WidgetHandler, feed),
        ("/dashboards/{widget}", ingest_smashing.OrderHandler, {**feed, "orders": orders}),
        ("/events/", ingest_events.GraphiteEventHandler, feed),
        ("/events", ingest_events.GraphiteEventHandler, feed),
        ("/api/annotations", ingest_events.AnnotationHandler, feed),
        ("/api/annotations/graphite", ingest_events.GraphiteAnnotationHandler, feed),
        ("/api/v1/alertmanager", ingest_events.AlertmanagerHandler, feed),
        ("/api/v2/alerts", ingest_events.AlertsHandler, feed),
        ("/api/push/{push}", ingest_heartbeat.PushHandler, feed),
        ("/ping/{check}", ingest_heartbeat.PingHandler, feed),
    ]
