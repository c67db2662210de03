"""OpenTelemetry's metrics by HTTP: ``POST /v1/metrics``, protobuf or JSON, answered in the same.

Source: the OTLP specification, "OTLP/HTTP".  An error is a ``google.rpc.Status``; 429 and 503 with Retry-After are tried again.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dashboard.ingest.otlp import PointCache, parse_otlp_json, parse_otlp_protobuf
from dashboard.ingest.otlp_answers import partial_success, partial_success_protobuf, status_protobuf
from dashboard.web.feed.feeding import FeederHandler
from dashboard.web.server.base import UnsupportedEncoding

PROTOBUF, JSON = "application/x-protobuf", "application/json"
#: google.rpc.Code of our errors; else UNKNOWN.
_CODES = {400: 3, 401: 16, 403: 7, 413: 3, 415: 3, 429: 8, 503: 14}


class OtlpHandler(FeederHandler):
    """Points that were refused are told in a 200, so that the sender does not send them again."""

    format_ = "otlp"
    points: PointCache

    @property
    def sent_type(self) -> str:
        """The Content-Type of the request."""
        return self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    async def post(self) -> None:
        kind = self.sent_type
        if kind not in (PROTOBUF, JSON):
            raise UnsupportedEncoding(f"send {PROTOBUF} or {JSON}", field="Content-Type")
        parse = parse_otlp_protobuf if kind == PROTOBUF else parse_otlp_json
        parsed = await self.parse(parse, self.points, self.latest_ms())
        outcome = await self.accept(parsed)
        parsed.batch.refused = outcome.refused
        self._write(
            partial_success_protobuf(parsed) if kind == PROTOBUF else msgspec.json.encode(partial_success(parsed))
        )

    def say_fault(self, code: str, text: str, extra: dict[str, Any]) -> None:
        number = _CODES.get(self.get_status(), 2)
        if self.sent_type == PROTOBUF:
            self._write(status_protobuf(number, text))
        else:
            self._write(msgspec.json.encode({"code": number, "message": text}))

    def _write(self, body: bytes) -> None:
        self.set_header("Content-Type", PROTOBUF if self.sent_type == PROTOBUF else JSON)
        self.finish(body)
