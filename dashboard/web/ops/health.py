"""HTTP handlers for liveness, readiness, metrics and a summary of the WebSocket connections."""

from __future__ import annotations

from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from dashboard.cluster.membership import Membership
from dashboard.cluster.readiness import Readiness
from dashboard.domain.identity import Role
from dashboard.hub.registry import ConnectionRegistry
from dashboard.presence.tracker import PresenceTracker
from dashboard.web.server.base import BaseHandler


class ClientServices(NamedTuple):
    """Services of ``/metrics/websocket``."""

    nodes: Membership
    registry: ConnectionRegistry
    presence: PresenceTracker


class HealthHandler(BaseHandler[None]):
    """``/healthz``: 200 as long as the process answers. HAProxy's ``option httpchk /healthz`` asks with OPTIONS."""

    def get(self) -> None:
        self.write_json({"status": "ok"})

    options = get


class ReadyHandler(BaseHandler[Readiness]):
    """``/readyz``: 200 if this process should get traffic, else 503 with the reasons. Only operators get the notices, which name boards."""

    def get(self) -> None:
        checks = self.services.checks()
        ready = all(state == "ok" for state in checks.values())
        notices = self.services.notices() if self.caller.role >= Role.OPERATOR else {}
        body = {"ready": ready, "checks": checks} | ({"notices": notices} if notices else {})
        self.write_json(body, 200 if ready else 503)

    options = get


class SocketsHandler(BaseHandler[ClientServices]):
    """``/metrics/websocket``: summary of the WebSocket connections."""

    def get(self) -> None:
        nodes, registry, presence = self.services
        connections = registry.connections
        watching = sum(bool(connection.subscriptions) for connection in connections)
        self.write_json(
            {
                "activeConnections": len(connections),
                "connectedSockets": len(connections),
                "rooms": len(registry.rooms()),
                "members": sum(len({c.caller.id for c in registry.in_room(room)}) for room in registry.rooms()),
                "authenticated": len(registry.people),
                "users": len(presence.people()),
                "watching": watching,
                "node": nodes.name,
                "nodes": len(nodes.table.nodes),
                "clusterConnections": int(nodes.totals().get("viewers", 0)),
            }
        )


class MetricsHandler(BaseHandler[CollectorRegistry]):
    """``/metrics``: all metrics in Prometheus' text format."""

    def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(self.services))
