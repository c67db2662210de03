"""Remote write: which version a request is of, and what its sender is told."""

from __future__ import annotations

import pytest

from dashboard.ingest.batch import Refusal
from dashboard.ingest.families import Families
from dashboard.ingest.parsed import NOT_FINITE, Parsed
from dashboard.ingest.remote_write import LabelCache
from dashboard.web.feed.format import Fault
from dashboard.web.feed.prometheus import RemoteWrite
from dashboard.web.server.base import UnsupportedEncoding
from tests.support.write_request import encode, snappy
from tests.unit.web.feed.asked import LATEST_MS, asked, outcome

FIRST = {"Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0"}
SECOND = {"Content-Type": "application/x-protobuf;proto=io.prometheus.write.v2.Request"}
BAD = Refusal(4, "labels", "is too long")
NAN = Refusal(0, "value", "NaN", code=NOT_FINITE)


def remote_write() -> RemoteWrite:
    return RemoteWrite(LabelCache(), Families(), 1 << 20)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/x-protobuf;proto=some.Other"},
        {"X-Prometheus-Remote-Write-Version": "3.0.0"},
    ],
)
def test_another_version_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(UnsupportedEncoding, match="is not understood"):
        remote_write().parse(asked(b"", headers=headers))


@pytest.mark.parametrize("named", [True, False], ids=["named encoding", "no header"])
def test_samples_are_read_with_and_without_the_header_of_their_encoding(named: bool) -> None:
    body = snappy(encode([({"__name__": "cpu"}, [(1.5, LATEST_MS - 60_000)])]))
    headers = FIRST | ({"Content-Encoding": "snappy"} if named else {})
    parsed = remote_write().parse(asked(body, headers=headers))
    assert (parsed.batch.keys, parsed.batch.times) == (["cpu"], [LATEST_MS - 60_000])


def test_faults_are_told_and_missing_numbers_are_not() -> None:
    assert remote_write().answer(asked(headers=FIRST), Parsed(), outcome(NAN)).status == 204
    answer = remote_write().answer(asked(headers=FIRST), Parsed(), outcome(NAN, BAD, unlisted=2))
    assert answer.status == 400
    assert b"3 samples refused; series 4: labels: is too long" in answer.body


def test_version_2_wants_the_numbers_of_what_was_written_also_in_a_refusal() -> None:
    fault = Fault(503, "unavailable", "later", {})
    written = dict(remote_write().refuse(asked(headers=SECOND), fault).headers)
    assert written["X-Prometheus-Remote-Write-Samples-Written"] == "0"
    assert remote_write().refuse(asked(headers=FIRST), fault).headers == ()
    empty = remote_write().parse(asked(snappy(b""), headers=SECOND))
    headers = remote_write().answer(asked(headers=SECOND), empty, outcome()).headers
    assert [name.split("-")[-2] for name, _ in headers] == ["Samples", "Histograms", "Exemplars"]


def test_the_body_is_shown_in_words() -> None:
    assert remote_write().shown(asked(b"abc")) == "remote write of 3 bytes"
