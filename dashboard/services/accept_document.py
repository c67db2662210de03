"""Take a document in, or out: check its body, keep to the limits, append it to the journal."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from dashboard.domain.counters import Counters
from dashboard.domain.errors import Invalid, LimitReached, NotFound, TooLarge
from dashboard.domain.series import check_name
from dashboard.ingest.batch import check_declared
from dashboard.ingest.strict_json import check_json
from dashboard.journal.port import METRICS, Journal
from dashboard.replica.changes import DocumentDeleted, DocumentWritten, encode_change
from dashboard.replica.replica import Replica


class AcceptDocument:
    """The only way for documents into the journal."""

    def __init__(
        self,
        *,
        journal: Journal,
        replica: Callable[[], Replica],
        max_documents: int,
        max_bytes: int,
        counters: Counters,
    ) -> None:
        self._journal = journal
        self._replica = replica
        self._max_documents = max_documents
        self._max_bytes = max_bytes
        self._counters = counters

    async def write(self, key: str, body: bytes, *, every_s: float | None = None, request_id: str = "") -> None:
        """Store ``body`` (JSON text) as the document; raises Invalid, TooLarge, LimitReached, Overloaded, Unavailable."""
        check_name(key, field="document")
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
        stored = self._replica().documents.get(key)
        if (stored is None or stored.document is None) and self._replica().document_count() >= self._max_documents:
            raise LimitReached(f"would be one more than {self._max_documents} documents; see the setting max_documents")
        change = DocumentWritten(key, msgspec.json.encode(value), every_s)
        await self._journal.append(METRICS, encode_change(change), request_id=request_id)
        self._counters.documents_accepted += 1

    async def delete(self, key: str) -> None:
        """Remove the document; raises NotFound, Overloaded, Unavailable."""
        stored = self._replica().documents.get(key)
        if stored is None or stored.document is None:
            raise NotFound(f"there is no document {key[:40]!a}")
        await self._journal.append(METRICS, encode_change(DocumentDeleted(key)))
