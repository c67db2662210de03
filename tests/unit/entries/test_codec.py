from __future__ import annotations

import msgspec
import pytest
from msgspec import Struct

from dashboard.entries.codec import Codec


class Come(Struct, array_like=True, tag="c"):
    name: str


class Gone(Struct, array_like=True, tag="g"):
    name: str
    t_ms: int = 0


CODEC: Codec[Come | Gone] = Codec({"c": Come, "g": Gone})


@pytest.mark.parametrize("payload", [Come("ann"), Gone("bob", 7)])
def test_a_payload_is_read_as_it_was_written(payload: Come | Gone) -> None:
    assert CODEC.decode(CODEC.encode(payload)) == payload


def test_a_payload_is_an_array_that_begins_with_its_tag() -> None:
    assert msgspec.msgpack.decode(CODEC.encode(Gone("bob", 7))) == ["g", "bob", 7]


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc1", b"\x92\xa1z\xa1a", b"\x92\xa1c\x01", b"\x92\xa1c\xa1\xff", b"\x91" * 5_000],
    ids=["empty", "no MessagePack", "later version", "other type", "no UTF-8", "endless"],
)
def test_bytes_that_are_none_of_the_table_are_no_payload(data: bytes) -> None:
    assert CODEC.decode(data) is None
