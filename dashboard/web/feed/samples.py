"""This server's own formats of samples: ``/api/v1/samples``, ``/api/v1/samples/NAME``."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from dashboard.domain.errors import Invalid
from dashboard.ingest.batch import KeyCache
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.samples_json import parse_named, parse_samples, read_number
from dashboard.ingest.slices import Slice, array_slices
from dashboard.intake.outcome import Outcome
from dashboard.web.feed.format import Answer, FeedRequest, Format, first_reason, json_answer, told

_ASKED = ("value", "t", "unit", "every_s")


class SamplesJson(Format):
    """JSON array, object, or NDJSON lines; the answer lists each refused sample."""

    name = "json"

    def __init__(self, keys: KeyCache) -> None:
        self._keys = keys

    def greet(self, request: FeedRequest) -> Answer:
        return json_answer({"post": "a JSON array, an object, or NDJSON lines of samples; see docs/protocol.md"})

    def slices(self, body: bytes) -> Iterator[Slice]:
        return array_slices(body)

    def parse(self, request: FeedRequest) -> Parsed:
        return Parsed(parse_samples(request.body, self._keys, request.latest_ms))

    def answer(self, request: FeedRequest, parsed: Parsed, outcome: Outcome) -> Answer:
        """Answer 202, or 400 with each refused sample; the good samples are stored."""
        if not outcome.refused:
            return json_answer({"accepted": outcome.accepted}, 202)
        total = outcome.accepted + outcome.refused_count
        return json_answer(
            {
                "code": "invalid",
                "error": f"{outcome.refused_count} of {total} samples refused; {first_reason(outcome.refused, 'sample')}",
                "accepted": outcome.accepted,
                "refused": told(outcome.refused),
            },
            400,
        )


class NamedSample(SamplesJson):
    """Format of a bare number for a named series, as the body or as ``?value=``."""

    def slices(self, body: bytes) -> Iterator[Slice]:
        yield Slice(0, body)

    def greet(self, request: FeedRequest) -> Answer:
        return json_answer({"post": f"a number, for the series {request.path[0][:200]}"})

    def parse(self, request: FeedRequest) -> Parsed:
        body = request.body
        asked = {name: request.query[name] for name in _ASKED if request.query.get(name)}
        if "value" in asked and not body.strip():
            body = asked["value"].encode()
        if asked.keys() - {"value"} and not body.lstrip().startswith(b"{"):
            body = _object(body, asked)
        return Parsed(parse_named(request.path[0], body, self._keys, request.latest_ms))


def _object(value: bytes, asked: dict[str, str]) -> bytes:
    """Return a bare number and the query's arguments as a sample object in JSON."""
    numbers = {name: read_query_number(name, asked[name]) for name in ("t", "every_s") if name in asked}
    units = {"unit": asked["unit"]} if "unit" in asked else {}
    return msgspec.json.encode({"value": read_number(value.strip()), **numbers, **units})


def read_query_number(name: str, text: str) -> float:
    """Return a number from the query; raises Invalid."""
    try:
        return msgspec.json.decode(text, type=float)
    except msgspec.MsgspecError:
        raise Invalid(f"{text[:40]!a} is not a number", field=name) from None
