"""Addresses at which other receivers take data and this server does not: what to do instead, for the error and for ``/feeders``.

Source: the defaults of Mimir, Cortex, Thanos, VictoriaMetrics, Datadog's agent, Loki, Elasticsearch, Splunk, gRPC and Grafana.
"""

from __future__ import annotations

import re

_LISTENER = "send StatsD to a listener in the file of sources"
_METRICS_ONLY = "this server takes metrics; switch this output off"
#: Patterns of paths, and the cure of each; the first that matches counts.
_CURES = (
    (r"(/loki/api/v1/push|(/.*)?/_bulk|/services/collector(/.*)?|/v1(development)?/profiles)", _METRICS_ONLY),
    (
        r"(/.*)?/(api/v1/(push|receive)|api/prom/push|receive|prometheus/api/v1/write)",
        "remote write goes to /api/v1/write",
    ),
    (r"(/.*)?/api/v1/import/prometheus(/.*)?", "push text to /metrics/job/JOB"),
    (r"/api/v1/import(/.*)?", "send samples to /api/v1/samples, lines to /write, or remote write to /api/v1/write"),
    (
        r"/(api/v[12]/(series|check_run|distribution_points|validate)|intake)(/.*)?",
        f"this is Datadog's address; {_LISTENER}",
    ),
    (r"/opentelemetry\.proto\..*", "export by HTTP (http/protobuf) to /v1/metrics, not by gRPC"),
    (r"/api/live/pipeline/push/.*", "push lines to /api/live/push/STREAM"),
    (r"/metrics(/jobs?)?(/.*)?", "a push goes to /metrics/job/JOB"),
    (r"/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(/.*)?", "a check's ping goes to /ping/UUID"),
    (
        r"/.+/(write|ping|query|v1/metrics|api/v[123]/[a-z_]+|metrics/job/.*)",
        "leave out what the path has before the known address",
    ),
)
_KNOWN = [(re.compile(pattern), cure) for pattern, cure in _CURES]


def cure_of(path: str) -> str:
    """Return what to do instead of sending to this path, with ``; `` in front; empty for a path without such advice."""
    return next((f"; {cure}" for pattern, cure in _KNOWN if pattern.fullmatch(path)), "")
