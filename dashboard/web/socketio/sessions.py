"""Sessions of Engine.IO in this process, by their ids, and the packet that opens one."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec

from dashboard.socketio.dialect import Carrier
from dashboard.web.socketio.engine_ports import EngineClient, Socket
from dashboard.web.socketio.engine_session import EngineLimits, EngineSession


class EngineSessions:
    """Registry of sessions. An id is secret: everybody who knows it can send and poll in its session.

    An id begins with ``node_id``, so that every process knows which process holds the session.
    """

    def __init__(self, limits: EngineLimits, node_id: str = "") -> None:
        self.limits = limits
        self._node_id = node_id
        self._sessions: dict[str, EngineSession] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, sid: str) -> EngineSession | None:
        """Return the session with this id, None if this process has no such session."""
        return self._sessions.get(sid)

    def create(self, accept: Callable[[EngineSession], EngineClient], socket: Socket | None = None) -> EngineSession:
        """Return a new session. ``accept`` makes its client; ``socket``: the WebSocket that carries it from its start."""
        sid = f"{self._node_id}.{secrets.token_urlsafe(15)}"
        session = EngineSession(sid, self.limits, on_end=self._forget, accept=accept, socket=socket)
        self._sessions[session.sid] = session
        return session

    def _forget(self, session: EngineSession) -> None:
        self._sessions.pop(session.sid, None)

    def open_packet(self, session: EngineSession, carrier: Carrier) -> bytes:
        """Return the first packet of a session."""
        limits = self.limits
        return b"0" + msgspec.json.encode(
            {
                "sid": session.sid,
                "upgrades": ["websocket"] if carrier == "polling" else [],
                "pingInterval": round(limits.ping_interval_s * 1000),
                "pingTimeout": round(limits.ping_timeout_s * 1000),
                "maxPayload": limits.max_body_bytes,
            }
        )
