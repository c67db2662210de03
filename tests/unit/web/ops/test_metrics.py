"""Metrics of a process: what its counters and parts say, in Prometheus' terms."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from prometheus_client.core import GaugeMetricFamily, Metric

from dashboard.cluster.vitals import LAG_BOUNDS_S, LoopLag
from dashboard.domain.counters import Counters
from dashboard.entries.samples import encode_samples
from dashboard.web.ops.metrics import Metrics
from tests.support.histories import T0
from tests.support.hubs import Source, hub_of, watch
from tests.support.nodes import a_journal, at_work, replicas_of
from tests.support.pages import Process

pytestmark = pytest.mark.gen_test


class Measured:
    """Metrics over the real parts of a process. ``samples``: values by name and labels."""

    def __init__(self) -> None:
        self.journal, self.counters, self.lag = a_journal(), Counters(), LoopLag()
        self.process = Process(self.journal)
        self.replicas = replicas_of(self.journal)
        self.viewers = hub_of(Source())
        self.metrics = Metrics(
            counters=self.counters,
            views=self.viewers.views,
            journal=self.journal,
            replicas=self.replicas,
            bus=self.process.bus,
            nodes=self.process.nodes,
            lag=self.lag,
            registry=self.process.registry,
            presence=self.process.presence,
            more=self._more,
        )

    def _more(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("of_a_source", "", value=7)

    def samples(self) -> dict[tuple[str, tuple[str, ...]], float]:
        return {
            (each.name, tuple(each.labels.values())): each.value
            for family in self.metrics.collect()
            for each in family.samples
        }


async def test_what_was_counted_is_shown_also_by_reason_and_by_feeder() -> None:
    measured = Measured()
    measured.counters.samples_accepted = 5
    measured.counters.samples_refused["late"] = 2
    measured.counters.feeder_samples["ci", "json", "accepted"] = 3
    samples = measured.samples()
    assert samples["dashboard_samples_accepted_total", ()] == 5
    assert samples["dashboard_samples_refused_total", ("late",)] == 2
    assert samples["dashboard_feeder_samples_total", ("ci", "json", "accepted")] == 3
    assert samples["of_a_source", ()] == 7
    assert samples["dashboard_node_info", ("a",)] == 1


async def test_every_metric_has_a_name_of_its_own_and_a_meaning() -> None:
    families = list(Measured().metrics.collect())
    names = [each.name for each in families]
    assert len(names) == len(set(names))
    assert [each.name for each in families if each.name.startswith("dashboard_") and not each.documentation] == []


async def test_gauges_are_read_from_the_parts_of_the_process() -> None:
    measured = Measured()
    watch(measured.viewers)
    measured.process.page("ann", room="ops")
    measured.process.page()
    await measured.journal.append("metrics.0", encode_samples(["a", "b"], T0, [1.0, 2.0]))
    assert measured.samples()["dashboard_replica_lag_entries", ()] == 1
    async with at_work(measured.replicas.run):
        await measured.replicas.wait_ready(("metrics.0",))
        samples = measured.samples()
    expected = {
        "views": 1, "connections": 2, "authenticated_connections": 1, "rooms": 1, "series": 2, "documents": 0,
        "journal_seq": 1, "partitions": 1, "replica_lag_entries": 0, "restarts": 0,
    }  # fmt: skip
    assert {name: samples[f"dashboard_{name}", ()] for name in expected} == expected


async def test_the_longest_lag_is_that_since_the_last_scrape_and_its_buckets_are_cumulative() -> None:
    measured = Measured()
    for lag_s in (0.004, 0.2, 9.0):
        measured.lag.add(lag_s)
    samples = measured.samples()
    buckets = [samples["dashboard_loop_lag_seconds_bucket", (bound,)] for bound in (*map(str, LAG_BOUNDS_S), "+Inf")]
    assert (buckets[0], buckets[5], buckets[-1]) == (1, 2, 3)
    assert samples["dashboard_loop_lag_max_seconds", ()] == pytest.approx(9)
    assert measured.samples()["dashboard_loop_lag_max_seconds", ()] == 0


async def test_a_time_that_was_never_measured_has_no_value() -> None:
    measured = Measured()
    assert ("dashboard_accept_to_socket_seconds", ("0.99",)) not in measured.samples()
    measured.counters.accept_to_socket_ms.extend([10.0, 20.0])
    assert measured.samples()["dashboard_accept_to_socket_seconds", ("0.99",)] == pytest.approx(0.02)
