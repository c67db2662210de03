from __future__ import annotations

import json

import pytest

from dashboard.domain.errors import Invalid, NotFound
from dashboard.hub.shared import Shared
from dashboard.messages.views import Ping, Pong, Watch, encode
from dashboard.rfc6455.close_codes import CloseCode
from tests.support.hubs import Somebody, Viewer, connect


def test_a_request_goes_to_the_port() -> None:
    port = Somebody()
    connect(port=port).receive('{"type":"ping","id":1}', 101.0)
    connect(port=port).receive('{"type":"watch","board":"wall"}', 101.0)
    assert [type(each) for each in port.taken] == [Ping, Watch]


def test_a_request_that_the_port_refuses_is_answered_with_the_error() -> None:
    viewer, port = Viewer(), Somebody()
    port.error = NotFound("there is no board 'x'")
    connect(viewer, port=port).receive('{"type":"watch","id":4,"board":"x"}', 101.0)
    assert viewer.told == [{"id": 4, "type": "error", "code": "not_found", "message": "there is no board 'x'"}]


def test_what_is_no_request_is_answered_and_the_connection_lives_on() -> None:
    viewer, port = Viewer(), Somebody()
    connection = connect(viewer, port=port)
    connection.receive('{"type":"dance","id":4}', 101.0)
    assert (viewer.kinds(), viewer.told[0]["id"], port.taken, connection.closed) == (["error"], 4, [], False)
    connection.receive('{"type":"ping"}', 102.0)
    assert len(port.taken) == 1


def test_a_flood_of_messages_ends_the_connection() -> None:
    viewer, port = Viewer(may_end=True), Somebody()
    connection = connect(viewer, port=port)
    for _ in range(100):
        if not connection.closed:
            connection.receive('{"type":"ping"}', 101.0)
    assert len(port.taken) < 100
    assert (viewer.ended, port.codes) == (CloseCode.RATE_LIMIT, [CloseCode.RATE_LIMIT])


def test_an_error_is_an_answer_to_its_request() -> None:
    viewer = Viewer()
    connect(viewer).refuse(Invalid("is empty", field="text"), "r1")
    assert viewer.told == [{"id": "r1", "type": "error", "code": "invalid", "message": "text: is empty"}]


def test_a_snapshot_carries_the_board_if_there_is_one() -> None:
    viewer = Viewer()
    connection = connect(viewer)
    connection.reply_snapshot(b'{"type":"snapshot"}', 1, b'{"title":"Wall"}')
    connection.reply_snapshot(b'{"type":"snapshot"}', None, None)
    assert viewer.told == [{"id": 1, "type": "snapshot", "board": {"title": "Wall"}}, {"type": "snapshot"}]


def test_a_client_that_does_not_read_its_answers_or_messages_is_closed() -> None:
    for tell in ("reply", "send_or_close"):
        viewer, port = Viewer(may_end=True), Somebody()
        connection = connect(viewer, port=port)
        viewer.buffered = 1_000
        assert connection.is_reading
        viewer.buffered = 1_001
        assert not connection.is_reading
        connection.reply(encode(Pong(1)), 1) if tell == "reply" else connection.send_or_close(Shared(encode(Pong(1))))
        assert (viewer.told, viewer.ended, port.codes) == ([], CloseCode.SLOW, [CloseCode.SLOW])


def test_what_must_be_known_is_sent_whatever_is_still_buffered() -> None:
    viewer = Viewer()
    viewer.buffered = 10**6
    connect(viewer).send(Shared(encode(Pong(1))))
    assert viewer.kinds() == ["pong"]


def test_nothing_is_said_on_a_closed_connection() -> None:
    viewer, port = Viewer(may_end=True), Somebody()
    connection = connect(viewer, port=port)
    connection.give_up(CloseCode.DRAIN, "come back")
    connection.reply(encode(Pong(1)))
    connection.send_or_close(Shared(encode(Pong(1))))
    connection.give_up(CloseCode.SLOW, "again")
    assert (viewer.told, viewer.ended, port.codes) == ([], CloseCode.DRAIN, [CloseCode.DRAIN])


def test_a_peer_that_does_not_read_is_dropped_without_a_close_frame() -> None:
    viewer = Viewer(may_end=True)
    viewer.writing = True
    connect(viewer).give_up(CloseCode.SLOW, "does not drain")
    assert viewer.ended == "dropped"


@pytest.mark.parametrize("deflating", [False, True])
def test_a_message_is_compressed_where_that_was_agreed_on(deflating: bool) -> None:
    frames: list[bytes] = []

    class Raw(Viewer):
        def send(self, frame: bytes) -> None:
            frames.append(frame)

    viewer, message = Raw(), Shared(json.dumps(["x"] * 100).encode())
    viewer.deflating = deflating
    connect(viewer).send_or_close(message)
    assert frames.pop() == (message.deflated if deflating else message.frame)
