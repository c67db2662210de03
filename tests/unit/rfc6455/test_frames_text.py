"""Text is UTF-8, checked as it arrives (RFC 6455 sections 5.6, 8.1; Autobahn cases 6)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.rfc6455.frames import BinaryMessage, Event, TextMessage
from tests.support.client_frames import bytewise, frame, parser, run, squeezed

VALID = [
    "κόσμε",
    "\x00",
    "\x7f\x80\u07ff\u0800\uffff\U00010000\U0010ffff",
    "\ufeffbom",
    "\ufffe\ufdd0",
    "\ud7ff\ue000",
    "😀",
]
#: (bytes, index of the first byte that makes it wrong whatever follows)
BROKEN = [
    (b"\x80", 0), (b"a\xbf", 1), (b"\xc0\xaf", 0), (b"\xc1\xbf", 0), (b"\xfe", 0), (b"\xff", 0), (b"\xf5\x80", 0),
    (b"\xc3\x28", 1), (b"\xe0\x80\xaf", 1), (b"\xe0\x9f\xbf", 1), (b"\xe2\x28\xa1", 1), (b"\xe2\x82\x28", 2),
    (b"\xf0\x80\x80\xaf", 1), (b"\xf0\x8f\xbf\xbf", 1), (b"\xf0\x90\x28\xbc", 2), (b"\xf0\x90\x8c\x28", 3),
    (b"\xf4\x90\x80\x80", 1), (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80edited", 12),
]  # fmt: skip
SURROGATES = [(b"\xed\xa0\x80", 1), (b"\xed\xbf\xbf", 1), (b"ab\xed\xad\xbf", 3)]


def fails_at(payload: bytes) -> int | None:
    """Return the index of the payload byte at which a long text message fails, fed byte by byte; None if it does not."""
    into = parser()
    more = payload + b"x" * 200  # so that the message has not ended by then
    data = frame(1, more)
    head = len(data) - len(more)
    assert run(into, [data[:head]]) == ([], None)
    for index in range(len(payload)):
        events, violation = run(into, [data[head + index : head + index + 1]])
        assert events == []
        if violation is not None:
            assert violation.code == 1007
            return index
    return None


@pytest.mark.parametrize("text", VALID)
def test_valid_text_passes_in_one_frame_or_a_frame_for_each_byte(text: str) -> None:
    data = text.encode()
    assert run(parser(), [frame(1, data)]) == ([TextMessage(text)], None)
    fragments = frame(1, b"", fin=False) + b"".join(frame(0, b, fin=False) for b in bytewise(data)) + frame(0)
    assert run(parser(), bytewise(fragments)) == ([TextMessage(text)], None)


@pytest.mark.parametrize(("payload", "index"), BROKEN)
def test_broken_text_fails_at_the_offending_byte(payload: bytes, index: int) -> None:
    assert fails_at(payload) == index


@pytest.mark.parametrize(("payload", "index"), SURROGATES)
def test_a_surrogate_fails_at_the_offending_byte(payload: bytes, index: int) -> None:
    assert fails_at(payload) == index


@pytest.mark.parametrize("payload", [p for p, _ in BROKEN + SURROGATES])
def test_broken_text_fails_in_whatever_frames(payload: bytes) -> None:
    split = b"".join(frame(0, b, fin=False) for b in bytewise(payload))
    for data in (frame(1, payload), frame(1, fin=False) + split + frame(0)):
        events, violation = run(parser(), [data])
        assert events == []
        assert violation is not None
        assert violation.code == 1007


@pytest.mark.parametrize("payload", [b"\xc3", b"\xe2\x82", b"\xf0\x90\x8c", b"ok\xf4\x8f", b"\xed"])
def test_text_that_ends_inside_a_character_fails(payload: bytes) -> None:
    for data in (frame(1, payload), frame(1, payload, fin=False) + frame(0)):
        violation = run(parser(), [data])[1]
        assert violation is not None
        assert violation.code == 1007


def test_binary_messages_may_hold_anything_and_leave_no_state_for_the_next_text() -> None:
    events: list[Event] = [BinaryMessage(b"\xff\xc3"), TextMessage("é"), TextMessage("x")]
    assert run(parser(), [frame(2, b"\xff\xc3") + frame(1, "é".encode()) + frame(1, b"x")]) == (events, None)


@pytest.mark.parametrize("payload", [b"\xff", b"ok \xed\xa0\x80", b"\xc3"])
def test_compressed_text_is_checked_too(payload: bytes) -> None:
    events, violation = run(parser(deflating=True), [frame(1, squeezed(payload), rsv=4)])
    assert events == []
    assert violation is not None
    assert violation.code == 1007


@settings(max_examples=200)
@given(st.binary(max_size=12) | st.text(max_size=8).map(str.encode), st.integers(0, 12))
def test_text_is_accepted_exactly_if_it_is_utf8(payload: bytes, cut: int) -> None:
    events, violation = run(parser(), [frame(1, payload[:cut], fin=False) + frame(0, payload[cut:])])
    try:
        assert events == [TextMessage(payload.decode())]
    except UnicodeDecodeError:
        assert violation is not None
        assert violation.code == 1007
