from __future__ import annotations

import zlib

from dashboard.hub.shared import Shared
from dashboard.rfc6455.frames import Opcode, encode_frame
from tests.support.hubs import Viewer

BODY = b'{"type":"frame","points":[' + b"[1,[2],[3]]," * 50 + b"[]]}"


def test_a_message_is_one_text_frame() -> None:
    assert Shared(BODY).frame == encode_frame(Opcode.TEXT, BODY)


def test_the_compressed_frame_is_shorter_and_holds_the_same_text() -> None:
    shared = Shared(BODY)
    frame = shared.deflated
    assert frame[0] & 0x40  # RSV1: compressed, RFC 7692
    assert len(frame) < len(shared.frame) / 2
    payload = frame[2:] if frame[1] < 126 else frame[4:]
    assert zlib.decompressobj(-15).decompress(payload + b"\0\0\xff\xff") == BODY


def test_all_who_get_a_message_get_the_same_bytes() -> None:
    shared = Shared(BODY)
    assert shared.frame is shared.frame
    assert shared.deflated is shared.deflated


def test_a_translation_is_made_once_for_all_clients_of_a_dialect() -> None:
    class Counting:
        def __init__(self) -> None:
            self.made = 0

        def wire(self, body: bytes) -> bytes:
            self.made += 1
            return body.upper()

    message, first, second = Shared(b'{"type":"x"}'), Viewer(), Viewer()
    assert message.bytes_for(first) == message.frame
    dialect = Counting()
    first.dialect = second.dialect = dialect  # type: ignore[assignment]
    assert message.bytes_for(first) == message.bytes_for(second) == b'{"TYPE":"X"}'
    assert dialect.made == 1
