"""What all formats share: how a request is read, a long body divided, a refusal worded."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from tornado.httputil import HTTPHeaders

from dashboard.ingest.batch import MAX_REFUSALS, Refusal
from dashboard.ingest.parsed import NOT_FINITE, Parsed
from dashboard.ingest.slices import Slice, line_slices
from dashboard.web.feed.format import (
    Fault,
    FeedRequest,
    Format,
    encoding_in,
    faults_in,
    first_fault,
    first_reason,
    json_answer,
    parts_of,
    text_answer,
    told,
)
from tests.unit.web.feed.asked import asked

BAD = Refusal(3, "value", "is not a number", snippet="a b")


class Lines(Format):
    """A format with one refused line in each slice."""

    name = "lines"

    def slices(self, body: bytes) -> Iterator[Slice]:
        return line_slices(body)

    def parse(self, request: FeedRequest) -> Parsed:
        parsed = Parsed()
        parsed.batch.refused += [Refusal(index, "", "no") for index in range(len(request.body.splitlines()))]
        return parsed


@pytest.mark.parametrize(
    ("encoding", "left"), [("", ""), ("identity", ""), ("GZIP", ""), ("x-gzip", ""), (" Snappy ", "snappy")]
)
def test_the_encoding_that_is_left_after_gzip(encoding: str, left: str) -> None:
    headers = {"Content-Encoding": encoding, "Content-Type": "Text/Plain; charset=x"}
    assert asked(headers=headers).encoding == left
    assert asked(headers=headers).content_type == "text/plain"
    assert encoding_in(HTTPHeaders(headers)) == encoding.strip().lower()


def test_answers_say_their_type() -> None:
    assert json_answer({"a": 1}, 202) == (202, b'{"a":1}', "application/json; charset=utf-8", ())
    assert text_answer("ok") == (200, b"ok", "text/plain; charset=utf-8", ())


def test_a_refused_request_is_told_with_its_code_and_what_belongs_to_it() -> None:
    answer = Format().refuse(asked(), Fault(429, "rate", "too fast", {"retry_after_s": 2}))
    assert answer.status == 429
    assert msgspec.json.decode(answer.body) == {"code": "rate", "error": "too fast", "retry_after_s": 2}
    assert b"lines, see docs/protocol.md" in Lines().greet(asked()).body


def test_after_too_many_refusals_the_rest_is_refused_unread() -> None:
    body = (b"x" * 63 + b"\n") * 40_000
    parts = list(Lines().parts(asked(body)))
    assert len(parts) > 2
    read = sum(len(part.parsed.batch.refused) for part in parts)
    unread = sum(part.parsed.batch.unread for part in parts)
    assert MAX_REFUSALS <= read < 40_000
    assert read + unread == 40_000
    assert [part.first for part in parts] == sorted({part.first for part in parts})
    assert parts[1].name == f"/slice {parts[1].first}"


def test_the_parts_of_a_body_are_named_by_their_rows() -> None:
    first, second = Parsed(), Parsed()
    for key, parsed in (("a", first), ("b", first), ("c", second)):
        parsed.add(key, 1, 1.0)
    assert [part.name for part in parts_of(first, 5, "/slice 5")] == ["/slice 5"]
    first.rest = iter([second])
    found = list(parts_of(first, 5, "/slice 5"))
    assert [(part.first, part.name) for part in found] == [(5, "/slice 5/rows 0-2"), (5, "/slice 5/rows 2-3")]
    assert found[1].parsed is second


def test_refusals_are_worded_with_place_and_text() -> None:
    assert first_reason([BAD]) == "value: is not a number"
    assert first_reason([BAD], "sample") == "sample 3: value: is not a number"
    assert first_fault([BAD], "sample") == "sample 3: value: is not a number (a b)"
    assert first_fault([Refusal(0, "", "no")], "line") == "line 0: no"
    assert faults_in([Refusal(0, "value", "NaN", code=NOT_FINITE), BAD]) == [BAD]
    assert told([BAD] * 2_000)[0] == {"index": 3, "field": "value", "reason": "is not a number", "code": "invalid"}
    assert len(told([BAD] * 2_000)) == 1_000
    assert Format().moved(BAD, 10).index == 13


def test_formats_do_without_keys_and_texts_of_their_own() -> None:
    assert Format().request_key(asked(), Parsed()) == Format().shown(asked()) == ""
    assert list(Format().slices(b"ab")) == [Slice(0, b"ab")]
