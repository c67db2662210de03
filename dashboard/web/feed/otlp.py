"""OpenTelemetry's metrics by HTTP: ``POST /v1/metrics``, protobuf or JSON, answered in the same.

Source: the OTLP specification, "OTLP/HTTP".  An error is a ``google.rpc.Status``; 429 and 503 with Retry-After are tried again.
"""

from __future__ import annotations

import msgspec

from dashboard.ingest.otlp import (
    PointCache,
    parse_otlp_json,
    parse_otlp_protobuf,
    partial_success,
    partial_success_protobuf,
    status_protobuf,
)
from dashboard.ingest.parsed import Parsed
from dashboard.intake.accept_samples import Outcome
from dashboard.web.feed.format import Answer, Fault, FeedRequest, Format
from dashboard.web.server.base import UnsupportedEncoding

PROTOBUF, JSON = "application/x-protobuf", "application/json"
#: google.rpc.Code of our errors; else UNKNOWN.
_CODES = {400: 3, 401: 16, 403: 7, 413: 3, 415: 3, 429: 8, 503: 14}


class Otlp(Format):
    """OTLP metrics. Refused points are told in a 200, so that the sender does not send them again."""

    name = "otlp"

    def __init__(self, points: PointCache) -> None:
        self._points = points

    def parse(self, request: FeedRequest) -> Parsed:
        kind = request.content_type
        if kind not in (PROTOBUF, JSON):
            raise UnsupportedEncoding(f"send {PROTOBUF} or {JSON}", field="Content-Type")
        parse = parse_otlp_protobuf if kind == PROTOBUF else parse_otlp_json
        return parse(request.body, self._points, request.latest_ms)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        parsed.batch.refused = outcome.refused
        if request.content_type == PROTOBUF:
            return Answer(200, partial_success_protobuf(parsed), PROTOBUF)
        return Answer(200, msgspec.json.encode(partial_success(parsed)), JSON)

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        number = _CODES.get(fault.status, 2)
        if request.content_type == PROTOBUF:
            return Answer(fault.status, status_protobuf(number, fault.text), PROTOBUF)
        return Answer(fault.status, msgspec.json.encode({"code": number, "message": fault.text}), JSON)
