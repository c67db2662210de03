from __future__ import annotations

from dashboard.messages.people import encode_personal
from dashboard.messages.rooms import Left
from dashboard.rfc6455.frames import Opcode, encode_frame
from dashboard.socketio.dialect import Dialects

MAIN = frozenset({"/"})


def test_clients_alike_share_a_dialect_so_that_a_broadcast_is_translated_once() -> None:
    dialects = Dialects(lambda: 5)
    assert dialects.get("websocket", MAIN) is dialects.get("websocket", frozenset({"/"}))
    assert dialects.get("websocket", MAIN) is not dialects.get("polling", MAIN)


def test_a_packet_is_a_frame_or_a_part_of_a_body() -> None:
    dialects, body = Dialects(lambda: 5), encode_personal(Left("ops"))
    packet = b'42["room:left",{"roomId":"ops"}]'
    assert dialects.get("websocket", MAIN).wire(body) == encode_frame(Opcode.TEXT, packet)
    assert dialects.get("polling", MAIN).wire(body) == packet
    assert dialects.get("polling", frozenset()).wire(body) == b""
    assert dialects.get("polling", MAIN).packed([b"1", b"2"]) == b"41\x1e42"
