"""Bytes of payloads: MessagePack arrays that begin with a tag."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

S = TypeVar("S", bound=Struct)


class Codec(Generic[S]):
    """Encoder and decoder of the payloads in a table of tags."""

    def __init__(self, table: Mapping[str, type[S]]) -> None:
        kinds = reduce(or_, table.values())  # a union of types, which msgspec takes like a type
        self._decoder: msgspec.msgpack.Decoder[S] = msgspec.msgpack.Decoder(kinds)
        self._encoder = msgspec.msgpack.Encoder()

    def encode(self, payload: S) -> bytes:
        """Return the bytes of a payload."""
        return self._encoder.encode(payload)

    def decode(self, data: bytes) -> S | None:
        """Decode a payload; return None for damaged bytes and for bytes of another program or of a later version."""
        try:
            return self._decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
