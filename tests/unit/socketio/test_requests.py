from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid
from dashboard.messages.auth import Auth
from dashboard.messages.rooms import JoinRoom, LeaveRoom, Post, Typing
from dashboard.messages.views import Request, Watch
from dashboard.socketio.packets import parse
from dashboard.socketio.requests import Handshake, handshake_of, is_known, known_events, request_of


def asked(text: str) -> Request:
    return request_of(parse(text), "1|/|x")


def test_a_room_is_named_by_its_bare_id_or_in_an_object() -> None:
    for text in ('"ops"', '{"roomId":"ops"}'):
        assert asked(f'2["room:join",{text}]') == JoinRoom(id="1|/|x", room_id="ops")
        assert asked(f'2["room:leave",{text}]') == LeaveRoom(id="1|/|x", room_id="ops")
        assert asked(f'2["typing:start",{text}]') == Typing(id="1|/|x", room_id="ops", is_typing=True)
        assert asked(f'2["typing:stop",{text}]') == Typing(id="1|/|x", room_id="ops", is_typing=False)


def test_auth_and_messages_have_the_fields_of_the_users_description() -> None:
    auth = asked('2["auth",{"id":"ann","username":"Ann","token":"t"}]')
    assert auth == Auth(id="1|/|x", user_id="ann", token="t", username="Ann")
    assert asked('2["chat:message",{"roomId":"ops","text":"hi","key":"k","senderId":"x"}]') == Post(
        id="1|/|x", room_id="ops", text="hi", key="k"
    )


def test_other_events_have_the_fields_of_the_plain_protocol_but_not_its_id() -> None:
    assert asked('2/live,["watch",{"id":"mine","board":"host"}]') == Watch(id="1|/|x", board="host")


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('2["room:join"]', "roomId"),
        ('2["room:join",""]', "roomId"),
        ('2["room:join",7]', "room:join"),
        ('2["auth","ann"]', "auth"),
        ('2["chat:message",{"roomId":"ops"}]', "text"),
        ('2["presence",{"status":"busy"}]', "status"),
        ('2["history",{"roomId":"ops","limit":0}]', "limit"),
    ],
)
def test_a_wrong_argument_names_its_field(text: str, field: str) -> None:
    with pytest.raises(Invalid, match=field):
        asked(text)


def test_events_belong_to_their_namespace() -> None:
    assert is_known(parse('2["auth"]'))
    assert not is_known(parse('2/live,["auth"]'))
    assert not is_known(parse('2["watch"]'))
    assert "chat:message" in known_events("/")


def test_what_io_was_given_comes_with_the_connection() -> None:
    assert handshake_of("") == Handshake()
    assert handshake_of('{"token":"t","more":1}') == Handshake(token="t")
    with pytest.raises(Invalid, match="token"):
        handshake_of('{"token":7}')
    with pytest.raises(Invalid):
        handshake_of("{")
