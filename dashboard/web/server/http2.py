"""Refusal of gRPC, which uses HTTP/2. The refusal is a gRPC response, because gRPC clients do not show answers in HTTP/1.1.

The first call of a connection is answered with the status *unimplemented*, which clients take as final.  A client that is refused
before its first call would retry at once, and for ever.
Source: RFC 9113, sections 3.4, 4.1 and 6; RFC 7541, section 6; grpc.io, "gRPC over HTTP2", Responses.
"""

from __future__ import annotations

import asyncio
import struct

from tornado.iostream import IOStream

#: First bytes of a client that uses HTTP/2 without negotiation; ``_REST`` follows them.
PREFACE, _REST = b"PRI * HTTP/2.0\r\n\r\n", b"SM\r\n\r\n"
REASON = "gRPC is not served; for OpenTelemetry set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or use the exporter otlphttp of a collector"
_HEADERS, _SETTINGS, _GOAWAY = 1, 4, 7
_END_OF_STREAM, _END_OF_HEADERS = 1, 4
_UNIMPLEMENTED = b"12"
#: Limits of what is read before the first call, and of the bytes that are discarded after it.
_MAX_FRAMES, _MAX_FRAME_BYTES, _DRAINED_BYTES = 64, 16_384, 1_048_576
_DRAINING_S = 2.0


async def refuse(stream: IOStream) -> None:
    """Answer the first call on a connection with ``REASON``. The caller has read ``PREFACE``, and limits the time."""
    await stream.write(_frame(_SETTINGS, 0, 0, b""))
    if await stream.read_bytes(len(_REST)) != _REST:
        return
    for _ in range(_MAX_FRAMES):
        length, kind, _, number = _read_head(await stream.read_bytes(9))
        if length > _MAX_FRAME_BYTES:
            return
        await stream.read_bytes(length)
        if kind == _HEADERS:
            await stream.write(answer_to(number))
            await _drain(stream)
            return


def answer_to(number: int) -> bytes:
    """Return the frames that end the call on stream ``number``, and the connection."""
    flags = _END_OF_STREAM | _END_OF_HEADERS
    block = b"\x88" + b"".join(
        b"\x00" + _text(name) + _text(value)
        for name, value in (
            (b"content-type", b"application/grpc"),
            (b"grpc-status", _UNIMPLEMENTED),
            (b"grpc-message", REASON.encode()),
        )
    )
    return _frame(_HEADERS, flags, number, block) + _frame(_GOAWAY, 0, 0, struct.pack(">II", number, 0))


async def _drain(stream: IOStream) -> None:
    """Read until the client closes the connection, because an earlier close by this side could destroy the unread answer."""
    left = _DRAINED_BYTES
    try:
        async with asyncio.timeout(_DRAINING_S):
            while left > 0:
                left -= len(await stream.read_bytes(_MAX_FRAME_BYTES, partial=True))
    except TimeoutError:
        return


def _frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, number) + payload


def _read_head(head: bytes) -> tuple[int, int, int, int]:
    """Return a frame's length, kind, flags and stream."""
    kind, flags, number = struct.unpack(">BBI", head[3:])
    return int.from_bytes(head[:3]), kind, flags, number & 0x7FFFFFFF


def _text(text: bytes) -> bytes:
    """Encode an HPACK string of at most 254 bytes, without compression."""
    size = len(text)
    return (bytes([size]) if size < 127 else bytes([127, size - 127])) + text
