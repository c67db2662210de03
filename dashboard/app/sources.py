"""Composition of the sources that the file of sources names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import SystemRandom

from prometheus_client.core import Metric
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from dashboard.domain.feeder import FeederState
from dashboard.feeders.graphite import GraphiteSource
from dashboard.feeders.influx_udp import InfluxUdpSource
from dashboard.feeders.mqtt import MqttSource, check_extra
from dashboard.feeders.opentsdb import OpenTsdbSource
from dashboard.feeders.scrape import ScrapeSource, scrape_client
from dashboard.feeders.source_metrics import source_metrics
from dashboard.feeders.source_state import SourceState, feeder_of
from dashboard.feeders.sources import Source, Sources
from dashboard.feeders.sources_file import (
    Graphite,
    InfluxUdp,
    MqttBroker,
    OpenTsdb,
    ScrapeTarget,
    SourcesFile,
    Statsd,
    load_sources,
)
from dashboard.feeders.statsd import StatsdSource
from dashboard.feeders.submitter import Submitter
from dashboard.intake.intake import Intake
from dashboard.journal.port import Journal
from dashboard.runtime import Runtime
from dashboard.settings import Settings


class SourceParts:
    """Services that run the configured sources. ``now_ms`` is the journal's time.

    Raises ConfigurationError if the file of sources has a fault.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        journal: Journal,
        intake: Intake,
        now_ms: Callable[[], int],
    ) -> None:
        self._submitter = Submitter(
            samples=intake.samples, documents=intake.documents, events=intake.events, limits=intake.limits
        )
        self._now_ms = now_ms
        self._parser = ThreadPoolExecutor(1, "scrape-parser")
        self._client: SimpleAsyncHTTPClient | None = None
        self._jitter = SystemRandom().uniform
        self.sources = Sources([*self._make(read_sources(settings))], journal=journal, jitter=self._jitter)

    def _make(self, file: SourcesFile) -> Iterator[Source]:
        submitter = self._submitter
        if file.scrape:
            self._client = scrape_client(file.scrape)
        for target in file.scrape:
            assert self._client is not None
            state = self._state(f"scrape:{target.name}", "scrape", target)
            yield ScrapeSource(
                target, submitter=submitter, state=state, client=self._client, parser=self._parser, jitter=self._jitter
            )
        if file.statsd is not None:
            yield StatsdSource(file.statsd, submitter=submitter, state=self._state("statsd", "statsd", file.statsd))
        if file.graphite is not None:
            yield GraphiteSource(
                file.graphite, submitter=submitter, state=self._state("graphite", "graphite", file.graphite)
            )
        if file.influx is not None:
            yield InfluxUdpSource(file.influx, submitter=submitter, state=self._state("influx", "influx", file.influx))
        if file.opentsdb is not None:
            yield OpenTsdbSource(
                file.opentsdb, submitter=submitter, state=self._state("opentsdb", "opentsdb", file.opentsdb)
            )
        for broker in file.mqtt:
            state = self._state(f"mqtt:{broker.name}", "mqtt", broker)
            yield MqttSource(broker, submitter=submitter, state=state)

    def _state(
        self, id_: str, kind: str, config: ScrapeTarget | Statsd | Graphite | InfluxUdp | OpenTsdb | MqttBroker
    ) -> SourceState:
        return SourceState(id_, kind, config.address, self._now_ms, config.max_series)

    def start(self, runtime: Runtime) -> None:
        """Start the tasks of the sources."""
        self.sources.start(runtime)

    def metrics(self) -> Iterator[Metric]:
        """Return the metrics of the sources for ``/metrics``."""
        return source_metrics(self.sources)

    def states(self) -> list[FeederState]:
        """Return the states of the sources that run in this process; other processes report their own sources."""
        return [feeder_of(state) for state in self.sources.states() if state.place == "here"]

    def close(self) -> None:
        """Close the connections and shut the thread down."""
        if self._client is not None:
            self._client.close()
        self._parser.shutdown(wait=False, cancel_futures=True)


def read_sources(settings: Settings) -> SourcesFile:
    """Read the file of sources, empty if none is configured; raises ConfigurationError."""
    if not settings.sources:
        return SourcesFile()
    file = load_sources(Path(settings.sources))
    if file.mqtt:
        check_extra()
    return file
