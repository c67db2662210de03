"""Names of the metrics in the beginning of a protobuf body that is refused as a whole, to show whose it was."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.domain.errors import DashboardError
from dashboard.ingest.packed import unpack_snappy_block
from dashboard.ingest.protobuf import BYTES, FIXED32, FIXED64, VARINT, read_varint

#: Bytes of a body that are searched, and names that are shown.
_SEARCHED_BYTES = 4_096
_MAX_NAMES = 5
#: Most bytes of a snappy block that is unpacked for this.
_MAX_UNPACKED_BYTES = 65_536
#: Field numbers from a request to the metrics' names: OTLP, and the labels of remote write 1 or the symbols of 2.
_OTLP_NAME = (1, 2, 2, 1)
_LABEL, _SYMBOL = (1, 1), (4,)


def described(body: str, names: list[str]) -> str:
    """Return the description of a body with the names in it."""
    return f"{body}: {', '.join(names)}" if names else body


def otlp_names(body: bytes) -> list[str]:
    """Return the first metrics' names of an ``ExportMetricsServiceRequest``, which may be cut off or broken."""
    return _few(_text(name) for name in _values(body[:_SEARCHED_BYTES], _OTLP_NAME))


def remote_write_names(body: bytes) -> list[str]:
    """Return the first series' names of a snappy block with a ``WriteRequest``, or the first symbols of version 2."""
    try:
        data = unpack_snappy_block(body, _MAX_UNPACKED_BYTES)[:_SEARCHED_BYTES]
    except DashboardError:
        return []
    labels = (dict(_fields(label)) for label in _values(data, _LABEL))
    names = _few(_text(label.get(2, b"")) for label in labels if label.get(1) == b"__name__")
    return names or _few(_text(symbol) for symbol in _values(data, _SYMBOL) if symbol not in (b"", b"__name__"))


def _values(data: bytes, path: tuple[int, ...]) -> Iterator[bytes]:
    """Yield the values at the path of field numbers."""
    for number, value in _fields(data):
        if number == path[0]:
            if len(path) == 1:
                yield value
            else:
                yield from _values(value, path[1:])


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and value of each field with a length, up to the end or the first broken field. The last value may be cut off."""
    at = 0
    try:
        while at < len(data):
            tag, at = read_varint(data, at)
            if tag & 7 == BYTES:
                length, at = read_varint(data, at)
                yield tag >> 3, data[at : at + length]
                at += length
            elif tag & 7 == VARINT:
                _, at = read_varint(data, at)
            elif tag & 7 in (FIXED64, FIXED32):
                at += 8 if tag & 7 == FIXED64 else 4
            else:
                return
    except DashboardError:
        return


def _few(names: Iterator[str]) -> list[str]:
    found = dict[str, None]()
    for name in names:
        if name:
            found[name] = None
        if len(found) >= _MAX_NAMES:
            break
    return list(found)


def _text(name: bytes) -> str:
    return name[:200].decode("utf-8", "replace")
