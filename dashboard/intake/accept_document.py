"""Take a document in, or out: check its body, keep to the limits, append it to the journal."""

from __future__ import annotations

import logging
from contextlib import suppress

import msgspec

from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError, Invalid, LimitReached, NotFound, TooLarge
from dashboard.domain.identity import Caller
from dashboard.domain.partition import partition_of
from dashboard.domain.series import check_name
from dashboard.domain.strict_json import check_json
from dashboard.entries.documents import DocumentDeleted, DocumentWritten
from dashboard.entries.metrics import encode_change
from dashboard.ingest.batch import check_declared
from dashboard.intake.accept_events import ALERTS, EVENTS
from dashboard.intake.token_limits import TokenLimits
from dashboard.journal.port import Journal
from dashboard.replication.replicas import Replicas

_log = logging.getLogger(__name__)

#: Beyond this part of the documents that there may be, the log says so.
_NEARLY_FULL = 0.9


class AcceptDocument:
    """The only way for documents into the journal."""

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
        self._coming: set[str] = set()  # new documents in entries on their way

    async def write(
        self,
        key: str,
        body: bytes,
        *,
        every_s: float | None = None,
        passing: bool = False,
        request_id: str = "",
        caller: Caller | None = None,
    ) -> None:
        """Store ``body`` (JSON text) as the document.

        Raises Invalid, TooLarge, LimitReached, Forbidden, Overloaded, Unavailable.
        ``passing``: see ``Document``.  ``caller``: whose token sets limits.
        """
        check_name(key, field="document")
        self._limits.check_name(caller, key)
        if key in (EVENTS, ALERTS):
            raise Invalid(
                f"{key} is the list of what happened, which this server keeps; choose another", field="document"
            )
        is_new = not self._is_there(key) and key not in self._coming
        count = self._count() + self._count_coming() if is_new else 0
        self._say_before(count)
        if is_new and count >= self._max_documents:
            raise LimitReached(f"would be one more than {self._max_documents} documents; see the setting max_documents")
        check_declared(None, every_s)
        if len(body) > self._max_bytes:
            raise TooLarge(f"a document may have {self._max_bytes} bytes; this has {len(body)}")
        try:
            msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Invalid(f"the body is not JSON: {error}") from None
        except RecursionError:
            raise Invalid("the body is nested too deep") from None
        value = check_json(body)
        change = DocumentWritten(key, msgspec.json.encode(value), every_s, passing)
        if is_new:
            self._coming.add(key)
        try:
            await self._journal.append(self._partition(key), encode_change(change), request_id=request_id)
            if is_new:  # until then nothing else counts it
                with suppress(DashboardError):
                    await self._replicas.catch_up(key)
        finally:
            if is_new:
                self._coming.discard(key)
        self._counters.documents_accepted += 1

    async def delete(self, key: str, *, caller: Caller | None = None) -> None:
        """Remove the document; raises NotFound, Forbidden, Overloaded, Unavailable."""
        self._limits.check_name(caller, key)
        if self._replicas.of(key) is not None and not self._is_there(key):
            await self._replicas.catch_up(key)
        if self._replicas.of(key) is not None and not self._is_there(key):
            raise NotFound(f"there is no document {key[:40]!a}")
        await self._journal.append(self._partition(key), encode_change(DocumentDeleted(key)))

    def _say_before(self, count: int) -> None:
        """Say once in the log that there will soon be as many as there may be, until there is room again."""
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

    def _is_there(self, key: str) -> bool:
        replica = self._replicas.of(key)
        stored = replica.documents.get(key) if replica is not None else None
        return stored is not None and stored.document is not None

    def _count_coming(self) -> int:
        return sum(not self._is_there(key) for key in self._coming)

    def _count(self) -> int:
        return sum(replica.document_count() for replica in self._replicas.followed().values())
