"""Long JSON that is decoded in steps gives the same result, and the same errors, as in one call."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from dashboard.domain.errors import Invalid
from dashboard.ingest.json_steps import decode_in_steps, found_in, read_in_steps

LONG = [{"name": f"m{n}", "values": [n, n / 2, None, True, "ü" * 20], "deep": {"a": [{"b": n}]}} for n in range(10_000)]


@pytest.mark.parametrize("value", [LONG, {"a": {"b": LONG}, "c": 1}, {"text": "x" * 1_000_000}, [[LONG]], 1, "x", {}])
def test_the_result_is_that_of_one_call(value: object) -> None:
    for text in (json.dumps(value).encode(), b"  " + json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"):
        assert decode_in_steps(text) == value == msgspec.json.decode(text)


def test_of_a_name_that_stands_twice_the_last_counts() -> None:
    text = b'{"a":1,"b":%b,"a":2}' % json.dumps(LONG).encode()
    assert decode_in_steps(text) == {"a": 2, "b": LONG}


@pytest.mark.parametrize("cut", [1, 400_000])
def test_what_is_no_json_is_refused(cut: int) -> None:
    with pytest.raises(msgspec.MsgspecError):
        decode_in_steps(json.dumps(LONG).encode()[:-cut])
    with pytest.raises(msgspec.MsgspecError):
        decode_in_steps(json.dumps(LONG).encode().replace(b'"name"', b'name"', 1))


def test_long_and_deep_is_refused() -> None:
    with pytest.raises(Invalid, match="deep"):
        decode_in_steps(b"[" * 30 + json.dumps(LONG).encode() + b"]" * 30)
    with pytest.raises(RecursionError):
        decode_in_steps(b"[" * 1_000_000)


@pytest.mark.parametrize("at", [0, 1_047_550, 1_048_570, 2_000_000])
def test_a_pattern_is_found_across_the_windows(at: int) -> None:
    text = b"x" * at + b'"some_name" :' + b"y" * 100
    assert found_in(re.compile(rb'"[a-z]+_[a-z_]+"\s*:'), text)
    assert not found_in(re.compile(rb"z"), text)


def test_numbers_that_json_does_not_have_are_strings_as_in_protobufs_json() -> None:
    assert read_in_steps(b'\xef\xbb\xbf{"asDouble":NaN,"x":[-Infinity,nan]}') == {
        "asDouble": "NaN",
        "x": ["-Infinity", "NaN"],
    }


@pytest.mark.parametrize(
    "body", [b'{"a":nan', b'{"a":nan}\xe9', b'{"a":x}', b"[" * 100_000, b'{"a":nan' + b" " * 1_100_000 + b"}"]
)
def test_what_is_still_no_json_is_invalid(body: bytes) -> None:
    with pytest.raises(Invalid):
        read_in_steps(body)
