"""WebSocket frames as a client sends them, correct and wrong, with a fixed mask. Shares no code with the server."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

from dashboard.rfc6455.deflate import Inflater
from dashboard.rfc6455.frames import Event, FrameParser, ProtocolViolation

MASK = b"\x37\xfa\x21\x3d"


def xor(data: bytes, mask: bytes = MASK) -> bytes:
    return bytes(byte ^ mask[i % 4] for i, byte in enumerate(data))


def frame(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, masked: bool = True, form: int = 0
) -> bytes:
    """Return a client's frame. ``form``: bytes of the length field (1, 2 or 8), even if not the shortest; 0: the shortest."""
    length = len(payload)
    form = form or (1 if length < 126 else 2 if length < 65_536 else 8)
    bit = 0x80 if masked else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    head += {1: bytes([bit | length & 0x7F]), 2: bytes([bit | 126]), 8: bytes([bit | 127])}[form]
    head += {1: b"", 2: struct.pack("!H", length & 0xFFFF), 8: struct.pack("!Q", length)}[form]
    return head + MASK + xor(payload) if masked else head + payload


def text(payload: str, *, fin: bool = True) -> bytes:
    return frame(1, payload.encode(), fin=fin)


def close(code: int | None = None, reason: bytes = b"") -> bytes:
    return frame(8, b"" if code is None else struct.pack("!H", code) + reason)


def squeezed(payload: bytes) -> bytes:
    """Return a message's payload compressed as RFC 7692 says."""
    compressor = zlib.compressobj(wbits=-15)
    return (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(b"\x00\x00\xff\xff")


def parser(*, max_bytes: int = 65_536, fragments: int = 1_024, deflating: bool = False) -> FrameParser:
    return FrameParser(max_message_bytes=max_bytes, max_fragments=fragments, inflater=Inflater() if deflating else None)


Outcome = tuple[list[Event], ProtocolViolation | None]


def run(into: FrameParser, feeds: Iterable[bytes]) -> Outcome:
    """Return all events of the parser, and the violation that ended them (None: no violation)."""
    events: list[Event] = []
    try:
        for data in feeds:
            events.extend(into.feed(data))  # extend keeps what came before an exception
    except ProtocolViolation as violation:
        return events, violation
    return events, None


def bytewise(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]
