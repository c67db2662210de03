"""The Pushgateway's ``/metrics/job/JOB{/LABEL/VALUE}``: pushes and deletions of groups.

Source: the README and ``handler/push.go`` of the Pushgateway.
"""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.domain.errors import Invalid
from dashboard.ingest.naming import foreign_key
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.prometheus_protobuf import parse_prometheus_protobuf
from dashboard.ingest.prometheus_text import group_labels, is_openmetrics, parse_prometheus
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.feed.format import TEXT, Answer, FeedRequest, Format, faults_in, first_fault

#: Series with the times of each group's last accepted push and last refused push, in seconds since 1970.
PUSHED, FAILED = "push_time_seconds", "push_failure_time_seconds"


class Pushgateway(Format):
    """Text in Prometheus' formats or delimited protobuf, for the group of labels in the path."""

    name = "pushgateway"
    parsed_at_once_bytes = 32_768  # this text takes longest to parse

    def parse(self, request: FeedRequest) -> Parsed:
        content_type, labels = request.headers.get("Content-Type", ""), group_in(request.address)
        if "protobuf" in content_type:
            return parse_prometheus_protobuf(request.body, request.latest_ms, labels=labels)
        openmetrics = is_openmetrics(content_type)
        return parse_prometheus(request.body, request.latest_ms, openmetrics=openmetrics, labels=labels)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        if faults := faults_in(outcome.refused):
            raise Invalid(f"{len(faults) + outcome.unlisted} samples refused; {first_fault(faults, 'sample')}")
        return Answer(200, content_type=TEXT)

    def shown(self, request: FeedRequest) -> str:
        """Describe a protobuf body in words, because its bytes are not readable."""
        return f"metrics in protobuf, {len(request.body)} bytes" if "protobuf" in request.content_type else ""


class PushgatewayHandler(FeederHandler[FeedServices]):
    """``/metrics/job/JOB{/LABEL/VALUE}``: PUT and POST feed the group; PUT and DELETE end the series that are no longer in the group."""

    _replaces = False

    def get(self, _: str) -> None:
        self.send(self.format.greet(self.feed_request(b"")))

    async def put(self, _: str) -> None:
        self._replaces = True
        await self.feed()

    async def post(self, _: str) -> None:
        await self.feed()

    async def delete(self, _: str) -> None:
        await self.authenticate()
        await self.services.intake.groups.replace(group_in(self.request.path), (), caller=self.caller)
        self.send(Answer(202, content_type=TEXT))

    async def answered(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        """Note the group's series and return the answer."""
        groups, labels = self.services.intake.groups, group_in(request.address)
        kept = {key for part in outcome.series for key in part}
        kept |= await self._note_push(labels, failed=bool(faults_in(outcome.refused)), now_ms=request.now_ms)
        change = groups.replace if self._replaces else groups.add
        await change(labels, kept, caller=self.caller)
        return await super().answered(request, parsed, outcome)

    async def _note_push(self, labels: Mapping[str, str], *, failed: bool, now_ms: int) -> set[str]:
        """Store the time of this push in the series ``PUSHED`` or ``FAILED`` of the group; return which of the two the group has now.

        If the token has no right to write or create them, the push is accepted without them.
        """
        intake = self.services.intake
        pushed, failure = (foreign_key(name, labels.items()) for name in (PUSHED, FAILED))
        known, parsed = set(intake.groups.of(labels)), Parsed()
        parsed.add(failure if failed else pushed, now_ms, now_ms / 1000, kind="gauge")
        if not failed and failure not in known:
            parsed.add(failure, now_ms, 0, kind="gauge")
        outcome = await intake.samples.accept(parsed.batch, caller=self.caller)
        return (known & {pushed, failure}).union(*outcome.series)


def group_in(address: str) -> dict[str, str]:
    """Return the labels of the group from a path that is still percent-encoded, because a value may contain a slash."""
    return group_labels(address.removeprefix("/metrics/"))
