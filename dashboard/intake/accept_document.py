"""Acceptance of documents: check the body and the limits, append the change to the journal."""

from __future__ import annotations

import logging
from contextlib import suppress

import msgspec

from dashboard.domain.counters import Counters
from dashboard.domain.decode_faults import fault_of
from dashboard.domain.errors import DashboardError, Invalid, LimitReached, NotFound, TooLarge
from dashboard.domain.identity import Caller
from dashboard.domain.partition import partition_of
from dashboard.domain.series import check_name
from dashboard.domain.strict_json import check_json
from dashboard.entries.documents import DocumentDeleted, DocumentWritten
from dashboard.entries.metrics import encode_change
from dashboard.ingest.batch import check_declared
from dashboard.ingest.claims import Claim
from dashboard.intake.accept_events import ALERTS, EVENTS
from dashboard.intake.owned_names import provisional
from dashboard.intake.token_limits import TokenLimits
from dashboard.journal.port import Journal
from dashboard.replication.replicas import Replicas

_log = logging.getLogger(__name__)

#: Beyond this share of the most documents a warning is logged.
_NEARLY_FULL = 0.9


class AcceptDocument:
    """Writer of documents. Only this class appends documents to the journal."""

    def __init__(
        self,
        *,
        journal: Journal,
        replicas: Replicas,
        max_documents: int,
        max_bytes: int,
        limits: TokenLimits,
        counters: Counters,
    ) -> None:
        self._journal = journal
        self._replicas = replicas
        self._max_documents = max_documents
        self._max_bytes = max_bytes
        self._limits = limits
        self._counters = counters
        self._said = False
        self._in_flight: set[str] = set()  # new documents that are being appended

    async def write(
        self,
        key: str,
        body: bytes,
        *,
        every_s: float | None = None,
        passing: bool = False,
        request_id: str = "",
        caller: Caller | None = None,
        claim: Claim | None = None,
    ) -> None:
        """Store ``body`` (JSON text) as the document ``key``.

        Raises Invalid, TooLarge, LimitReached, Forbidden, Overloaded, Unavailable. ``every_s``: the declared cadence;
        ``passing``: see ``Document``. A call with a repeated ``request_id`` stores nothing. ``caller``: its token sets
        limits; a part of this server passes None and has no limits. ``claim``: the sender's claim to the name; if it is
        refused, NameTaken is raised.
        """
        check_name(key, field="document")
        self._limits.check_name(caller, key)
        if key in (EVENTS, ALERTS):
            raise Invalid(f"{key!a} is reserved for this server; choose another name", field="document")
        is_new = not self._exists(key) and key not in self._in_flight
        count = self._count() + self._count_in_flight() if is_new else 0
        self._say_before(count)
        if is_new and count >= self._max_documents:
            raise LimitReached(f"would be one more than {self._max_documents} documents; see the setting max_documents")
        check_declared(None, every_s)
        if len(body) > self._max_bytes:
            raise TooLarge(f"the document has {len(body)} bytes; at most {self._max_bytes}")
        try:
            msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(fault_of(error).said("the body")) from None
        value = check_json(body)
        change = DocumentWritten(key, msgspec.json.encode(value), every_s, passing)
        # before the append: of two senders at once, nothing of the second is stored
        settled = [claim] if claim is not None and claim.settle() else []
        with provisional(settled):
            await self._append(change, request_id, is_new=is_new)
        self._counters.documents_accepted += 1

    async def _append(self, change: DocumentWritten, request_id: str, *, is_new: bool) -> None:
        key = change.key
        if is_new:
            self._in_flight.add(key)
        try:
            await self._journal.append(self._partition(key), encode_change(change), request_id=request_id)
            if is_new:  # only the replica counts it from here on
                with suppress(DashboardError):
                    await self._replicas.catch_up(key)
        finally:
            if is_new:
                self._in_flight.discard(key)

    async def delete(self, key: str, *, caller: Caller | None = None) -> None:
        """Remove the document; raises NotFound, Forbidden, Overloaded, Unavailable."""
        self._limits.check_name(caller, key)
        if self._replicas.of(key) is not None and not self._exists(key):
            await self._replicas.catch_up(key)
        if self._replicas.of(key) is not None and not self._exists(key):
            raise NotFound(f"there is no document {key[:40]!a}")
        await self._journal.append(self._partition(key), encode_change(DocumentDeleted(key)))

    def _say_before(self, count: int) -> None:
        """Warn once that ``count`` documents are near the limit; warn again only after the number has fallen below the mark."""
        is_near = count >= _NEARLY_FULL * self._max_documents
        if is_near and not self._said:
            _log.info(
                "there are %d documents of %d; more will be refused: see the setting max_documents",
                count,
                self._max_documents,
            )
        self._said = is_near or (self._said and not count)

    def _partition(self, key: str) -> str:
        return partition_of(key, self._replicas.partitions)

    def _exists(self, key: str) -> bool:
        replica = self._replicas.of(key)
        stored = replica.documents.get(key) if replica is not None else None
        return stored is not None and stored.document is not None

    def _count_in_flight(self) -> int:
        return sum(not self._exists(key) for key in self._in_flight)

    def _count(self) -> int:
        return sum(replica.document_count() for replica in self._replicas.followed().values())
