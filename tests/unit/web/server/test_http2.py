"""The refusal of a gRPC call, read as a client reads it."""

from __future__ import annotations

import struct

from dashboard.web.server.http2 import REASON, answer_to


def test_a_call_is_answered_with_its_status_and_the_connection_ends() -> None:
    data, frames = answer_to(5), []
    while data:
        length = int.from_bytes(data[:3])
        frames.append((*struct.unpack(">BBI", data[3:9]), data[9 : 9 + length]))
        data = data[9 + length :]
    (headers, flags, number, block), goaway = frames
    assert (headers, flags, number) == (1, 5, 5)
    assert goaway == (7, 0, 0, struct.pack(">II", 5, 0))
    assert block[:1] == b"\x88"
    assert block.endswith(b"\x00\x0cgrpc-message" + bytes([127, len(REASON) - 127]) + REASON.encode())
    assert b"\x0bgrpc-status\x0212" in block
    assert len(REASON) <= 127 + 127
