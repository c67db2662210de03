"""Sessions of Engine.IO by their ids."""

from __future__ import annotations

import json

import pytest

from dashboard.web.socketio.engine_session import EngineLimits
from dashboard.web.socketio.sessions import EngineSessions
from tests.unit.web.socketio.test_engine_session import Client

pytestmark = pytest.mark.gen_test
LIMITS = EngineLimits(ping_interval_s=25, ping_timeout_s=20, max_body_bytes=1_000)


async def test_a_session_is_found_by_its_secret_id_which_names_its_process() -> None:
    sessions = EngineSessions(LIMITS, "node-1")
    one, two = sessions.create(Client), sessions.create(Client)
    assert one.sid.startswith("node-1.")
    assert one.sid != two.sid
    assert len(one.sid) > 25
    assert (sessions.get(one.sid), sessions.get("unknown"), len(sessions)) == (one, None, 2)


async def test_the_first_packet_says_the_limits_and_what_the_client_may_upgrade_to() -> None:
    sessions = EngineSessions(LIMITS)
    session = sessions.create(Client)
    packet = sessions.open_packet(session, "polling")
    assert packet[:1] == b"0"
    assert json.loads(packet[1:]) == {
        "sid": session.sid,
        "upgrades": ["websocket"],
        "pingInterval": 25_000,
        "pingTimeout": 20_000,
        "maxPayload": 1_000,
    }
    assert json.loads(sessions.open_packet(session, "websocket")[1:])["upgrades"] == []
