"""Advice for requests to addresses that other receivers have."""

from __future__ import annotations

import pytest

from dashboard.web.server.unserved import cure_of


@pytest.mark.parametrize(
    ("path", "cure"),
    [
        ("/api/v1/push", "/api/v1/write"),
        ("/5be8da8f-1d4a-4c2e-9f0e-1f2a3b4c5d6e/start", "/ping/UUID"),
        ("/insert/0/prometheus/api/v1/write", "/api/v1/write"),
        ("/api/v1/import/prometheus", "/metrics/job/JOB"),
        ("/api/v1/receive", "/api/v1/write"),
        ("/api/v2/series", "Datadog"),
        ("/intake/", "Datadog"),
        ("/loki/api/v1/push", "metrics"),
        ("/index/_bulk", "metrics"),
        ("/influx/query", "before the known address"),
        ("/pushgateway/metrics/job/x", "before the known address"),
        ("/base/write", "before the known address"),
        ("/metrics/jobs/x", "/metrics/job/JOB"),
        ("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "not by gRPC"),
        ("/api/live/pipeline/push/x", "/api/live/push/STREAM"),
    ],
)
def test_an_address_of_another_receiver_has_a_cure(path: str, cure: str) -> None:
    assert cure_of(path).startswith("; ")
    assert cure in cure_of(path)


@pytest.mark.parametrize("path", ["/nothing", "/boards/x/y", "/" + "a/" * 2_000])
def test_another_address_has_none(path: str) -> None:
    assert cure_of(path) == ""
