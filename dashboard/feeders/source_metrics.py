"""The sources' part of ``/metrics``: counters of received, accepted, refused and dropped data, and failures, of this process."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from dashboard.feeders.sources import Sources


def source_metrics(sources: Sources) -> Iterator[Metric]:
    """Yield the metrics ``dashboard_source_…{source="…"}``; none when there are no sources."""
    states = sources.states()
    if not states:
        return
    for name, meaning in (
        ("received", "Datagrams, connections, messages and answers received"),
        ("accepted", "Lines and values that were accepted"),
    ):
        counter = CounterMetricFamily(f"dashboard_source_{name}", meaning, labels=["source"])
        for state in states:
            counter.add_metric([state.id], getattr(state, name))
        yield counter
    for name, meaning in (
        ("refused", "Lines and values that were refused"),
        ("dropped", "Lines and values dropped for lack of space; kernel: datagrams"),
        ("unstored", "Samples made of accepted lines that could not be stored"),
        ("failures", "Failures of the source"),
    ):
        counter = CounterMetricFamily(f"dashboard_source_{name}", meaning, labels=["source", "reason"])
        for state in states:
            for reason, count in getattr(state, name).items():
                counter.add_metric([state.id, reason], count)
        yield counter
    here = GaugeMetricFamily("dashboard_source_here", "Whether this process runs the source", labels=["source"])
    failing = GaugeMetricFamily("dashboard_source_failing", "Whether the source fails now", labels=["source"])
    series = GaugeMetricFamily("dashboard_source_series", "Series that the source has created", labels=["source"])
    seen = GaugeMetricFamily(
        "dashboard_source_last_seen_timestamp_seconds", "When data was last received", labels=["source"]
    )
    for state in states:
        here.add_metric([state.id], state.place == "here")
        series.add_metric([state.id], state.series)
        failing.add_metric([state.id], state.failing_since_ms is not None)
        if state.last_seen_ms is not None:
            seen.add_metric([state.id], state.last_seen_ms / 1000)
    yield from (here, failing, series, seen)
