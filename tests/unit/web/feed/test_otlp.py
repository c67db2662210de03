"""OTLP's answers, in the encoding of the request."""

from __future__ import annotations

import msgspec
import pytest

from dashboard.ingest.batch import Refusal
from dashboard.ingest.otlp_answers import status_protobuf
from dashboard.ingest.otlp_cache import PointCache
from dashboard.ingest.parsed import Parsed
from dashboard.web.feed.format import Fault, FeedRequest
from dashboard.web.feed.otlp import JSON, PROTOBUF, Otlp
from dashboard.web.server.base import UnsupportedEncoding
from tests.unit.web.feed.asked import LATEST_MS, asked, outcome


class Periods:
    """Stand-in for what is shared with other processes: the period of a digest."""

    def period(self, digest: str) -> int:
        return 7


def otlp() -> Otlp:
    return Otlp(PointCache(), Periods())  # type: ignore[arg-type]  # only the period is asked for


def of_type(kind: str, body: bytes = b"") -> FeedRequest:
    return asked(body, headers={"Content-Type": kind})


def gauge() -> bytes:
    point = {"timeUnixNano": str((LATEST_MS - 60_000) * 1_000_000), "asDouble": 1.5}
    metric = {"name": "cpu", "gauge": {"dataPoints": [point]}}
    return msgspec.json.encode({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})


def test_both_encodings_are_read_and_no_other() -> None:
    assert otlp().parse(of_type(JSON, gauge())).batch.times == [LATEST_MS - 60_000]
    assert otlp().parse(of_type(PROTOBUF)).batch.keys == []
    with pytest.raises(UnsupportedEncoding, match="Content-Type"):
        otlp().parse(of_type("text/plain"))


@pytest.mark.parametrize("kind", [JSON, PROTOBUF, "application/protobuf"])
def test_refused_points_are_told_in_a_200_of_the_same_type(kind: str) -> None:
    answer = otlp().answer(of_type(kind), Parsed(), outcome(Refusal(0, "value", "is not a number"), unlisted=1))
    assert (answer.status, answer.content_type) == (200, kind)
    assert b"is not a number" in answer.body
    if kind == JSON:
        assert msgspec.json.decode(answer.body)["partialSuccess"]["rejectedDataPoints"] in (2, "2")


@pytest.mark.parametrize(("status", "number"), [(401, 16), (429, 8), (503, 14), (500, 2)])
def test_a_refused_request_is_told_as_a_status(status: int, number: int) -> None:
    fault = Fault(status, "any", "why", {})
    assert msgspec.json.decode(otlp().refuse(of_type(JSON), fault).body) == {"code": number, "message": "why"}
    assert otlp().refuse(of_type(PROTOBUF), fault).body == status_protobuf(number, "why")


def test_a_repeated_request_with_deltas_has_the_same_key() -> None:
    parsed = Parsed()
    assert otlp().request_key(of_type(JSON, b"a"), parsed) == ""
    parsed.add("cpu", LATEST_MS - 1, 1.0, kind="delta")
    timed = {otlp().request_key(of_type(JSON, body), parsed) for body in (b"a", b"a", b"b")}
    assert len(timed) == 2
    parsed.batch.times[0] = None  # type: ignore[call-overload]  # a point without a time
    assert otlp().request_key(of_type(JSON, b"a"), parsed).endswith(" 7")


def test_protobuf_is_shown_in_words() -> None:
    assert otlp().shown(of_type(PROTOBUF, b"abc")) == f"{PROTOBUF} of 3 bytes"
    assert otlp().shown(of_type(JSON, b"abc")) == ""
