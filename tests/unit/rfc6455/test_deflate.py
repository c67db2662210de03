"""permessage-deflate: negotiation, the examples of RFC 7692, bounds (Autobahn cases 12 and 13)."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.rfc6455.deflate import Inflater, TooLong, deflate, negotiate
from dashboard.rfc6455.frames import BinaryMessage, Event, PingFrame, TextMessage
from tests.support.client_frames import bytewise, frame, parser, run, squeezed

HELLO = bytes.fromhex("f248cdc9c90700")


def code_of(data: bytes, max_bytes: int = 65_536) -> int | None:
    violation = run(parser(deflating=True, max_bytes=max_bytes), [data])[1]
    return None if violation is None else violation.code


@pytest.mark.parametrize(
    "offer",
    [
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=8",
        'permessage-deflate; client_max_window_bits="15"',
        "permessage-deflate;server_no_context_takeover;client_no_context_takeover",
        "permessage-deflate; server_max_window_bits=15",
        "x-webkit-deflate-frame, permessage-deflate",
        "permessage-deflate; server_max_window_bits=10, permessage-deflate",
        "permessage-deflate; nonsense, permessage-deflate; client_max_window_bits",
    ],
)
def test_these_offers_are_accepted(offer: str) -> None:
    assert negotiate(offer)


@pytest.mark.parametrize(
    "offer",
    [
        "",
        ",",
        "x-webkit-deflate-frame",
        "permessage-bzip2",
        "permessage-deflate; nonsense",
        "permessage-deflate;",
        "permessage-deflate; ; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; client_no_context_takeover=",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; client_max_window_bits=10; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=16",
        "permessage-deflate; client_max_window_bits=08",
        "permessage-deflate; client_max_window_bits=",
        "permessage-deflate; client_max_window_bits=+9",
        "permessage-deflate; client_max_window_bits=1٠",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=10",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=",
        "client_max_window_bits; permessage-deflate",
    ],
)
def test_these_offers_are_declined(offer: str) -> None:
    assert not negotiate(offer)


def test_an_offer_inside_another_ones_quotes_is_none() -> None:
    assert not negotiate('x-other; note="a, permessage-deflate, b"')


# --- the examples of RFC 7692 section 7.2.3 ---


def test_one_compressed_frame() -> None:
    data = frame(1, HELLO, rsv=4)
    assert run(parser(deflating=True), [data]) == ([TextMessage("Hello")], None)
    assert run(parser(deflating=True), bytewise(data)) == ([TextMessage("Hello")], None)


def test_a_fragmented_compressed_message_has_the_bit_on_its_first_frame_only() -> None:
    first, second = frame(1, HELLO[:3], fin=False, rsv=4), frame(0, HELLO[3:])
    assert run(parser(deflating=True), [first + second]) == ([TextMessage("Hello")], None)
    assert code_of(first + frame(0, HELLO[3:], rsv=4)) == 1002


def test_a_message_sent_twice_without_context_takeover() -> None:
    assert run(parser(deflating=True), [frame(1, HELLO, rsv=4) * 2]) == ([TextMessage("Hello")] * 2, None)


def test_a_second_message_that_refers_to_the_first_is_damaged() -> None:
    """The server has agreed on client_no_context_takeover: f2 00 11 00 00 of the RFC's example needs the window of the
    message before."""
    second = frame(1, bytes.fromhex("f200110000"), rsv=4)
    events, violation = run(parser(deflating=True), [frame(1, HELLO, rsv=4) + second])
    assert events == [TextMessage("Hello")]
    assert violation is not None
    assert violation.code == 1007


def test_a_block_without_compression() -> None:
    data = frame(1, bytes.fromhex("000500faff48656c6c6f00"), rsv=4)
    assert run(parser(deflating=True), [data]) == ([TextMessage("Hello")], None)


def test_a_block_with_the_final_bit() -> None:
    data = frame(1, bytes.fromhex("f348cdc9c9070000"), rsv=4)
    assert run(parser(deflating=True), [data, frame(1, HELLO, rsv=4)]) == ([TextMessage("Hello")] * 2, None)


def test_two_blocks_in_one_message() -> None:
    data = frame(1, bytes.fromhex("f248050000 00ffffcac9c90700".replace(" ", "")), rsv=4)
    assert run(parser(deflating=True), [data]) == ([TextMessage("Hello")], None)


@pytest.mark.parametrize("payload", ["00", "", "030000"])  # the last one: an empty final block
def test_an_empty_compressed_message(payload: str) -> None:
    assert run(parser(deflating=True), [frame(1, bytes.fromhex(payload), rsv=4)]) == ([TextMessage("")], None)


def test_data_after_a_final_block_is_inflated_or_refused_but_not_dropped() -> None:
    compressor = zlib.compressobj(wbits=-15)
    final = compressor.compress(b"one") + compressor.flush()
    events, violation = run(parser(deflating=True), [frame(2, final + squeezed(b"two"), rsv=4)])
    assert violation is not None or events == [BinaryMessage(b"onetwo")]


def test_a_compressed_message_that_is_cut_short_is_refused() -> None:
    whole = squeezed(b"The quick brown fox jumps over the lazy dog")
    assert code_of(frame(2, whole[:-12], rsv=4)) == 1007


# --- in the middle of everything else ---


def test_messages_may_be_compressed_or_not_as_the_client_likes() -> None:
    data = frame(1, b"plain") + frame(1, HELLO, rsv=4) + frame(2, b"\x00") + frame(2, squeezed(b"\xff"), rsv=4)
    expected: list[Event] = [TextMessage("plain"), TextMessage("Hello"), BinaryMessage(b"\x00"), BinaryMessage(b"\xff")]
    assert run(parser(deflating=True), [data]) == (expected, None)


def test_control_frames_may_stand_between_fragments_of_a_compressed_message() -> None:
    data = frame(1, HELLO[:1], fin=False, rsv=4) + frame(9, b"p") + frame(0, HELLO[1:], fin=False) + frame(9) + frame(0)
    expected: list[Event] = [PingFrame(b"p"), PingFrame(b""), TextMessage("Hello")]
    for feeds in ([data], bytewise(data)):
        assert run(parser(deflating=True), feeds) == (expected, None)


def test_a_control_frame_is_never_compressed() -> None:
    assert code_of(frame(9, b"", rsv=4)) == 1002
    assert code_of(frame(8, b"", rsv=4)) == 1002
    assert code_of(frame(10, b"", rsv=4)) == 1002


@pytest.mark.parametrize("payload", [b"\xff" * 8, b"\x07", b"\x02\x03\x04\x05\x06"])
def test_damaged_data_is_refused(payload: bytes) -> None:
    assert code_of(frame(2, payload, rsv=4)) == 1007


# --- bounds ---


def test_the_inflated_message_may_have_the_most_bytes_and_not_one_more() -> None:
    fits = frame(2, squeezed(b"x" * 1000), rsv=4)
    assert run(parser(deflating=True, max_bytes=1000), [fits * 2]) == ([BinaryMessage(b"x" * 1000)] * 2, None)
    assert code_of(frame(2, squeezed(b"x" * 1001), rsv=4), 1000) == 1009
    halves = squeezed(b"x" * 1001)
    assert code_of(frame(2, halves[:4], rsv=4, fin=False) + frame(0, halves[4:]), 1000) == 1009


def test_a_zip_bomb_is_refused_without_being_unpacked() -> None:
    bomb = squeezed(bytes(50_000_000))
    assert len(bomb) < 65_536
    inflater = Inflater()
    with pytest.raises(TooLong):
        inflater.inflate(bomb, 65_536, last=True)
    assert code_of(frame(2, bomb, rsv=4)) == 1009
    for cut in (b"".join(frame(0, b, fin=False) for b in bytewise(bomb[10:60])),):
        assert code_of(frame(2, bomb[:10], rsv=4, fin=False) + cut, 10_000) == 1009


def test_incompressible_data_is_bounded_by_its_own_length() -> None:
    stored = b"\x00\x0a\x00\xf5\xff" + b"x" * 10 + b"\x00"
    assert code_of(frame(2, stored, rsv=4), 16) is None
    assert code_of(frame(2, stored, rsv=4), 15) == 1009


@settings(max_examples=80)
@given(st.lists(st.binary(max_size=300) | st.binary(max_size=5).map(lambda b: b * 200), min_size=1, max_size=4))
def test_what_we_compress_inflates_to_the_same(messages: list[bytes]) -> None:
    inflater = Inflater()
    for message in messages:
        assert inflater.inflate(deflate(message), 65_536, last=True) == message
        theirs = zlib.decompressobj(-15)
        assert theirs.decompress(deflate(message) + b"\x00\x00\xff\xff") == message
