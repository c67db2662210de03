from __future__ import annotations

import gzip
import zlib

import cramjam
import pytest

from dashboard.domain.errors import Invalid, TooLarge
from dashboard.ingest.packed import ENCODINGS, beginning, unpack, unpack_unstated, unstated

BODY = b"a body that repeats itself, " * 10_000


def raw_deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-15)
    return deflater.compress(data) + deflater.flush()


PACKED = {
    "zstd": cramjam.zstd.compress, "zlib": zlib.compress, "deflate": zlib.compress, "snappy": cramjam.snappy.compress_raw,
    "x-snappy-framed": cramjam.snappy.compress, "lz4": cramjam.lz4.compress,
}  # fmt: skip


def test_all_encodings_are_unpacked() -> None:
    assert set(PACKED) == set(ENCODINGS)
    for encoding, pack in PACKED.items():
        assert unpack(bytes(pack(BODY)), encoding, len(BODY)) == BODY
        assert unpack(bytes(pack(b"")), encoding, 10) == b""
    assert unpack(raw_deflate(BODY), "deflate", len(BODY)) == BODY
    assert unpack(bytes(cramjam.snappy.compress(BODY)), "snappy", len(BODY)) == BODY
    assert unpack(b"x", "", 1) == unpack(b"x", "gzip", 1) == b"x"


def test_the_beginning_of_a_body_is_unpacked_even_if_the_rest_is_missing() -> None:
    for pack, encoding in ((gzip.compress, "gzip"), (gzip.compress, "x-gzip"), (zlib.compress, "deflate")):
        assert beginning(pack(BODY)[:-9], encoding, 20) == BODY[:20]
    assert beginning(BODY, "", 20) == BODY[:20]
    assert beginning(BODY, "gzip", 20) == b""


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_more_is_written_than_is_allowed(encoding: str) -> None:
    with pytest.raises(TooLarge):
        unpack(bytes(PACKED[encoding](BODY)), encoding, len(BODY) - 1)
    bomb = bytes(PACKED[encoding](bytes(50_000_000)))
    with pytest.raises(TooLarge):
        unpack(bomb, encoding, 1_000_000)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_is_not_packed_so_is_invalid(encoding: str) -> None:
    packed = bytes(PACKED[encoding](BODY))
    for body in (b"hello world", packed[: len(packed) // 2], b"\xff" * 30):
        with pytest.raises((Invalid, TooLarge)):
            unpack(body, encoding, len(BODY))


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(BODY), "gzip"),
        (BODY.decode().encode("utf-16"), "utf-16"),
        (b"\xfe\xff\x00a\x00b", "utf-16"),
        (BODY, ""),
    ],
)
def test_gzip_and_utf16_are_known_by_their_beginning(body: bytes, encoding: str) -> None:
    assert unstated(body) == encoding
    assert unstated(body, is_text=False) == ("gzip" if encoding == "gzip" else "")
    if encoding:
        assert unpack_unstated(body, encoding, len(BODY)) == (b"ab" if len(body) == 6 else BODY)
        with pytest.raises(TooLarge):
            unpack_unstated(body, encoding, 1)


def test_all_members_of_a_gzip_file_count() -> None:
    many = gzip.compress(b"a 1\n") + gzip.compress(b"") * 2_000 + gzip.compress(BODY)
    for padding in (b"", bytes(20_000)):
        assert unpack_unstated(many + padding, "gzip", 1_000_000) == b"a 1\n" + BODY
    with pytest.raises(TooLarge):
        unpack_unstated(many, "gzip", len(BODY) + 3)
    with pytest.raises(Invalid, match="members"):
        unpack_unstated(gzip.compress(b"") * 100_001, "gzip", 10)


@pytest.mark.parametrize("rest", [b"garbage", gzip.compress(BODY)[:-9]])
def test_gzip_with_a_broken_end_is_invalid(rest: bytes) -> None:
    for body in (rest, gzip.compress(b"a 1\n") + rest):
        with pytest.raises(Invalid):
            unpack_unstated(body, "gzip", len(BODY) + 10)


def test_utf16_is_decoded_in_steps_and_may_be_broken() -> None:
    text = "漢字😀" * 300_000
    assert unpack_unstated(text.encode("utf-16"), "utf-16", 10_000_000) == text.encode()
    for broken in (b"\xff\xfe\x00\xd8" * 100, "ab".encode("utf-16")[:-1]):
        with pytest.raises(Invalid):
            unpack_unstated(broken, "utf-16", 1_000)
