"""Prometheus' pushes: remote write (``/api/v1/write``), and the Pushgateway's ``/metrics/job/…``.

Source: prometheus.io, "Remote Write 1.0"; the README of the Pushgateway.  Prometheus drops what is answered 4xx, by default 429 too,
and repeats what is answered 5xx.
"""

from __future__ import annotations

from dashboard.domain.errors import Invalid
from dashboard.ingest.families import Families
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.prometheus_text import group_labels, is_openmetrics, parse_prometheus
from dashboard.ingest.remote_write import LabelCache, parse_remote_write
from dashboard.intake.accept_samples import Outcome
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.feed.format import TEXT, Answer, FeedRequest, Format, faults_in, first_reason
from dashboard.web.server.base import UnsupportedEncoding


class RemoteWrite(Format):
    """Remote write, version 1. A sample without a value is no fault."""

    name = "remote_write"
    later_status = 503
    encodings = ("snappy",)

    def __init__(self, labels: LabelCache, families: Families) -> None:
        self._labels = labels
        self._families = families

    def parse(self, request: FeedRequest) -> Parsed:
        version = request.headers.get("X-Prometheus-Remote-Write-Version", "0.1.0")
        is_second = "io.prometheus.write.v2" in request.headers.get("Content-Type", "")
        if is_second or not version.startswith(("0.", "1.")):
            raise UnsupportedEncoding("remote write 2 is not understood; send 1.0 (prometheus.WriteRequest)")
        return parse_remote_write(request.body, self._labels, request.latest_ms, families=self._families)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        if faults := faults_in(outcome.refused):
            raise Invalid(f"{len(faults)} samples refused; {first_reason(faults, 'series')}")
        return Answer(204)


class Pushgateway(Format):
    """Text in Prometheus' format, for a group of labels that stands in the address."""

    name = "pushgateway"
    parsed_at_once_bytes = 32_768  # reading this text takes longest of all

    def parse(self, request: FeedRequest) -> Parsed:
        content_type = request.headers.get("Content-Type", "")
        if "protobuf" in content_type:
            raise UnsupportedEncoding("protobuf is not understood here; push text")
        openmetrics, labels = is_openmetrics(content_type), _group(request.address)
        return parse_prometheus(request.body, request.latest_ms, openmetrics=openmetrics, labels=labels)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        if faults := faults_in(outcome.refused):
            raise Invalid(f"{len(faults)} samples refused; {first_reason(faults, 'sample')}")
        return Answer(200, content_type=TEXT)


class PushHandler(FeederHandler[FeedServices]):
    """``/metrics/job/JOB{/LABEL/VALUE}``: PUT and POST feed the group, PUT and DELETE end what is not in it any more."""

    def get(self, _: str) -> None:
        self.send(self.format.greet(self.feed_request(b"")))

    async def put(self, _: str) -> None:
        await self._push(replace=True)

    async def post(self, _: str) -> None:
        await self._push(replace=False)

    async def delete(self, _: str) -> None:
        await self.authenticate()
        await self.services.intake.groups.replace(_group(self.request.path), (), caller=self.caller)
        self.send(Answer(202, content_type=TEXT))

    async def _push(self, *, replace: bool) -> None:
        await self.authenticate()
        request, groups = self.feed_request(self.body()), self.services.intake.groups
        parsed = await self.parse(request)
        outcome = await self.accept(parsed)
        kept = {key for part in outcome.series for key in part}
        change = groups.replace if replace else groups.add
        await change(_group(request.address), kept, caller=self.caller)
        self.send(self.format.answer(request, parsed, outcome))


def _group(address: str) -> dict[str, str]:
    """Return the labels of the group in an address, which is still quoted: a value may hold a slash."""
    return group_labels(address.removeprefix("/metrics/"))
