from __future__ import annotations

import json

from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

from dashboard.domain.errors import Invalid
from dashboard.ingest.otlp_answers import partial_success, partial_success_protobuf, status_protobuf
from dashboard.ingest.parsed import NotFinite, Parsed


def refused(*faults: tuple[int, Invalid]) -> Parsed:
    parsed = Parsed()
    for index, fault in faults:
        parsed.refuse(index, fault, "cpu")
    return parsed


def decoded(data: bytes) -> object:
    return MessageToDict(ExportMetricsServiceResponse.FromString(data))


def test_what_was_taken_whole_is_answered_with_nothing() -> None:
    for parsed in (Parsed(), refused((0, NotFinite()))):
        assert partial_success(parsed) == {}
        assert partial_success_protobuf(parsed) == b""


def test_refused_points_are_counted_once_each_and_the_first_is_explained() -> None:
    parsed = refused((3, Invalid("is not a number", field="value")), (3, Invalid("x")), (300, Invalid("y")))
    answer = partial_success(parsed)
    assert answer == {
        "partialSuccess": {"rejectedDataPoints": "2", "errorMessage": "point 3: value: is not a number of cpu"}
    }
    assert decoded(partial_success_protobuf(parsed)) == json.loads(json.dumps(answer))


def test_a_long_explanation_is_cut() -> None:
    parsed = refused((0, Invalid("ü" * 2_000)))
    said = decoded(partial_success_protobuf(parsed))
    assert said == partial_success(parsed)
    assert len(said["partialSuccess"]["errorMessage"]) == 500  # type: ignore[index]


def test_an_error_is_a_status_of_rpc() -> None:
    assert status_protobuf(3, "no") == b"\x08\x03\x12\x02no"
    assert status_protobuf(300, "x" * 200) == b"\x08\xac\x02\x12\xc8\x01" + b"x" * 200


def test_points_that_were_refused_unread_are_counted() -> None:
    parsed = refused((0, Invalid("x")))
    parsed.batch.leave_unread(1, 6)
    assert decoded(partial_success_protobuf(parsed))["partialSuccess"]["rejectedDataPoints"] == "7"  # type: ignore[index]
    assert partial_success(parsed)["partialSuccess"]["rejectedDataPoints"] == "7"  # type: ignore[index]
