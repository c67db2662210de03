from __future__ import annotations

from dashboard.messages.rooms import JoinRoom
from dashboard.messages.session import Disconnect, RequestRefusal, SessionLimits
from dashboard.rfc6455.close_codes import CloseCode
from dashboard.socketio.requests import Handshake
from dashboard.socketio.session import Connect, Leave, NamespaceRefusal, Outcome, SocketIoSession


def session(**limits: float) -> SocketIoSession:
    return SocketIoSession(SessionLimits(**limits), 0)


def code(outcome: Outcome) -> CloseCode | None:
    return outcome.code if isinstance(outcome, Disconnect) else None


def test_a_client_connects_to_a_namespace_asks_there_and_leaves_it() -> None:
    one = session()
    assert one.take('0{"token":"t"}', 0) == Connect("/", Handshake(token="t"))
    assert one.take("0/live,", 0) == Connect("/live", Handshake())
    assert one.take('25["room:join","ops"]', 0) == JoinRoom(id="5|/|room:join", room_id="ops")
    assert one.take("1", 0) == Leave("/")
    assert one.namespaces == {"/live"}
    assert code(one.take('2["room:join","ops"]', 0)) is CloseCode.PROTOCOL_ERROR


def test_a_client_that_connects_to_no_namespace_is_overdue() -> None:
    one = session(hello_s=5)
    one.take("0/random", 0)
    assert one.overdue(6)
    one.take("0", 0)
    assert not one.overdue(6)


def test_what_cannot_be_connected_to_is_refused_and_the_session_goes_on() -> None:
    one = session()
    assert one.take("0/random", 0) == NamespaceRefusal("/random", "Invalid namespace")
    assert isinstance(one.take('0{"token":7}', 0), NamespaceRefusal)
    assert one.namespaces == set()
    assert isinstance(one.take("0", 0), Connect)
    assert code(one.take("0", 0)) is CloseCode.PROTOCOL_ERROR


def test_broken_packets_end_the_session_and_wrong_requests_do_not() -> None:
    one = session()
    one.take("0", 0)
    refused = one.take('23["chat:mesage",{}]', 0)
    assert isinstance(refused, RequestRefusal)
    assert (refused.error.code, refused.id) == ("unknown_type", "3|/|unknown")
    assert "chat:message" in refused.error.message
    wrong = one.take('2["chat:message",{}]', 0)
    assert isinstance(wrong, RequestRefusal)
    assert (wrong.error.code, wrong.id) == ("invalid_message", "|/|chat:message")
    assert code(one.take("2{}", 0)) is CloseCode.PROTOCOL_ERROR


def test_what_the_users_client_tells_itself_is_passed_over() -> None:
    one = session()
    one.take("0", 0)
    assert one.take('2["authenticated",{"id":"ann"}]', 0) is None
    assert one.take('2["error",{}]', 0) is None
    assert one.take("37[]", 0) is None


def test_binary_data_is_refused_and_its_attachments_are_skipped() -> None:
    one = session()
    one.take("0", 0)
    refused = one.take('52-4["chat:message",{"_placeholder":true,"num":0}]', 0)
    assert isinstance(refused, RequestRefusal)
    assert "binary" in refused.error.message
    assert refused.id == "4|/|chat:message"
    assert one.skip_attachment(0) is None
    assert one.skip_attachment(0) is None
    assert code(one.skip_attachment(0)) is CloseCode.UNSUPPORTED_DATA
    one.take('51-["x",0]', 0)
    assert code(one.take("1", 0)) is CloseCode.PROTOCOL_ERROR


def test_packets_are_limited_as_messages_are() -> None:
    one = session(messages_per_s=1, message_burst=2)
    one.take("0", 0)
    one.take('2["error"]', 0)
    assert code(one.take('2["error"]', 0)) is CloseCode.RATE_LIMIT
