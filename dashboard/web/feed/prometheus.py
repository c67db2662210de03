"""What Prometheus and its like push: remote write (``/api/v1/write``), and the Pushgateway's ``/metrics/job/…``.

Source: prometheus.io, "Remote Write 1.0"; the README of the Pushgateway.  Prometheus throws away what gets a 4xx, 429 too by
default, and sends again what gets a 5xx.
"""

from __future__ import annotations

from dashboard.domain.errors import Invalid
from dashboard.ingest.families import Families
from dashboard.ingest.prometheus_text import group_labels, is_openmetrics, parse_prometheus
from dashboard.ingest.remote_write import LabelCache, parse_remote_write
from dashboard.intake.push_groups import PushGroups
from dashboard.web.feed.feeding import FeederHandler, faults_in, first_reason
from dashboard.web.server.base import UnsupportedEncoding


class RemoteWriteHandler(FeederHandler):
    """``POST /api/v1/write``, version 1. A sample without a value is no fault."""

    format_ = "remote_write"
    too_often_status = 503
    encodings = ("snappy",)
    labels: LabelCache
    families: Families

    async def post(self) -> None:
        content_type = self.request.headers.get("Content-Type", "")
        version = self.request.headers.get("X-Prometheus-Remote-Write-Version", "0.1.0")
        if "io.prometheus.write.v2" in content_type or not version.startswith(("0.", "1.")):
            raise UnsupportedEncoding("remote write 2 is not understood; send 1.0 (prometheus.WriteRequest)")
        outcome = await self.accept(
            await self.parse(parse_remote_write, self.labels, self.latest_ms(), families=self.families)
        )
        if faults := faults_in(outcome.refused):
            raise Invalid(f"{len(faults)} samples refused; {first_reason(faults, 'series')}")
        self.done()


class PushHandler(FeederHandler):
    """``/metrics/job/JOB{/LABEL/VALUE}``: PUT and POST feed the group, PUT and DELETE end what is not in it any more."""

    format_ = "pushgateway"
    parsed_at_once_bytes = 32_768  # reading this text takes longest of all
    groups: PushGroups

    async def put(self, _: str) -> None:
        await self._push(replace=True)

    async def post(self, _: str) -> None:
        await self._push(replace=False)

    async def delete(self, _: str) -> None:
        await self.groups.replace(self._group(), (), caller=self.caller)
        self.done(202)

    async def _push(self, *, replace: bool) -> None:
        labels, content_type = self._group(), self.request.headers.get("Content-Type", "")
        if "protobuf" in content_type:
            raise UnsupportedEncoding("protobuf is not understood here; push text")
        openmetrics = is_openmetrics(content_type)
        parsed = await self.parse(parse_prometheus, self.latest_ms(), openmetrics=openmetrics, labels=labels)
        outcome = await self.accept(parsed)
        kept = {key for part in outcome.series for key in part}
        if replace:
            await self.groups.replace(labels, kept, caller=self.caller)
        else:
            await self.groups.add(labels, kept, caller=self.caller)
        if faults := faults_in(outcome.refused):
            raise Invalid(f"{len(faults)} samples refused; {first_reason(faults, 'sample')}")
        self.done(200)

    def _group(self) -> dict[str, str]:
        return group_labels(self.request.path.removeprefix("/metrics/"))
