"""permessage-deflate (RFC 7692), always without context takeover on both sides.

So a compressed frame depends only on its message and can be shared by all connections that negotiated compression.  No
connection keeps a window between messages.
"""

from __future__ import annotations

import re
import zlib

#: Answer to an accepted offer. Both parameters are allowed whatever was offered (RFC 7692, 7.1.1).
RESPONSE = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
_TAIL = b"\x00\x00\xff\xff"
#: Empty final block, added after the last part: a complete message then ends there.
_END = b"\x03\x00"
_WINDOW_BITS = re.compile(r"[89]|1[0-5]")


class TooLong(Exception):
    """Error for a message that exceeds its limit of bytes when it is decompressed."""


def negotiate(header: str) -> bool:
    """Return whether an offer in a Sec-WebSocket-Extensions header can be accepted with ``RESPONSE``."""
    return any(_acceptable(offer) for offer in _split(header, ","))


def _split(text: str, separator: str) -> list[str]:
    """Split at separators outside quotes."""
    parts, quoted, start = [], False, 0
    for at, char in enumerate(text):
        if char == '"' and not (quoted and text[at - 1] == "\\"):
            quoted = not quoted
        elif char == separator and not quoted:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _acceptable(offer: str) -> bool:
    name, *parameters = (part.strip() for part in _split(offer, ";"))
    if name != "permessage-deflate":
        return False
    seen: set[str] = set()
    for parameter in parameters:
        key, equals, value = (part.strip() for part in parameter.partition("="))
        value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        if key in seen:
            return False
        seen.add(key)
        if key in ("server_no_context_takeover", "client_no_context_takeover"):
            if equals:
                return False
        elif key == "client_max_window_bits":
            if equals and not _WINDOW_BITS.fullmatch(value):
                return False
        elif key == "server_max_window_bits":
            if value != "15":  # frames are compressed once for all connections, with the full window
                return False
        else:
            return False
    return True


def deflate(payload: bytes) -> bytes:
    """Return a message compressed as the payload of a frame with RSV1."""
    compressor = zlib.compressobj(level=1, wbits=-zlib.MAX_WBITS)
    data = compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return data.removesuffix(_TAIL)


class Inflater:
    """Decompressor of the messages of one connection, each from an empty window."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self._size = 0  # of this message, inflated
        self._fed = 0  # of this message, compressed

    def inflate(self, data: bytes, max_bytes: int, *, last: bool) -> bytes:
        """Return the next part of a message (``last``: its end). Raises TooLong, and ValueError for damaged data."""
        self._fed += len(data)
        if last:
            data = data + _TAIL + _END if self._fed else _END  # a message of no bytes at all is empty
        out = bytearray()
        while True:
            try:
                out += self._inflate.decompress(data, max_bytes - self._size - len(out) + 1)
            except zlib.error as error:
                raise ValueError(str(error)) from None
            if self._size + len(out) > max_bytes:
                raise TooLong
            data = self._inflate.unused_data
            if not (self._inflate.eof and data):
                break
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)  # that was a final block: others may follow it
        self._size += len(out)
        if last:
            whole = self._inflate.eof
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            self._size = self._fed = 0
            if not whole:
                raise ValueError("the message ends inside a block")
        return bytes(out)
