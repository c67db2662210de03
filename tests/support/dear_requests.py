"""Requests that cost a server much: the most expensive bodies within its limits and just beyond them."""

from __future__ import annotations

import gzip
import struct
import time
import zlib
from collections.abc import Callable
from typing import NamedTuple

import cramjam

MIB = 1 << 20
Headers = tuple[tuple[str, str], ...]
GZIP: Headers = (("Content-Encoding", "gzip"),)
SNAPPY: Headers = (("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf"))
PROTOBUF: Headers = (("Content-Type", "application/x-protobuf"),)
JSON: Headers = (("Content-Type", "application/json"),)


class DearRequest(NamedTuple):
    """One HTTP request."""

    method: str
    path: str
    body: bytes = b""
    headers: Headers = ()


def repeat(some: Callable[[int], bytes], size: int, between: bytes = b"") -> bytes:
    """Join as many numbered pieces as fit into ``size`` bytes."""
    each = len(some(10_000_000)) + len(between)
    return between.join(map(some, range(max(1, size // each))))


def post(path: str, body: bytes, headers: Headers = ()) -> DearRequest:
    """Return a POST."""
    return DearRequest("POST", path, body, headers)


# --- the bodies that issue 14 names ---


def lines_with_quotes() -> DearRequest:
    """Return 4 MB of line protocol with texts in quotes."""
    return post("/write", repeat(lambda n: b'quoted,n=%d text="a, b=\\"c\\" d",v=1,on=t\n' % (n % 500), 4_000_000))


def gzip_members() -> DearRequest:
    """Return 50,000 empty members of gzip before one line."""
    return post("/write", gzip.compress(b"") * 50_000 + gzip.compress(b"member v=1\n"), GZIP)


def packed_samples() -> DearRequest:
    """Return 160,000 samples in less than 10 KB."""
    return post("/write", gzip.compress(b"packed v=1\n" * 160_000), GZIP)


def refusals() -> DearRequest:
    """Return 170,000 lines, each of which is refused."""
    return post("/write", b"refused v=x\n" * 170_000)


def new_series() -> DearRequest:
    """Return 12,000 new series, of which 10,000 are accepted."""
    text = b"x" * 200
    return post("/metrics/job/new", b"".join(b'new{n="%d",text="%b"} 1\n' % (n, text) for n in range(12_000)))


def all_series() -> DearRequest:
    """Return the request for the list of all series."""
    return DearRequest("GET", "/api/v1/series")


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _label(name: bytes, value: bytes) -> bytes:
    return _field(1, _field(1, name) + _field(2, value))


def _sample(value: float, t_ms: int) -> bytes:
    return _field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(t_ms))


def remote_write(series: int, samples: int) -> DearRequest:
    """Return a remote write of the given numbers of series and of samples for each."""
    now = int(time.time() * 1000)
    rows = b"".join(_sample(n, now - samples + n) for n in range(samples))
    body = b"".join(_field(1, _label(b"__name__", b"rw") + _label(b"n", b"%d" % n) + rows) for n in range(series))
    return post("/api/v1/write", bytes(cramjam.snappy.compress_raw(body)), SNAPPY)


def remote_write_900_000() -> DearRequest:
    """Return a remote write of 900,000 samples."""
    return remote_write(1_000, 900)


def remote_write_32_mib() -> DearRequest:
    """Return the longest remote write that is allowed."""
    return remote_write(1, 32 * MIB // 19)


def otlp(points: int, series: int) -> DearRequest:
    """Return an OpenTelemetry request with one gauge of the given number of points."""
    now = int(time.time() * 1e9)

    def point(n: int) -> bytes:
        attribute = _field(1, b"n") + _field(2, _field(1, b"%d" % (n % series)))
        return b"\x19" + struct.pack("<Q", now - n * 1_000_000) + b"\x21" + struct.pack("<d", n) + _field(7, attribute)

    gauge = b"".join(_field(1, point(n)) for n in range(points))
    return post("/v1/metrics", _field(1, _field(2, _field(2, _field(1, b"otlp") + _field(5, gauge)))), PROTOBUF)


def otlp_20_mib() -> DearRequest:
    """Return the longest OpenTelemetry request that is allowed; it has more points than are accepted."""
    return otlp(20 * MIB // 40, 500)


def otlp_json_20_mib() -> DearRequest:
    """Return the longest OpenTelemetry request in JSON that is allowed."""
    now = int(time.time() * 1e9)
    each = b'{"timeUnixNano":"%d","asDouble":1,"attributes":[{"key":"n","value":{"stringValue":"%d"}}]}'
    points = repeat(lambda n: each % (now - n * 1_000_000, n % 500), 19 * MIB, b",")
    head = b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"otlp","gauge":{"dataPoints":['
    return post("/v1/metrics", head + points + b"]}}]}]}]}", JSON)


def json_25_mb() -> DearRequest:
    """Return the longest body of JSON samples that is allowed."""
    now, each = int(time.time() * 1000), b'{"series":"j","labels":{"n":"%d"},"value":%d,"t":%d}'
    body = repeat(lambda n: each % (n % 500, n, now - n // 500), 24_500_000, b",")
    return post("/api/v1/samples", b"[" + body + b"]")


def lines_25_mb() -> DearRequest:
    """Return the longest body of line protocol that is allowed."""
    each = b"long,n=%d a=1,b=2.5,c=3i 1700000000000000000\n"
    return post("/write", repeat(lambda n: each % (n % 500), 24_000_000))


def refused_series() -> DearRequest:
    """Return a remote write of 190,000 series, each of which is refused."""
    return post("/api/v1/write", bytes(cramjam.snappy.compress_raw(b"\x0a\x00" * 190_000)), SNAPPY)


def ended_series() -> DearRequest:
    """Return a remote write of 190,000 series that end."""
    end = _field(2, b"\x09" + (0x7FF0000000000002).to_bytes(8, "little") + b"\x10" + _varint(int(time.time() * 1000)))
    body = b"".join(_field(1, _label(b"__name__", b"ended%d" % n) + end) for n in range(190_000))
    return post("/api/v1/write", bytes(cramjam.snappy.compress_raw(body)), SNAPPY)


def wide_series() -> DearRequest:
    """Return new series of 40 labels each."""
    labels = b",".join(b'label%d="%%d"' % n for n in range(40))
    return post("/metrics/job/wide", repeat(lambda n: b"wide{" + labels % ((n,) * 40) + b"} 1\n", 2_000_000))


def packed_24_mb() -> DearRequest:
    """Return a few KB that decompress to the longest body of line protocol."""
    return post("/write", gzip.compress(b"packed v=1\n" * 2_200_000), GZIP)


def packed_and_cut_off() -> DearRequest:
    """Return a few KB that decompress to the longest body of line protocol, without their end: nothing is parsed."""
    return post("/write", gzip.compress(bytes(24_900_000))[:-9], GZIP)


def very_many_members() -> DearRequest:
    """Return nearly as many empty members of gzip as a body may have."""
    return post("/write", gzip.compress(b"") * 60_000 + gzip.compress(b"member v=1\n"), GZIP)


NAMED = (
    lines_with_quotes, gzip_members, packed_samples, refusals, remote_write_900_000, new_series, all_series,
    otlp_20_mib, otlp_json_20_mib, json_25_mb, lines_25_mb, remote_write_32_mib,
    refused_series, ended_series, wide_series, packed_24_mb, packed_and_cut_off, very_many_members,
)  # fmt: skip

# --- bombs, and bodies that are refused ---


def json_one_element() -> DearRequest:
    """Return JSON that cannot be divided: one element with very many labels."""
    labels = repeat(lambda n: b'"l%d":"v"' % n, 20 * MIB, b",")
    return post("/api/v1/samples", b'[{"series":"a","value":1,"labels":{' + labels + b"}}]")


def refused_json() -> DearRequest:
    """Return JSON samples, each of which is refused."""
    return post("/api/v1/samples", b"[" + b",".join([b'{"series":"p","value":"x"}'] * 170_000) + b"]")


def too_many_series() -> DearRequest:
    """Return Prometheus' text with far more series than are accepted."""
    return post("/metrics/job/many", repeat(lambda n: b'many{n="%d"} 1\n' % n, 3 * MIB))


def empty_messages() -> DearRequest:
    """Return a remote write of 16 million empty series."""
    return post("/api/v1/write", bytes(cramjam.snappy.compress_raw(b"\x0a\x00" * (16 * MIB - 1))), SNAPPY)


def deep_json() -> DearRequest:
    """Return deeply nested JSON."""
    return post("/api/v1/samples", b"[" * 2_000_000)


def zstd_bomb() -> DearRequest:
    """Return a few KB that decompress to 256 MiB."""
    return post("/v1/metrics", bytes(cramjam.zstd.compress(bytes(1 << 28))), (("Content-Encoding", "zstd"), *PROTOBUF))


def deflate_bomb() -> DearRequest:
    """Return a body that decompresses to 256 MiB."""
    return post("/v1/metrics", zlib.compress(bytes(1 << 28), 9), (("Content-Encoding", "deflate"), *PROTOBUF))


def gzip_bomb() -> DearRequest:
    """Return a body that decompresses to 1 GiB."""
    return post("/api/v1/samples", gzip.compress(bytes(1 << 28)) * 4, GZIP)


def snappy_bomb() -> DearRequest:
    """Return the longest allowed snappy block of zeros."""
    return post("/api/v1/write", bytes(cramjam.snappy.compress_raw(bytes(32 * MIB))), SNAPPY)


BOMBS = (
    json_one_element, refused_json, too_many_series, empty_messages, deep_json, zstd_bomb, deflate_bomb, gzip_bomb,
    snappy_bomb,
)  # fmt: skip
