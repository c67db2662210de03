"""One connection of a follower, bytes in and bytes out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.client.address import Address
from dashboard.client.following import Following, Lost, ViewConnection
from dashboard.rfc6455.frames import FrameParser, TextMessage, encode_close, encode_frame
from tests.unit.client.test_following import frame, snapshot
from tests.unit.client.test_websocket import accept

ADDRESS = Address.of("http://a")


def said(conversation: ViewConnection) -> list[dict[str, Any]]:
    """Return the messages that wait to be sent."""
    events = FrameParser(max_message_bytes=1_000_000, max_fragments=9).feed(conversation.outgoing())
    return [json.loads(event.text) for event in events if isinstance(event, TextMessage)]


def text(**message: Any) -> bytes:
    return encode_frame(1, json.dumps(message).encode())


def begun(following: Following) -> ViewConnection:
    conversation = ViewConnection(following, ADDRESS, {})
    assert conversation.feed(accept(conversation.outgoing())) == []
    return conversation


def test_it_asks_when_the_handshake_is_done_and_goes_on_from_its_position_the_next_time() -> None:
    following = Following(["a"])
    conversation = begun(following)
    (watch,) = said(conversation)
    assert (watch["type"], watch["selectors"], watch.get("since")) == ("watch", ["a"], None)
    assert len(conversation.feed(text(type="welcome") + text(**snapshot()) + text(**frame(gone=[7])))) == 2
    assert [message["since"] for message in said(begun(following))] == ["e.2"]


def test_an_unknown_series_begins_the_view_anew_on_the_same_connection() -> None:
    conversation = begun(Following(["a"]))
    conversation.feed(text(**snapshot()))
    said(conversation)
    assert conversation.feed(text(**frame(points=[[99, [1], [1.0]]]))) == []
    (watch,) = said(conversation)
    assert "since" not in watch
    (update,) = conversation.feed(text(**snapshot()))
    assert (update.snapshot, update.gap) == (True, "unknown_series")


def test_updates_before_the_end_are_given_first() -> None:
    conversation = begun(Following(["a"]))
    assert len(conversation.feed(text(**snapshot()) + encode_close(4001, "drain"))) == 1
    with pytest.raises(Lost, match="4001"):
        conversation.feed(b"")


@pytest.mark.parametrize(
    "message", [b"[]", b"3", b"{", b'{"type":"snapshot","series":3}', b'{"type":"frame","points":5}']
)
def test_a_message_that_is_none_ends_the_connection(message: bytes) -> None:
    conversation = begun(Following(["a"]))
    with pytest.raises(ConnectionError):
        conversation.feed(encode_frame(1, message))


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_whatever_comes_is_an_update_or_the_end_of_the_connection(pieces: list[bytes]) -> None:
    conversation = begun(Following(["a"]))
    for piece in pieces:
        try:
            conversation.feed(piece)
        except ConnectionError:
            return
