"""WebSocket frames: bytes -> events and back, strictly by RFC 6455 (server side), without I/O.

``FrameParser`` refuses a violation as soon as the offending byte arrives: unmasked frames, reserved bits and opcodes,
fragmented or long control frames, lengths not in their shortest form, data frames out of place, bad close codes, text
that is not UTF-8.  Limits: bytes and fragments of a message.
"""

from __future__ import annotations

import codecs
import struct
import sys
from collections.abc import Iterator
from enum import IntEnum

from msgspec import Struct

from dashboard.rfc6455.close_codes import CloseCode, may_be_received
from dashboard.rfc6455.deflate import Inflater, TooLong


class Opcode(IntEnum):
    """Opcodes of RFC 6455 section 5.2."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


class TextMessage(Struct, frozen=True):
    """Complete text message."""

    text: str


class BinaryMessage(Struct, frozen=True):
    """Complete binary message."""

    data: bytes


class PingFrame(Struct, frozen=True):
    """Ping frame; the answer is a pong with the same payload."""

    payload: bytes


class PongFrame(Struct, frozen=True):
    """Pong frame."""

    payload: bytes


class Close(Struct, frozen=True):
    """Close frame of the peer; ``code`` is NO_STATUS if the frame was empty. No bytes are parsed after this frame."""

    code: int
    reason: str


_OPCODES = frozenset(int(opcode) for opcode in Opcode)

Event = TextMessage | BinaryMessage | PingFrame | PongFrame | Close


class ProtocolViolation(Exception):
    """Violation of the protocol by the peer: close the connection with ``code`` and ``reason``."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def encode_frame(opcode: int, payload: bytes, *, rsv1: bool = False) -> bytes:
    """Return one complete unmasked frame with a payload; ``rsv1``: True if the payload is compressed."""
    first = 0x80 | (0x40 if rsv1 else 0) | opcode
    length = len(payload)
    if length < 126:
        return struct.pack("!BB", first, length) + payload
    if length < 65_536:
        return struct.pack("!BBH", first, 126, length) + payload
    return struct.pack("!BBQ", first, 127, length) + payload


def encode_close(code: int, reason: str = "") -> bytes:
    """Return a close frame; a reason over 123 bytes is cut at the end of a character."""
    if code == CloseCode.NO_STATUS:
        return encode_frame(Opcode.CLOSE, b"")
    text = reason.encode()[:123].decode(errors="ignore").encode()
    return encode_frame(Opcode.CLOSE, struct.pack("!H", code) + text)


