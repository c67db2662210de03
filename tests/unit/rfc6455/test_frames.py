"""RFC 6455 by the letter, in the order of the Autobahn cases: 1 framing, 2 pings, 3 reserved bits, 4 opcodes,
5 fragments, 7 closing, 9/10 limits. Text and compression have files of their own."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.rfc6455.close_codes import CloseCode
from dashboard.rfc6455.frames import (
    BinaryMessage,
    Close,
    Event,
    PingFrame,
    PongFrame,
    TextMessage,
    encode_close,
    encode_frame,
    unmask,
)
from tests.support.client_frames import MASK, Outcome, bytewise, close, frame, parser, run, squeezed, text, xor


def both_ways(data: bytes) -> Outcome:
    """Feed the bytes in one piece and byte by byte; the results must be equal."""
    events, violation = run(parser(), [data])
    again, violation_again = run(parser(), bytewise(data))
    assert again == events
    assert str(violation) == str(violation_again)
    return events, violation


def events_of(data: bytes) -> list[Event]:
    events, violation = both_ways(data)
    assert violation is None
    return events


def code_of(data: bytes) -> int:
    events, violation = both_ways(data)
    assert events == []
    assert violation is not None
    return violation.code


# --- 1: framing ---


@pytest.mark.parametrize("length", [0, 1, 124, 125, 126, 127, 128, 65_535, 65_536])
def test_text_and_binary_of_every_length_form(length: int) -> None:
    assert run(parser(), [frame(1, b"*" * length)]) == ([TextMessage("*" * length)], None)
    assert run(parser(), [frame(2, b"\xfe" * length)]) == ([BinaryMessage(b"\xfe" * length)], None)
    cuts = [frame(2, b"\xfe" * length)[i : i + 997] for i in range(0, length + 14, 997)]
    assert run(parser(), cuts) == ([BinaryMessage(b"\xfe" * length)], None)


def test_the_example_of_the_rfc() -> None:
    assert events_of(bytes.fromhex("818537fa213d7f9f4d5158")) == [TextMessage("Hello")]
    assert encode_frame(1, b"Hello") == bytes.fromhex("810548656c6c6f")


@given(st.binary(max_size=70), st.binary(min_size=4, max_size=4))
@settings(max_examples=60)
def test_unmasking_is_xor_with_the_repeated_mask(data: bytes, mask: bytes) -> None:
    assert unmask(data, mask) == xor(data, mask)
    assert unmask(unmask(data, mask), mask) == data


def test_an_unmasked_frame_is_refused_at_its_second_byte() -> None:
    for opcode in (1, 2, 8, 9, 10):
        assert code_of(frame(opcode, b"", masked=False)) == 1002
        assert run(parser(), [bytes([0x80 | opcode]), b"\x00"])[1] is not None


@pytest.mark.parametrize(("length", "form"), [(0, 2), (125, 2), (0, 8), (126, 8), (65_535, 8)])
def test_a_length_not_in_its_shortest_form_is_refused(length: int, form: int) -> None:
    assert code_of(frame(2, b"x" * length, form=form)) == 1002


def test_a_length_with_its_highest_bit_is_refused() -> None:
    assert code_of(bytes([0x82, 0xFF]) + struct.pack("!Q", 1 << 63) + MASK) == 1002
    assert code_of(bytes([0x82, 0xFF]) + b"\xff" * 8 + MASK) == 1002


@pytest.mark.parametrize("head", ["82fe0005", "82ff0000000000000005", "82ff8000000000000000"])
def test_a_bad_length_is_refused_as_soon_as_it_is_there(head: str) -> None:
    assert run(parser(), [bytes.fromhex(head)])[1] is not None


# --- 2: pings and pongs ---


@pytest.mark.parametrize("payload", [b"", b"Hello", b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff", b"\xfe" * 125])
def test_pings_and_pongs_carry_up_to_125_bytes_of_anything(payload: bytes) -> None:
    assert events_of(frame(9, payload) + frame(10, payload)) == [PingFrame(payload), PongFrame(payload)]


@pytest.mark.parametrize("opcode", [8, 9, 10])
def test_a_control_frame_of_126_bytes_is_refused_at_its_second_byte(opcode: int) -> None:
    assert code_of(frame(opcode, b"\xfe" * 126)) == 1002
    for short in (126, 127):
        violation = run(parser(), [bytes([0x80 | opcode, 0x80 | short])])[1]
        assert violation is not None
        assert violation.code == 1002


@pytest.mark.parametrize("opcode", [8, 9, 10])
def test_a_fragmented_control_frame_is_refused_at_its_first_byte(opcode: int) -> None:
    assert code_of(frame(opcode, b"", fin=False)) == 1002
    assert run(parser(), [bytes([opcode])])[1] is not None


# --- 3, 4: reserved bits and opcodes ---


@pytest.mark.parametrize("rsv", range(1, 8))
@pytest.mark.parametrize("opcode", [0, 1, 2, 8, 9, 10])
def test_reserved_bits_are_refused_at_the_first_byte(rsv: int, opcode: int) -> None:
    assert code_of(frame(opcode, b"", rsv=rsv)) == 1002
    assert run(parser(), [bytes([0x80 | rsv << 4 | opcode])])[1] is not None


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
@pytest.mark.parametrize("inside", [False, True])
def test_reserved_opcodes_are_refused_at_the_first_byte(opcode: int, inside: bool) -> None:
    before = text("begun", fin=False) if inside else b""
    assert code_of(before + frame(opcode, b"x")) == 1002
    assert run(parser(), [before + bytes([0x80 | opcode])])[1] is not None


def test_events_before_a_violation_are_given() -> None:
    events, violation = both_ways(text("one") + frame(9, b"p") + frame(3) + text("two"))
    assert events == [TextMessage("one"), PingFrame(b"p")]
    assert violation is not None
    assert violation.code == CloseCode.PROTOCOL_ERROR


# --- 5: fragments ---


def test_fragments_make_one_message() -> None:
    assert events_of(text("a", fin=False) + frame(0, b"b", fin=False) + frame(0, b"c")) == [TextMessage("abc")]
    assert events_of(frame(2, b"a", fin=False) + frame(0)) == [BinaryMessage(b"a")]
    assert events_of(text("", fin=False) + frame(0, fin=False) + frame(0)) == [TextMessage("")]


def test_control_frames_may_stand_between_fragments() -> None:
    data = text("a", fin=False) + frame(9, b"1") + frame(0, b"b", fin=False) + frame(10, b"2") + frame(0, b"c")
    assert events_of(data) == [PingFrame(b"1"), PongFrame(b"2"), TextMessage("abc")]
    assert events_of(text("a", fin=False) + close(1000)) == [Close(1000, "")]


@pytest.mark.parametrize("fin", [False, True])
def test_a_continuation_without_a_message_is_refused(fin: bool) -> None:
    assert code_of(frame(0, b"x", fin=fin)) == 1002
    events, violation = both_ways(text("a", fin=False) + frame(0, b"b") + frame(0, b"c", fin=fin))
    assert events == [TextMessage("ab")]
    assert violation is not None
    assert violation.code == 1002


@pytest.mark.parametrize("opcode", [1, 2])
@pytest.mark.parametrize("fin", [False, True])
def test_a_message_inside_another_is_refused(opcode: int, fin: bool) -> None:
    assert code_of(text("a", fin=False) + frame(opcode, b"b", fin=fin)) == 1002


def test_messages_do_not_leak_into_each_other() -> None:
    data = text("a", fin=False) + frame(0, b"b") + frame(2, b"\xff", fin=False) + frame(0, b"\xfe") + text("c")
    assert events_of(data) == [TextMessage("ab"), BinaryMessage(b"\xff\xfe"), TextMessage("c")]


# --- 7: closing ---

SENDABLE = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]
UNSENDABLE = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535]


@pytest.mark.parametrize("code", SENDABLE)
def test_these_close_codes_may_be_sent(code: int) -> None:
    assert events_of(close(code)) == [Close(code, "")]
    assert events_of(close(code, b"x" * 123)) == [Close(code, "x" * 123)]


@pytest.mark.parametrize("code", UNSENDABLE)
def test_these_close_codes_may_not_be_sent(code: int) -> None:
    assert code_of(close(code)) == 1002
    assert code_of(close(code, b"reason")) == 1002


def test_an_empty_close_frame_has_no_status() -> None:
    assert events_of(close()) == [Close(CloseCode.NO_STATUS, "")]


def test_a_close_frame_of_one_byte_is_refused() -> None:
    assert code_of(frame(8, b"\x03")) == 1002


@pytest.mark.parametrize("reason", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"ok\xce\xba\xf4\x90\x80\x80"])
def test_a_close_reason_that_is_not_utf8_is_refused(reason: bytes) -> None:
    assert code_of(close(1000, reason)) == 1007


def test_nothing_is_parsed_after_a_close_frame() -> None:
    assert events_of(close(1000) + text("late") + frame(3) + b"\xff\xff") == [Close(1000, "")]
    closed = parser()
    assert run(closed, [close(1000), text("late"), b"\xff" * 100]) == ([Close(1000, "")], None)


@pytest.mark.parametrize("reason", ["", "short", "x" * 124, "é" * 62, "€" * 60, "😀" * 40])
def test_a_close_frame_of_ours_fits_and_is_utf8(reason: str) -> None:
    data = encode_close(4001, reason)
    assert data[0] == 0x88
    assert len(data) == 2 + data[1] <= 127
    sent = data[4:].decode()
    assert reason.startswith(sent)
    assert len(reason.encode()) <= 123 or len(data) > 123
    assert encode_close(CloseCode.NO_STATUS, "x") == b"\x88\x00"


# --- 9, 10: limits ---


def test_a_message_may_have_the_most_bytes_and_not_one_more() -> None:
    assert run(parser(max_bytes=10), [frame(2, b"x" * 10)]) == ([BinaryMessage(b"x" * 10)], None)
    for data in (frame(2, b"x" * 11), frame(2, b"x" * 6, fin=False) + frame(0, b"x" * 5)):
        events, violation = run(parser(max_bytes=10), [data])
        assert events == []
        assert violation is not None
        assert violation.code == 1009


def test_a_message_too_big_is_refused_before_its_payload_comes() -> None:
    violation = run(parser(max_bytes=1000), [frame(1, b"x" * 1001)[:8]])[1]
    assert violation is not None
    assert violation.code == 1009
    huge = bytes([0x82, 0xFF]) + struct.pack("!Q", (1 << 63) - 1) + MASK
    violation = run(parser(), [huge])[1]
    assert violation is not None
    assert violation.code == 1009


def test_the_bound_is_for_each_message_and_control_frames_do_not_count() -> None:
    data = frame(2, b"x" * 6, fin=False) + frame(9, b"y" * 125) + frame(0, b"x" * 4)
    events, violation = run(parser(max_bytes=10), [data * 3])
    assert violation is None
    assert events == [PingFrame(b"y" * 125), BinaryMessage(b"x" * 10)] * 3


def test_a_message_may_have_the_most_fragments_and_not_one_more() -> None:
    three = frame(2, fin=False) + frame(0, fin=False) + frame(0)
    assert run(parser(fragments=3), [three * 2]) == ([BinaryMessage(b"")] * 2, None)
    events, violation = run(parser(fragments=3), [frame(2, fin=False) + frame(0, fin=False) * 3])
    assert events == []
    assert violation is not None
    assert violation.code == 1009
    assert run(parser(fragments=1), [frame(2)])[1] is None


# --- however it is cut ---

PAYLOADS = st.binary(max_size=300) | st.text(max_size=60).map(str.encode)
FRAMES = st.builds(
    lambda opcode, payload, fin, rsv, form: frame(opcode, payload, fin=fin, rsv=rsv, form=form),
    st.sampled_from([0, 0, 1, 1, 2, 8, 9, 10, 3]), PAYLOADS, st.booleans(), st.sampled_from([0] * 9 + [2, 4]),
    st.sampled_from([0] * 9 + [2]),
)  # fmt: skip
MESSAGES = st.lists(PAYLOADS.map(squeezed), min_size=1, max_size=3).map(
    lambda messages: b"".join(frame(2, m[:3], rsv=4, fin=False) + frame(9, b"p") + frame(0, m[3:]) for m in messages)
)


@settings(max_examples=150)
@given(st.lists(FRAMES, max_size=5).map(b"".join) | MESSAGES, st.data(), st.booleans())
def test_events_do_not_depend_on_how_the_bytes_are_cut(data: bytes, draw: st.DataObject, deflating: bool) -> None:
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(data)), max_size=8)))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    whole = run(parser(deflating=deflating), [data])
    for feeds in (pieces, bytewise(data)):
        events, violation = run(parser(deflating=deflating), feeds)
        assert events == whole[0]
        assert (violation is None) == (whole[1] is None)
        if violation is not None and whole[1] is not None:
            assert (violation.code, violation.reason) == (whole[1].code, whole[1].reason)


@settings(max_examples=80)
@given(st.binary(max_size=70_000) | st.binary(max_size=200), st.integers(0, 2))
def test_our_frames_are_masked_frames_without_the_mask(payload: bytes, kind: int) -> None:
    opcode = (1, 2, 9)[kind]
    payload = payload[:125] if opcode == 9 else payload
    assert encode_frame(opcode, payload) == frame(opcode, payload, masked=False)
    assert encode_frame(opcode, payload, rsv1=True) == frame(opcode, payload, masked=False, rsv=4)
