"""The state machine of an Engine.IO session, with a client and sockets in memory and timers of milliseconds at most."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.rfc6455.close_codes import CloseCode
from dashboard.rfc6455.frames import Opcode, encode_frame
from dashboard.socketio.dialect import Carrier
from dashboard.web.socketio.engine_session import EngineLimits, EngineSession

pytestmark = pytest.mark.gen_test


class Client:
    """Client that writes down what the session tells it."""

    def __init__(self, session: EngineSession) -> None:
        self._session = session
        self.told: list[object] = []
        self.last = b""

    def message(self, data: str) -> None:
        self.told.append(("message", data))

    def binary(self) -> None:
        self.told.append("binary")

    def heard(self) -> None:
        self.told.append("heard")

    def carried(self, carrier: Carrier) -> None:
        self.told.append(carrier)

    def in_rooms(self, rooms: frozenset[str]) -> None:
        self.told.append(rooms)

    def farewell(self, code: int) -> bytes:
        return self.last

    def fail(self, code: CloseCode, reason: str) -> None:
        self.told.append((code, reason))
        self._session.close(code, reason)

    def ended(self, code: int) -> None:
        self.told.append(("ended", code))


class Wire:
    """WebSocket that keeps what is sent."""

    writing = False

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed: int | None = None

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)

    def buffered_bytes(self) -> int:
        return 7

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        self.closed = code

    def abort(self) -> None:
        self.closed = 0


class Stand:
    """A session, its client, and whether it is forgotten."""

    def __init__(self, socket: Wire | None = None, **times: float) -> None:
        self.forgotten: list[EngineSession] = []
        limits = EngineLimits(
            **{"ping_interval_s": 1_000, "ping_timeout_s": 1_000, **times}, max_body_bytes=100, max_packets=3
        )
        self.session = EngineSession("sid", limits, on_end=self.forgotten.append, accept=self._accept, socket=socket)

    def _accept(self, session: EngineSession) -> Client:
        self.client = Client(session)
        return self.client

    async def upgraded(self) -> Wire:
        """Let a WebSocket carry the session."""
        wire = Wire()
        assert self.session.propose(wire)
        self.session.text(wire, "2probe")
        self.session.text(wire, "5")
        wire.sent.clear()
        self.client.told.clear()
        return wire


def frame(text: str) -> bytes:
    return encode_frame(Opcode.TEXT, text.encode())


async def waiting(stand: Stand) -> asyncio.Task[bytes | None]:
    """Return a poll for which there is nothing yet."""
    poll = asyncio.ensure_future(stand.session.poll())
    await asyncio.sleep(0)
    assert not poll.done()
    return poll


async def test_packets_wait_for_a_poll_or_a_poll_for_packets() -> None:
    stand = Stand()
    stand.session.send(b"4a")
    stand.session.send(b"4b")
    assert stand.session.buffered_bytes() == 4
    assert await stand.session.poll() == b"4a\x1e4b"
    poll = await waiting(stand)
    stand.session.send(b"4c")
    stand.session.send(b"4d")
    assert await poll == b"4c\x1e4d"
    assert stand.session.buffered_bytes() == 0


async def test_two_polls_or_two_posts_at_once_break_the_protocol() -> None:
    stand = Stand()
    poll = await waiting(stand)
    assert await stand.session.poll() is None
    assert stand.client.told[-1] == (CloseCode.PROTOCOL_ERROR, "only one poll at a time is allowed")
    assert await poll == b"1"
    assert stand.forgotten == [stand.session]
    other = Stand()
    assert other.session.begin_post()
    other.session.end_post()
    assert other.session.begin_post()
    assert not other.session.begin_post()
    assert other.session.closed


async def test_the_packets_of_a_body_are_taken_in_order() -> None:
    stand = Stand()
    assert stand.session.post("4a\x1e3\x1ebAA==")
    assert stand.client.told == [("message", "a"), "heard", "binary"]
    assert not stand.session.post("4a\x1e4b\x1e4c\x1e4d")
    assert stand.session.closed
    assert not stand.session.begin_post()


@pytest.mark.parametrize("body", ["2", "5", "9", ""])
async def test_what_a_client_may_not_send_ends_the_session(body: str) -> None:
    stand = Stand()
    stand.session.post(body)
    assert stand.session.closed
    assert stand.client.told[-1][0] == CloseCode.PROTOCOL_ERROR  # type: ignore[index]


async def test_a_websocket_takes_over_after_its_probe_and_brings_what_waits() -> None:
    stand, wire = Stand(), Wire()
    poll = await waiting(stand)
    assert stand.session.propose(wire)
    assert not stand.session.propose(Wire())
    stand.session.text(wire, "2probe")
    assert wire.sent == [frame("3probe")]
    assert await poll == b"6"
    stand.session.send(b"4a")
    stand.session.text(wire, "5")
    assert wire.sent[1:] == [frame("4a")]
    assert stand.session.carrier == "websocket"
    assert "websocket" in stand.client.told
    assert stand.session.buffered_bytes() == 7
    assert await stand.session.poll() is None
    assert not stand.session.begin_post()
    assert not stand.session.propose(Wire())


@pytest.mark.parametrize("text", ["5", "4a", "2other", "x"])
async def test_a_websocket_that_does_not_probe_is_sent_away_and_the_session_stays(text: str) -> None:
    stand, wire = Stand(), Wire()
    assert stand.session.propose(wire)
    stand.session.text(wire, text)
    assert wire.closed == CloseCode.NORMAL
    assert not stand.session.closed
    assert stand.session.propose(Wire())


async def test_a_websocket_carries_messages_and_signs_of_life() -> None:
    stand = Stand()
    wire = await stand.upgraded()
    stand.session.text(wire, "4a")
    stand.session.binary(wire)
    stand.session.control(wire)
    stand.session.text(Wire(), "4other")
    assert stand.client.told == [("message", "a"), "binary", "heard"]
    stand.session.text(wire, "2")
    assert stand.session.closed
    assert wire.closed == CloseCode.PROTOCOL_ERROR


async def test_a_client_ends_its_session_by_a_packet_or_by_leaving() -> None:
    by_packet = Stand()
    poll = await waiting(by_packet)
    by_packet.session.post("1")
    assert await poll == b"6"
    by_leaving = Stand()
    poll = await waiting(by_leaving)
    by_leaving.session.leave_poll()
    assert await poll == b""
    by_socket = Stand()
    by_socket.session.socket_ended(await by_socket.upgraded(), 1001)
    codes = [stand.client.told[-1] for stand in (by_packet, by_leaving, by_socket)]
    assert codes == [("ended", CloseCode.NO_STATUS), ("ended", CloseCode.ABNORMAL), ("ended", 1001)]
    assert all(stand.forgotten == [stand.session] for stand in (by_packet, by_leaving, by_socket))


async def test_the_last_words_of_the_server_wait_for_a_poll_and_the_end_for_the_next() -> None:
    stand = Stand()
    stand.client.last = b"4bye"
    stand.session.close(CloseCode.GOING_AWAY, "restart")
    assert stand.session.closed
    assert await stand.session.poll() == b"4bye"
    assert stand.forgotten == []
    assert await stand.session.poll() == b"1"
    assert stand.forgotten == [stand.session]
    carried = Stand()
    wire = await carried.upgraded()
    carried.client.last = frame("4bye")
    carried.session.close(CloseCode.GOING_AWAY, "restart")
    assert (wire.sent, wire.closed) == ([frame("4bye")], CloseCode.GOING_AWAY)


async def test_an_aborted_session_says_nothing() -> None:
    stand = Stand()
    wire = await stand.upgraded()
    stand.client.last = frame("4bye")
    stand.session.abort()
    stand.session.abort()
    assert (wire.sent, wire.closed, stand.forgotten) == ([], 0, [stand.session])
    assert await stand.session.poll() is None


async def test_a_silent_client_is_pinged_and_then_given_up() -> None:
    stand = Stand(ping_interval_s=0, ping_timeout_s=0)
    assert await stand.session.poll() == b"2"
    while not stand.session.closed:
        await asyncio.sleep(0)
    assert stand.client.told[-1] == (CloseCode.NO_PONG, "no pong in time")


async def test_a_session_may_begin_with_a_websocket() -> None:
    wire = Wire()
    stand = Stand(wire)
    assert stand.session.carrier == "websocket"
    stand.session.send(frame("4a"))
    assert wire.sent == [frame("4a")]


async def test_rooms_are_told_to_the_client() -> None:
    stand = Stand()
    stand.session.follow_rooms(["a", "b"])
    assert stand.client.told == [frozenset({"a", "b"})]


async def test_a_session_whose_client_is_not_accepted_pings_nobody() -> None:
    def refuse(_: EngineSession) -> Client:
        raise RuntimeError

    faults = list[object]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    with pytest.raises(RuntimeError):
        EngineSession("s", EngineLimits(0.001, 0.001, 1_000), on_end=lambda _: None, accept=refuse)
    await asyncio.sleep(0.02)
    assert not faults