def unmask(data: bytes, mask: bytes) -> bytes:
    """Return ``data`` XORed with the repeated 4-byte mask; use big integers, so that the work is done in C."""
    length = len(data)
    key = int.from_bytes((mask * (length // 4 + 1))[:length], sys.byteorder)
    return (int.from_bytes(data, sys.byteorder) ^ key).to_bytes(length, sys.byteorder)


class FrameParser:
    """Parser of a client's bytes into events. After a ProtocolViolation it must not be used again."""

    def __init__(self, *, max_message_bytes: int, max_fragments: int, inflater: Inflater | None = None) -> None:
        self._max_message_bytes = max_message_bytes
        self._max_fragments = max_fragments
        self._inflater = inflater
        self._buffer = bytearray()
        # the frame being read; _missing: payload bytes still to come, < 0 while the header is not complete
        self._missing = -1
        self._opcode = 0
        self._fin = False
        self._mask = b""
        self._offset = 0  # into the mask
        self._control = bytearray()
        # the message being read
        self._message_opcode = 0
        self._compressed = False
        self._fragments = 0
        self._size = 0  # payload bytes so far, as received
        self._text: list[str] = []
        self._data = bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._closed = False

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take the next bytes and yield the events that they complete. Raises ProtocolViolation."""
        self._buffer += data
        while not self._closed:
            if self._missing < 0 and not self._read_header():
                return
            event = self._read_payload()
            if event is not None:
                yield event
            if self._missing >= 0:
                return

    def _read_header(self) -> bool:
        buffer = self._buffer
        if not buffer:
            return False
        self._check_first(buffer[0])
        if len(buffer) < 2:
            return False
        if not buffer[1] & 0x80:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "frame is not masked")
        short = buffer[1] & 0x7F
        size = {126: 4, 127: 10}.get(short, 2)
        opcode = buffer[0] & 0x0F
        if opcode >= 8 and short > 125:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "control frame longer than 125 bytes")
        if len(buffer) < size:
            return False
        length = short if size == 2 else int.from_bytes(buffer[2:size])
        self._check_length(size, length)
        if len(buffer) < size + 4:
            return False
        self._start_frame(buffer[0], length, bytes(buffer[size : size + 4]))
        del buffer[: size + 4]
        return True

    def _check_first(self, first: int) -> None:
        opcode, fin = first & 0x0F, bool(first & 0x80)
        if first & 0x30:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "reserved bit is set")
        if first & 0x40 and (self._inflater is None or opcode not in (Opcode.TEXT, Opcode.BINARY)):
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "reserved bit 1 is set")
        if opcode not in _OPCODES:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, f"opcode {opcode} is reserved")
        if opcode >= 8 and not fin:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "control frame is fragmented")
        if opcode == Opcode.CONTINUATION and not self._message_opcode:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "continuation without a message")
        if opcode in (Opcode.TEXT, Opcode.BINARY) and self._message_opcode:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "message begins inside another")

    def _check_length(self, size: int, length: int) -> None:
        if (size == 4 and length < 126) or (size == 10 and length < 65_536):
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "length is not in its shortest form")
        if length >> 63:
            raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "length has its highest bit set")

    def _start_frame(self, first: int, length: int, mask: bytes) -> None:
        self._opcode, self._fin = first & 0x0F, bool(first & 0x80)
        self._missing, self._mask, self._offset = length, mask, 0
        if self._opcode >= 8:
            self._control.clear()
            return
        if self._opcode != Opcode.CONTINUATION:
            self._message_opcode = self._opcode
            self._compressed = bool(first & 0x40)
            self._fragments = self._size = 0
        self._fragments += 1
        self._size += length
        if self._fragments > self._max_fragments:
            raise ProtocolViolation(CloseCode.TOO_BIG, f"message of more than {self._max_fragments} fragments")
        if self._size > self._max_message_bytes:
            raise ProtocolViolation(CloseCode.TOO_BIG, f"message longer than {self._max_message_bytes} bytes")

    def _read_payload(self) -> Event | None:
        """Take the available bytes of the frame's payload; return an event when the frame (and message) is complete."""
        taken = bytes(self._buffer[: self._missing])
        del self._buffer[: len(taken)]
        turned = self._mask[self._offset :] + self._mask[: self._offset]
        self._offset = (self._offset + len(taken)) % 4
        self._missing -= len(taken)
        payload = unmask(taken, turned)
        complete = self._missing == 0
        if complete:
            self._missing = -1
        if self._opcode >= 8:
            self._control += payload
            return self._control_event() if complete else None
        self._take_data(payload, last=complete and self._fin)
        return self._message_event() if complete and self._fin else None

    def _take_data(self, payload: bytes, *, last: bool) -> None:
        if self._compressed and self._inflater is not None:
            try:
                payload = self._inflater.inflate(payload, self._max_message_bytes, last=last)
            except TooLong:
                reason = f"message longer than {self._max_message_bytes} bytes when inflated"
                raise ProtocolViolation(CloseCode.TOO_BIG, reason) from None
            except ValueError:
                raise ProtocolViolation(CloseCode.INVALID_DATA, "compressed data is damaged") from None
        if self._message_opcode == Opcode.BINARY:
            self._data += payload
            return
        try:
            self._text.append(self._decoder.decode(payload, last))
            started = self._decoder.getstate()[0]
            if len(started) > 1 and started[0] == 0xED and started[1] >= 0xA0:
                raise ValueError  # a surrogate, which Python's decoder refuses only one byte later
        except ValueError:
            raise ProtocolViolation(CloseCode.INVALID_DATA, "text is not UTF-8") from None

    def _message_event(self) -> Event:
        opcode, self._message_opcode = self._message_opcode, 0
        if opcode == Opcode.TEXT:
            text = "".join(self._text)
            self._text.clear()
            self._decoder.reset()
            return TextMessage(text)
        data = bytes(self._data)
        self._data.clear()
        return BinaryMessage(data)

    def _control_event(self) -> Event:
        payload = bytes(self._control)
        if self._opcode == Opcode.PING:
            return PingFrame(payload)
        if self._opcode == Opcode.PONG:
            return PongFrame(payload)
        self._closed = True
        return _close_event(payload)


def _close_event(payload: bytes) -> Close:
    if not payload:
        return Close(CloseCode.NO_STATUS, "")
    if len(payload) == 1:
        raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, "close frame of one byte")
    code = int.from_bytes(payload[:2])
    if not may_be_received(code):
        raise ProtocolViolation(CloseCode.PROTOCOL_ERROR, f"close code {code} must not be sent in a frame")
    try:
        return Close(code, payload[2:].decode())
    except UnicodeDecodeError:
        raise ProtocolViolation(CloseCode.INVALID_DATA, "close reason is not UTF-8") from None
