"""The table of routes: every address there is, its handler, and what the handler is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from dashboard.hub.hub import Hub
from dashboard.ingest.batch import KeyCache
from dashboard.services.accept_document import AcceptDocument
from dashboard.services.accept_samples import AcceptSamples
from dashboard.services.boards import Boards
from dashboard.services.nodes import Nodes
from dashboard.services.replicas import Replicas
from dashboard.settings import Settings
from dashboard.web.api import BoardHandler, SeriesHandler
from dashboard.web.base import GuardedApplication, WebContext, log_request
from dashboard.web.health import HealthHandler, Metrics, MetricsHandler, ReadyHandler, SocketsHandler
from dashboard.web.ingest import DocumentHandler, NamedSampleHandler, SamplesHandler
from dashboard.web.pages import BoardPage, ChosenPage, ExplorePage, FaviconHandler, StaticHandler
from dashboard.web.socket import SocketHandler

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def make_application(
    *,
    settings: Settings,
    context: WebContext,
    static: Path,
    hub: Hub,
    boards: Boards,
    samples: AcceptSamples,
    documents: AcceptDocument,
    replicas: Replicas,
    nodes: Nodes,
    now_ms: Callable[[], int],
    metrics: Metrics,
    reasons: Callable[[], dict[str, str]],
) -> GuardedApplication:
    """The whole web side."""
    registry = CollectorRegistry()
    registry.register(metrics)
    page: dict[str, Any] = {"context": context, "boards": boards}
    ingest: dict[str, Any] = {
        "context": context,
        "samples": samples,
        "keys": KeyCache(2 * settings.max_series),
        "max_ingest_bytes": settings.max_ingest_bytes,
    }
    routes = [
        (r"/", BoardPage, page),
        (r"/boards/([A-Za-z0-9_-]+)", BoardPage, page),
        (r"/board", ChosenPage, page),
        (r"/explore", ExplorePage, page),
        (r"/favicon\.ico", FaviconHandler, {"context": context, "icon": static / "favicon.svg"}),
        (r"/static/([^/]+)/(.+)", StaticHandler, {"context": context, "path": str(static)}),
        (r"/ws", SocketHandler, {"context": context, "hub": hub, "settings": settings}),
        (r"/api/v1/samples", SamplesHandler, ingest),
        (r"/api/v1/samples/(.+)", NamedSampleHandler, ingest),
        (r"/api/v1/documents/(.+)", DocumentHandler, {**ingest, "documents": documents, "replicas": replicas}),
        (r"/api/v1/series", SeriesHandler, {"context": context, "replicas": replicas, "now_ms": now_ms}),
        (r"/api/v1/boards/([A-Za-z0-9_-]+)", BoardHandler, page),
        (r"/healthz", HealthHandler, {"context": context}),
        (r"/readyz", ReadyHandler, {"context": context, "reasons": reasons}),
        (r"/metrics", MetricsHandler, {"context": context, "registry": registry}),
        (r"/metrics/websocket", SocketsHandler, {"context": context, "hub": hub, "nodes": nodes}),
    ]
    return GuardedApplication(
        routes,
        context=context,
        names=LOCAL_NAMES | {name.lower() for name in settings.allowed_hosts} | {settings.host},
        max_uri_bytes=settings.max_uri_bytes,
        trusted_origins=list(settings.trusted_origins),
        log_function=log_request,
    )
