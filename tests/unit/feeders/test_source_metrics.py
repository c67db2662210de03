from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from dashboard.feeders.source_metrics import source_metrics
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources import Sources


def measured(*states: SourceState) -> dict[tuple[str, ...], float]:
    sources = cast("Sources", SimpleNamespace(states=lambda: list(states)))
    found: dict[tuple[str, ...], float] = {}
    for metric in source_metrics(sources):
        for sample in metric.samples:
            labels: dict[str, Any] = sample.labels
            found[(sample.name.removeprefix("dashboard_source_"), *labels.values())] = sample.value
    return found


def test_without_sources_nothing_is_measured() -> None:
    assert measured() == {}


@pytest.mark.expects_log("source web")
def test_each_source_is_measured_by_its_name() -> None:
    state = SourceState("web", "statsd", "udp:8125", lambda: 5_000, max_series=50)
    state.moved("here")
    state.seen(4)
    state.accepted, state.series = 7, 3
    state.refused["invalid"] += 2
    state.dropped["kernel"] += 1
    state.unstored["overloaded"] += 6
    state.fail(ValueError("x"))
    assert measured(state) == {
        ("received_total", "web"): 4,
        ("accepted_total", "web"): 7,
        ("refused_total", "web", "invalid"): 2,
        ("dropped_total", "web", "kernel"): 1,
        ("unstored_total", "web", "overloaded"): 6,
        ("failures_total", "web", "ValueError"): 1,
        ("here", "web"): 1,
        ("failing", "web"): 1,
        ("series", "web"): 3,
        ("last_seen_timestamp_seconds", "web"): 5,
    }
