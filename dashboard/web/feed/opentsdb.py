"""OpenTSDB's ``POST /api/put``.

Source: opentsdb.net/docs, "HTTP API, /api/put".
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dashboard.ingest.opentsdb import parse_opentsdb
from dashboard.ingest.origins import Origins
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.slices import Slice, array_slices
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import Answer, Fault, FeedRequest, Format, json_answer

_MAX_TOLD = 1_000


class OpenTsdbPut(Format):
    """Data points in OpenTSDB's format; with ``?summary`` or ``?details`` the answer has the numbers of stored and refused points."""

    name = "opentsdb"

    def __init__(self, origins: Origins) -> None:
        self._origins = origins

    def slices(self, body: bytes) -> Iterator[Slice]:
        return array_slices(body)

    def parse(self, request: FeedRequest) -> Parsed:
        return parse_opentsdb(request.body, request.latest_ms, origins=self._origins)

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        failed = outcome.refused_count
        counts = {"success": outcome.accepted, "failed": failed}
        if "details" in request.query:
            errors = [
                {"datapoint": _point(refusal.snippet), "error": f"{refusal.field}: {refusal.reason}"}
                for refusal in outcome.refused[:_MAX_TOLD]
            ]
            return json_answer({**counts, "errors": errors}, 400 if failed else 200)
        if "summary" in request.query:
            return json_answer(counts, 400 if failed else 200)
        if not failed:
            return Answer(204)
        first = outcome.refused[0]
        return _error(400, f"{failed} data points had errors; the first, {first.index}: {first.field}: {first.reason}")

    def refuse(self, request: FeedRequest, fault: Fault) -> Answer:
        return _error(fault.status, fault.text)


def _point(shown: str) -> msgspec.Raw | str:
    """Return a refused data point as an object, as OpenTSDB does; as text if its text was cut off."""
    try:
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(shown)))
    except msgspec.DecodeError:
        return shown


def _error(status: int, text: str) -> Answer:
    return json_answer({"error": {"code": status, "message": text}}, status)
