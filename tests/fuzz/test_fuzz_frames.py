from __future__ import annotations

import time
from random import Random

from dashboard.rfc6455.frames import (
    BinaryMessage,
    Close,
    FrameParser,
    PingFrame,
    PongFrame,
    ProtocolViolation,
    TextMessage,
)
from tests.support.client_frames import close, frame, parser, squeezed, text
from tests.support.deadline import within
from tests.support.mutation import mutate

INPUTS = 100_000
MAX_BYTES = 2_000
HELLO = squeezed(b"Hello, hello, hello")
SEEDS = [
    text("hello"), frame(2, b"\xff" * 130), frame(9, b"ping"), frame(10, b""), close(1000, b"bye"), close(),
    text("a", fin=False) + frame(9, b"x") + frame(0, "é😀".encode()), frame(1, HELLO, rsv=4),
    frame(1, HELLO[:4], rsv=4, fin=False) + frame(0, HELLO[4:]), frame(2, squeezed(bytes(50_000)), rsv=4),
    frame(1, "κόσμε".encode()) * 3, frame(2, b"", fin=False) + frame(0, fin=False) * 20 + frame(0),
]  # fmt: skip
PIECES = [
    *SEEDS[:6], b"\x80", b"\x81\x80", b"\x00\x80", b"\x82\xff", b"\x82\xfe\x00\x7e", b"\xff" * 8, b"\xed\xa0\x80",
    b"\xc1\x85", b"\x88\x82", frame(0), frame(0, fin=False), frame(1, b"", rsv=4),
]  # fmt: skip


def take(into: FrameParser, pieces: list[bytes]) -> int:
    """Feed bytes and check every event; return 0, or the code of the violation."""
    try:
        for piece in pieces:
            for event in into.feed(piece):
                if isinstance(event, TextMessage):
                    assert len(event.text.encode()) <= MAX_BYTES  # encodes: no surrogates
                elif isinstance(event, BinaryMessage):
                    assert len(event.data) <= MAX_BYTES
                elif isinstance(event, PingFrame | PongFrame):
                    assert len(event.payload) <= 125
                else:
                    assert isinstance(event, Close)
                    assert event.code == 1005 or 1000 <= event.code <= 4999
    except ProtocolViolation as violation:
        return violation.code if violation.reason else -1
    return 0


def test_no_bytes_make_the_parser_raise_anything_but_a_violation() -> None:
    random = Random(6455)
    codes: dict[int, int] = {}
    slowest = 0.0
    for number in range(INPUTS):
        data = mutate(random, SEEDS[number % len(SEEDS)], PIECES)
        cut = random.getrandbits(5)
        into = parser(max_bytes=MAX_BYTES, fragments=16, deflating=bool(number & 1))
        began = time.process_time()
        code = take(into, [data[:cut], data[cut:]])
        slowest = max(slowest, time.process_time() - began)
        codes[code] = codes.get(code, 0) + 1
    assert codes.keys() == {0, 1002, 1007, 1009}
    assert min(codes.values()) > INPUTS // 500, codes  # the generator reaches all of them
    within(slowest, 0.5, "the CPU time of one input")
