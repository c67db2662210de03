"""Routes of Prometheus' HTTP API."""

from __future__ import annotations

from dashboard.web.prometheus import handlers, listings
from dashboard.web.prometheus.handlers import PrometheusServices
from dashboard.web.server.route import AnyRoute, Route

_ROOT = "/prometheus/api/v1"


def prometheus_routes(services: PrometheusServices) -> list[AnyRoute]:
    """Return the routes."""
    return [
        Route("/prometheus/", handlers.RootHandler, services),
        Route(f"{_ROOT}/query", handlers.InstantQueryHandler, services),
        Route(f"{_ROOT}/query_range", handlers.QueryRangeHandler, services),
        Route(f"{_ROOT}/format_query", handlers.FormatQueryHandler, services),
        Route(f"{_ROOT}/parse_query", handlers.ParseQueryHandler, services),
        Route(f"{_ROOT}/query_exemplars", handlers.ExemplarsHandler, services),
        Route(f"{_ROOT}/series", listings.SeriesListHandler, services),
        Route(f"{_ROOT}/labels", listings.LabelsHandler, services),
        Route(f"{_ROOT}/label/{{label}}/values", listings.LabelValuesHandler, services),
        Route(f"{_ROOT}/metadata", listings.MetadataHandler, services),
        Route(f"{_ROOT}/status/buildinfo", handlers.BuildHandler, services),
    ]
