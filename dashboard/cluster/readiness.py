"""Readiness of this process for traffic, with the reasons if it is not ready."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboard.cluster.membership import Membership
from dashboard.journal.port import Journal
from dashboard.replication.replicas import Replicas

#: A process whose replicas are this many entries behind the journal is not ready: it would show old values.
_MAX_LAG_ENTRIES = 1_000


class Readiness:
    """Checks behind ``/readyz``. ``draining``: True if the process is stopping and accepts no new clients.

    ``others``: checks of further parts by name; each returns its fault, or an empty text. ``notices``: problems that operators
    should solve although the process is ready.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        nodes: Membership,
        replicas: Replicas,
        others: Mapping[str, Callable[[], str]],
        notices: Mapping[str, Callable[[], list[str]]] | None = None,
    ) -> None:
        self._notices = notices or {}
        self._others = others
        self._journal = journal
        self._nodes = nodes
        self._replicas = replicas
        self.draining = False

    def drain(self) -> None:
        """Mark the process as stopping; it stays unready."""
        self.draining = True

    def notices(self) -> dict[str, list[str]]:
        """Return the problems that operators should solve, by part; parts without problems are left out."""
        return {name: texts for name, told in self._notices.items() if (texts := told())}

    def checks(self) -> dict[str, str]:
        """Return the state of each part by its name: ``ok``, or the part's fault."""
        lag = self._replicas.lag()
        return {
            "server": "draining" if self.draining else "ok",
            "journal": self._journal.fault() or "ok",
            "beat": self._nodes.fault() or "ok",
            "replica": "ok" if lag < _MAX_LAG_ENTRIES else f"{lag} entries behind",
        } | {name: fault() or "ok" for name, fault in self._others.items()}
