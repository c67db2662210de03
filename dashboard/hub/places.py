"""Places for connections: a fifth is only for authenticated clients; of the rest, one address can take a limited number."""

from __future__ import annotations

from dashboard.domain.identity import Caller
from dashboard.hub.connection import Connection
from dashboard.hub.limits import HubLimits
from dashboard.hub.registry import ConnectionRegistry


class ConnectionPlaces:
    """Number of open connections, in all, and of anonymous clients by network (an IPv4 address or a /64)."""

    def __init__(self, registry: ConnectionRegistry, limits: HubLimits) -> None:
        self._registry = registry
        self._limits = limits
        self._networks: dict[Connection, str] = {}
        self._by_network: dict[str, set[Connection]] = {}

    def refusal(self, caller: Caller, network: str) -> str:
        """Return why a client gets no place; empty if the client gets a place."""
        most, taken = self._limits.max_connections, len(self._registry.connections)
        if taken >= most:
            return f"more than {most} connections"
        if caller.kind != "anonymous":
            return ""
        if taken >= most - most // 5:
            return "the places that are left are for users and tokens; log in, or try again later"
        most = self._limits.max_anonymous_per_address
        here = self._by_network.get(network, ())
        # some of them may have logged in since
        if len(here) >= most and sum(each.caller.kind == "anonymous" for each in here) >= most:
            return f"more than {most} connections of one address without a login"
        return ""

    def add(self, connection: Connection, network: str) -> None:
        """Count a new connection."""
        if connection.caller.kind == "anonymous":
            self._networks[connection] = network
            self._by_network.setdefault(network, set()).add(connection)

    def remove(self, connection: Connection) -> None:
        """Remove a connection from the counts."""
        if (network := self._networks.pop(connection, None)) is not None:
            here = self._by_network[network]
            here.discard(connection)
            if not here:
                del self._by_network[network]
