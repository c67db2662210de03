"""Decompression of bodies in encodings other than gzip. Needs the extra [protobuf]. Gzip is decompressed as the body arrives.

A body may also be gzip or UTF-16 without a header that says so: a file with the ending .gz, or a text that PowerShell wrote.

Source: the encodings of an OpenTelemetry collector's receiver (config/confighttp) and of Prometheus' remote write.
The output never exceeds the limit, whatever length a body claims.
"""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable
from types import ModuleType

from dashboard.domain.errors import DashboardError, Invalid, TooLarge
from dashboard.ingest.protobuf import read_varint

try:
    import cramjam
except ImportError:  # the extra [protobuf] is not installed, see ``MissingExtra``
    cramjam = None  # type: ignore[assignment]  # a module, or none

#: Encodings that are taken besides gzip: those of a collector, and of Vector and vmagent.
ENCODINGS = ("zstd", "zlib", "deflate", "snappy", "x-snappy-framed", "lz4")
#: The beginnings of bodies in an encoding that no header states. None of them can begin a text or JSON.
_UNSTATED = ((b"\x1f\x8b\x08", "gzip"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: Members of a gzip body that are opened: each costs work, although it may hold nothing.
_MAX_GZIP_MEMBERS = 100_000
_GZIP_PART_BYTES = 16_384
#: Bytes of UTF-16 that are decoded in one step, which other threads wait for.
_STEP_BYTES = 1 << 20
_FRAMED_SNAPPY = b"\xff\x06\x00\x00sNaPpY"
#: Tried first: most bodies unpack to less than this many times their length.
_USUAL_RATIO = 16


class MissingExtra(DashboardError):
    """Error for a format whose optional package is not installed."""

    code = "unsupported"
    http_status = 415


def unstated(body: bytes, *, is_text: bool = True) -> str:
    """Return the encoding of a body whose headers state none: ``gzip``, ``utf-16``, or "" if it has none.

    ``is_text``: False for protobuf, whose first bytes may look like UTF-16's, but never like gzip's.
    """
    found = next((encoding for beginning, encoding in _UNSTATED if body.startswith(beginning)), "")
    return found if is_text or found == "gzip" else ""


def beginning(chunk: bytes, encoding: str, max_bytes: int) -> bytes:
    """Return the beginning of a body, decompressed if it is gzip or deflate; empty if it cannot be decompressed."""
    if encoding in ("gzip", "x-gzip", "deflate"):
        try:
            return zlib.decompressobj(47).decompress(chunk, max_bytes)
        except zlib.error:
            return b""
    return chunk[:max_bytes]


def unpack_unstated(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Decode a body in an encoding that ``unstated`` has found, UTF-16 to UTF-8; raises Invalid, TooLarge."""
    if encoding == "gzip":
        return _gunzip(body, max_bytes)
    decoder, parts, size = codecs.getincrementaldecoder("utf-16")(), list[bytes](), 0
    try:
        for at in range(0, len(body), _STEP_BYTES):
            parts.append(decoder.decode(body[at : at + _STEP_BYTES], at + _STEP_BYTES >= len(body)).encode())
            size += len(parts[-1])
            if size > max_bytes:
                raise TooLarge(f"the body has more than {max_bytes} bytes in UTF-8; send less at a time")
    except UnicodeError:
        raise Invalid("the body begins like UTF-16 and is not UTF-16; send UTF-8") from None
    return b"".join(parts)


def unpack(body: bytes, encoding: str, max_bytes: int) -> bytes:
    """Decompress a body; return it unchanged if the encoding is empty, ``identity`` or ``gzip``.

    Raises MissingExtra, Invalid if the body is not in that encoding, and TooLarge if the result exceeds ``max_bytes``.
    """
    if encoding not in ENCODINGS:
        return body
    if encoding in ("zlib", "deflate"):
        return _inflate(body, max_bytes)
    if encoding == "snappy" and not body.startswith(_FRAMED_SNAPPY):
        return unpack_snappy_block(body, max_bytes)
    cramjam = _cramjam()
    into = {"zstd": cramjam.zstd, "lz4": cramjam.lz4}.get(encoding, cramjam.snappy).decompress_into
    return _bounded(body, into, encoding, max_bytes)


def unpack_snappy_block(body: bytes, max_bytes: int) -> bytes:
    """Unpack snappy's block format; the claimed length is checked before anything is written. Raises the errors of ``unpack``."""
    cramjam = _cramjam()
    if not body:
        raise Invalid("the body is empty; send a snappy block")
    claimed, _ = read_varint(body[:10], 0)
    if claimed > max_bytes:
        raise TooLarge(f"the body claims {claimed} bytes uncompressed; at most {max_bytes}")
    if claimed > 64 * len(body) + 64:  # a copy of 64 bytes takes 3 at least
        raise Invalid("the body claims more bytes than snappy can compress into it")
    try:
        return bytes(cramjam.snappy.decompress_raw(body))
    except cramjam.DecompressionError:
        raise Invalid("the body is not a snappy block") from None


def _cramjam() -> ModuleType:
    if cramjam is None:
        raise MissingExtra("this encoding needs the extra [protobuf]: pip install 'live-dashboard[protobuf]'")
    return cramjam


def _bounded(body: bytes, into: Callable[[bytes, bytearray], int], encoding: str, max_bytes: int) -> bytes:
    """Decompress with the function ``into``, into a buffer of the usual length; if that is too short, into a buffer of
    the greatest allowed length."""
    usual = min(max_bytes, _USUAL_RATIO * len(body) + 65_536)
    for length in sorted({usual, max_bytes}):
        buffer = bytearray(length)
        try:
            return bytes(memoryview(buffer)[: into(body, buffer)])
        except _cramjam().DecompressionError as error:
            fault = str(error)
    if "whole buffer" in fault:
        raise TooLarge(f"the body has more than {max_bytes} bytes unpacked; send less at a time")
    raise Invalid(f"the body is not {encoding}: {fault[:100]}", field="Content-Encoding")


def _inflate(body: bytes, max_bytes: int) -> bytes:
    """Unpack zlib's format, or raw deflate, which some senders also call ``deflate``."""
    for window in (15, -15):
        inflater = zlib.decompressobj(window)
        try:
            data = inflater.decompress(body, max_bytes + 1)
        except zlib.error:
            continue
        if len(data) > max_bytes:
            raise TooLarge(f"the body has more than {max_bytes} bytes unpacked; send less at a time")
        if inflater.eof:
            return data
    raise Invalid("the body is not deflate", field="Content-Encoding")


def _gunzip(body: bytes, max_bytes: int) -> bytes:
    """Unpack all members of a gzip file. The file is read in parts, because zlib copies the rest of a part after each member."""
    parts, size, members, inflater = list[bytes](), 0, 0, zlib.decompressobj(31)
    is_whole = False
    for begin in range(0, len(body), _GZIP_PART_BYTES):
        packed = body[begin : begin + _GZIP_PART_BYTES]
        while packed and not (is_whole and not packed.strip(b"\0")):  # gzip's own tools pad a file with zeros
            try:
                data = inflater.decompress(packed, max_bytes - size + 1)
            except zlib.error:
                raise Invalid("the body is not gzip", field="Content-Encoding") from None
            parts.append(data)
            size += len(data)
            packed, is_whole = inflater.unconsumed_tail or inflater.unused_data, inflater.eof
            if size > max_bytes:
                raise TooLarge(f"the body has more than {max_bytes} bytes unpacked; send less at a time")
            if is_whole:
                members, inflater = members + 1, zlib.decompressobj(31)
                if members > _MAX_GZIP_MEMBERS:
                    raise Invalid(
                        f"the gzip body has more than {_MAX_GZIP_MEMBERS} members; compress it in one piece",
                        field="Content-Encoding",
                    )
    if not is_whole:
        raise Invalid("the gzip body is cut off", field="Content-Encoding")
    return b"".join(parts)
