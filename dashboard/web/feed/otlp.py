"""OpenTelemetry by HTTP: ``POST /v1/metrics``, in protobuf or JSON, with an answer in the same encoding; ``/v1/traces``
and ``/v1/logs`` are refused.

Source: the OTLP specification, "OTLP/HTTP". An error is a ``google.rpc.Status``; senders retry after 429 and 503 with
Retry-After.
"""

from __future__ import annotations

import hashlib

import msgspec

from dashboard.cluster.shared_requests import SharedRequests
from dashboard.ingest.otlp import parse_otlp_json, parse_otlp_protobuf
from dashboard.ingest.otlp_answers import partial_success, partial_success_protobuf, status_protobuf
from dashboard.ingest.otlp_cache import PointCache
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.shown_bodies import described, otlp_names
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.feeding import FeederHandler, FeedServices
from dashboard.web.feed.format import Answer, Fault, FeedRequest, Format
from dashboard.web.server.base import UnsupportedEncoding

PROTOBUF, JSON = "application/x-protobuf", "application/json"
#: Both names of protobuf are in use; the answer has the type of the request.
_PROTOBUFS = (PROTOBUF, "application/protobuf")
#: The google.rpc.Code of each error code; else UNKNOWN.
_CODES = {400: 3, 401: 16, 403: 7, 404: 12, 413: 3, 415: 3, 429: 8, 503: 14}
_ONLY_METRICS = (
    "this server takes metrics only, at /v1/metrics; switch the exporter of {0} off: OTEL_{1}_EXPORTER=none in a program, "
    "no pipeline of {0} with this exporter in a collector"
)


class Otlp(Format):
    """OTLP metrics. If points were refused, the response is 200 with their number and reason: the sender does not send them again."""

    name = "otlp"

    def __init__(self, points: PointCache, requests: SharedRequests) -> None:
        self._points = points
        self._requests = requests

    def parse(self, request: FeedRequest) -> Parsed:
        kind = request.content_type
        if kind not in (*_PROTOBUFS, JSON):
            raise UnsupportedEncoding(f"send {PROTOBUF} or {JSON}", field="Content-Type")
        parse = parse_otlp_json if kind == JSON else parse_otlp_protobuf
        return parse(request.body, self._points, request.latest_ms)

    def request_key(self, request: FeedRequest, parsed: Parsed) -> str:
        """Return a key for a request with deltas, equal for the same body; return "" for any other request.

        Deltas without a time may be sent again for a new increase, so the key is then equal for ``SAME_REQUEST_MS`` only.
        """
        if "delta" not in parsed.batch.kinds.values():
            return ""
        digest = hashlib.blake2b(request.body, digest_size=16).hexdigest()
        return f"otlp {digest} {self._requests.period(digest)}" if None in parsed.batch.times else f"otlp {digest}"

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        parsed.batch.refused, parsed.batch.unread = outcome.refused, outcome.unlisted
        if request.content_type in _PROTOBUFS:
            return Answer(200, partial_success_protobuf(parsed), request.content_type)
        return Answer(200, msgspec.json.encode(partial_success(parsed)), JSON)

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        number = _CODES.get(fault.status, 2)
        if request.content_type in _PROTOBUFS:
            return Answer(fault.status, status_protobuf(number, fault.text), request.content_type)
        return Answer(fault.status, msgspec.json.encode({"code": number, "message": fault.text}), JSON)

    def shown(self, request: FeedRequest) -> str:
        """Describe a protobuf body by its first metrics' names, because its bytes are not readable."""
        if request.content_type not in _PROTOBUFS:
            return ""
        return described(f"{request.content_type} of {len(request.body)} bytes", otlp_names(request.body))


class OtherSignalHandler(FeederHandler[FeedServices]):
    """``/v1/traces`` and ``/v1/logs``, which exporters use by default: answer that only metrics are accepted."""

    def get(self) -> None:
        self.send(self.format.greet(self.feed_request(b"")))

    async def post(self) -> None:
        await self.authenticate()
        signal = self.request.path.rpartition("/")[2]
        fault = Fault(404, "unsupported", _ONLY_METRICS.format(signal, signal.upper()), {})
        request = self.feed_request(self.body())
        self.services.intake.note_fault(self.caller, "otlp", fault.code, fault.text, b"")
        self.send(self.format.refuse(request, fault))
