"""The routes that feeders post to: our own, and those of the formats of others."""

from __future__ import annotations

from typing import Any

from dashboard.boards.screen_orders import ScreenOrders
from dashboard.ingest.batch import KeyCache
from dashboard.ingest.families import Families
from dashboard.ingest.line_protocol import LineCache
from dashboard.ingest.otlp import PointCache
from dashboard.ingest.remote_write import LabelCache
from dashboard.intake.accept_parsed import AcceptParsed
from dashboard.replication.replicas import Replicas
from dashboard.settings import Settings
from dashboard.web.feed import agents, events, heartbeat, influx, smashing
from dashboard.web.feed.otlp import OtlpHandler
from dashboard.web.feed.prometheus import PushHandler, RemoteWriteHandler
from dashboard.web.feed.samples import DocumentHandler, NamedSampleHandler, SamplesHandler

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
        ("/write", influx.WriteHandler, lines),
        ("/query", influx.QueryHandler, lines),
        ("/ping", influx.PingHandler, {}),
        ("/health", influx.InfluxHealthHandler, {}),
        ("/ready", influx.InfluxReadyHandler, {}),
        ("/api/v2/write", influx.WriteV2Handler, lines),
        ("/api/live/push/{stream}", influx.LivePushHandler, lines),
        ("/api/v1/telegraf", agents.TelegrafHandler, feed),
        ("/api/v1/collectd", agents.CollectdHandler, feed),
        ("/metrics/{group}", PushHandler, {**feed, "groups": intake.groups}),
        ("/api/v1/write", RemoteWriteHandler, {**feed, "labels": LabelCache(size), "families": Families()}),
        ("/v1/metrics", OtlpHandler, {**feed, "points": PointCache(size)}),
        ("/widgets/{widget}", smashing.WidgetHandler, feed),
        ("/dashboards/{widget}", smashing.OrderHandler, {**feed, "orders": orders}),
        ("/events/", events.GraphiteEventHandler, feed),
        ("/events", events.GraphiteEventHandler, feed),
        ("/api/annotations", events.AnnotationHandler, feed),
        ("/api/annotations/graphite", events.GraphiteAnnotationHandler, feed),
        ("/api/v1/alertmanager", events.AlertmanagerHandler, feed),
        ("/api/v2/alerts", events.AlertsHandler, feed),
        ("/api/push/{push}", heartbeat.PushHandler, feed),
        ("/ping/{check}", heartbeat.PingHandler, feed),
    ]
