"""Route of Socket.IO."""

from __future__ import annotations

from dashboard.address_counts import Place
from dashboard.domain.identity import Caller
from dashboard.settings import Settings
from dashboard.web.server.route import AnyRoute, Route
from dashboard.web.socketio.client import SocketIoClient, SocketIoServices
from dashboard.web.socketio.engine_session import EngineLimits, EngineSession
from dashboard.web.socketio.forwarding import Forwarding
from dashboard.web.socketio.handler import EngineServices, SocketIoHandler
from dashboard.web.socketio.sessions import EngineSessions


def socketio_routes(
    clients: SocketIoServices, settings: Settings, *, node_id: str, forwarding: Forwarding | None
) -> list[AnyRoute]:
    """Return the route of Socket.IO.

    ``node_id``: id of this process, new with each start; ``forwarding``: None if there are no other processes.
    """
    sessions = EngineSessions(
        EngineLimits(
            ping_interval_s=settings.heartbeat_s,
            ping_timeout_s=settings.dead_s - settings.heartbeat_s,
            max_body_bytes=settings.max_message_bytes,
        ),
        node_id,
    )

    def accept(engine: EngineSession, caller: Caller, place: Place) -> SocketIoClient:
        return SocketIoClient(engine, clients, caller, place)

    services = EngineServices(sessions, clients.hub.places, accept, settings, forwarding)
    return [Route("/socket.io", SocketIoHandler, services, "Socket.IO: WebSocket and long polling")]
