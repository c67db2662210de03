"""Routes of health, readiness and metrics."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from dashboard.cluster.readiness import Readiness
from dashboard.web.ops.health import ClientServices, HealthHandler, MetricsHandler, ReadyHandler, SocketsHandler
from dashboard.web.ops.metrics import Metrics
from dashboard.web.server.route import AnyRoute, Route


def ops_routes(readiness: Readiness, metrics: Metrics, sockets: ClientServices) -> list[AnyRoute]:
    """Return the routes of health, readiness and metrics."""
    registry = CollectorRegistry()
    registry.register(metrics)
    return [
        Route("/healthz", HealthHandler, None),
        Route("/readyz", ReadyHandler, readiness),
        Route("/metrics", MetricsHandler, registry),
        Route("/metrics/websocket", SocketsHandler, sockets),
    ]
