"""Places for connections: a fifth is reserved for authenticated clients, and one address can take only a limited number of the others.

Each process has its own places. The places that one address takes without a login are counted over all processes of the machine.
"""

from __future__ import annotations

from dashboard.address_counts import AddressCounts, Place
from dashboard.domain.errors import Overloaded
from dashboard.domain.identity import Caller
from dashboard.hub.limits import HubLimits
from dashboard.hub.registry import ConnectionRegistry


class ConnectionPlaces:
    """Limits of all open connections, and of anonymous connections by network (an IPv4 address or a /64)."""

    def __init__(self, registry: ConnectionRegistry, limits: HubLimits, counts: AddressCounts) -> None:
        self._registry = registry
        self._limits = limits
        self._counts = counts

    def reserve(self, caller: Caller, network: str) -> Place:
        """Return a place for a client; raises Overloaded."""
        most, taken = self._limits.max_connections, len(self._registry.connections)
        if taken >= most:
            raise Overloaded(f"more than {most} connections; try again later")
        if caller.kind != "anonymous":
            return Place()
        if taken >= most - most // 5:
            raise Overloaded("the remaining connections are reserved for users and tokens; log in, or try again later")
        most = self._limits.max_anonymous_per_address
        if not self._counts.take(network, most):
            raise Overloaded(f"more than {most} connections of one address without a login; log in, or close some")
        return Place(self._counts, network)
