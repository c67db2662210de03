"""Acceptance of a feeder's parsed body: samples, documents, events and ended series, counted by token and format."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from dashboard.cluster.ownership import SeriesOwnership
from dashboard.cluster.rate_limits import SharedRateLimits
from dashboard.cluster.shared_origins import SharedOrigins
from dashboard.cluster.shared_requests import SharedRequests
from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError, Forbidden, Invalid, LimitReached, TooLarge
from dashboard.domain.identity import Caller
from dashboard.ingest.batch import Refusal
from dashboard.ingest.claims import Claims, claim_of_document
from dashboard.ingest.parsed import Parsed
from dashboard.intake.accept_document import AcceptDocument
from dashboard.intake.accept_events import AcceptEvents
from dashboard.intake.accept_samples import AcceptSamples
from dashboard.intake.ended_families import members_of
from dashboard.intake.outcome import Outcome
from dashboard.intake.push_groups import PushGroups
from dashboard.intake.stats import IngestStats
from dashboard.intake.token_limits import TokenLimits
from dashboard.runtime import Group

#: Documents of one body that are appended at a time; the rest waits.
_DOCUMENTS_AT_ONCE = 200
#: Rows of ``dashboard_feeder_samples``; further tokens and formats are counted as OTHER.
_MAX_COUNTED = 1_000
OTHER = "other"
#: An identical request whose samples have no time counts as a repeat for this long.
SAME_REQUEST_MS = 60_000


class Intake:
    """Entry point for all formats: passes parsed bodies on to the services that store samples, documents and events."""

    def __init__(
        self,
        *,
        samples: AcceptSamples,
        documents: AcceptDocument,
        events: AcceptEvents,
        groups: PushGroups,
        shared: Iterable[SeriesOwnership | SharedRateLimits | SharedOrigins | SharedRequests],
        origins: SharedOrigins,
        requests: SharedRequests,
        limits: TokenLimits,
        counters: Counters,
        stats: IngestStats,
    ) -> None:
        self.stats = stats
        self.samples = samples
        self.documents = documents
        self.events = events
        self.groups = groups
        self._shared = shared
        self.origins = origins
        self.requests = requests
        self.limits = limits
        self._counters = counters

    async def run(self) -> None:
        """Publish the ownership of series and the use of rates to other processes until cancelled."""
        async with Group() as group:
            for each in self._shared:
                group.start("shared limits", each.run)

    async def accept(
        self, parsed: Parsed, *, caller: Caller, format_: str, request_id: str = "", follows: bool = False
    ) -> Outcome:
        """Store all that is acceptable and return the outcome with the refusals; documents count as samples.

        ``follows``: whether this is a further part of a body whose first part is stored; the caller's rate then only counts it.
        Raises TooMany (nothing was stored), Overloaded or Unavailable (perhaps only a part was stored).
        """
        to_store = len(parsed.batch.keys) + len(parsed.documents) + len(parsed.events)
        left = to_store + len(parsed.batch.refused) + parsed.batch.unread
        outcome, events = Outcome(0, []), 0
        try:
            self.limits.pay(caller, to_store, follows=follows)
            outcome = await self.samples.accept(parsed.batch, request_id=request_id, caller=caller)
            left = len(parsed.documents) + len(parsed.events)
            outcome, failed = await self._with_documents(outcome, parsed, caller, request_id)
            left = len(failed) + len(parsed.events)
            if failed:
                try:
                    raise failed[0]
                finally:
                    failed.clear()  # they hold this frame, which would hold them
            if parsed.ended or parsed.ended_families:
                members = await members_of(parsed.ended_families, self.samples.known_series)
                await self.samples.end([*parsed.ended, *members], caller=caller)
            await self.events.accept(parsed.events, request_id=request_id)
            events, left = left, 0
        except DashboardError as error:
            self._counters.samples_refused[error.code] += left
            if left:
                self.stats.note_lost(caller, format_, left, str(error), _first_name(parsed))
            raise
        finally:
            self._count(caller, format_, outcome.accepted + events, outcome.refused_count + left)
            self.stats.note(caller, format_, parsed.batch, outcome.accepted + events, outcome.refused, outcome.unlisted)
            self.stats.note_series(caller, self.limits.series_of(caller))
        return outcome

    async def write_document(
        self, key: str, body: bytes, *, every_s: float | None, caller: Caller, request_id: str = ""
    ) -> None:
        """Store one document from its own URL; raises TooMany and the errors of ``AcceptDocument.write``."""
        try:
            self.limits.pay(caller, 1)
            await self.documents.write(key, body, every_s=every_s, request_id=request_id, caller=caller)
        except DashboardError as error:
            self.note_fault(caller, "document", error.code, str(error), body)
            raise
        self._count(caller, "document", 1, 0)

    def note_fault(
        self, caller: Caller, format_: str, code: str, reason: str, body: bytes, *, address: str = ""
    ) -> None:
        """Count a refused body as one refusal. ``address``: IP address of a sender without a token."""
        self._counters.samples_refused[code] += 1
        self._count(caller, format_, 0, 1)
        self.stats.note_fault(caller, format_, reason, body, address=address)

    async def delete_document(self, key: str, *, caller: Caller) -> None:
        """Delete a document; raises the errors of ``AcceptDocument.delete``."""
        await self.documents.delete(key, caller=caller)

    async def _with_documents(
        self, outcome: Outcome, parsed: Parsed, caller: Caller, request_id: str
    ) -> tuple[Outcome, list[DashboardError]]:
        """Store the documents.

        Return the common outcome of the batch and the documents, and the error of each document that failed. Of several documents
        with one key the last is stored, and its result counts for all of them.
        """
        if not parsed.documents:
            return outcome, []
        newest = {key: (body, every_s) for key, body, every_s in parsed.documents}
        came: dict[str, Refusal | DashboardError | None] = {}
        claims = parsed.batch.claims
        keys = list(newest)
        for start in range(0, len(keys), _DOCUMENTS_AT_ONCE):
            some = keys[start : start + _DOCUMENTS_AT_ONCE]
            tried = await asyncio.gather(*(self._write(key, *newest[key], caller, request_id, claims) for key in some))
            came |= zip(some, tried, strict=True)
        each = [(place, came[key]) for (key, _, _), place in zip(parsed.documents, parsed.places, strict=True)]
        refused = [msgspec.structs.replace(why, index=place) for place, why in each if isinstance(why, Refusal)]
        failed = [why for _, why in each if isinstance(why, DashboardError)]
        for refusal in refused:
            self._counters.samples_refused[refusal.code] += 1
        taken = len(each) - len(refused) - len(failed)
        self._counters.documents_accepted += taken - sum(why is None for why in came.values())
        in_order = sorted([*outcome.refused, *refused], key=lambda refusal: refusal.index)
        return Outcome(outcome.accepted + taken, in_order, outcome.series, outcome.unlisted), failed

    async def _write(
        self, key: str, body: bytes, every_s: float | None, caller: Caller, request_id: str, claims: Claims
    ) -> Refusal | DashboardError | None:
        try:
            once = f"{request_id}/{key}" if request_id else ""
            claim = claim_of_document(claims, key)
            await self.documents.write(
                key, body, every_s=every_s, passing=True, request_id=once, caller=caller, claim=claim
            )
        except (Invalid, TooLarge, LimitReached, Forbidden) as error:
            return Refusal(0, "document", str(error), error.code, key)
        except DashboardError as error:
            return error
        return None

    def _count(self, caller: Caller, format_: str, accepted: int, refused: int) -> None:
        counted = self._counters.feeder_samples
        token = caller.name if caller.token is not None else caller.kind
        for outcome, count in (("accepted", accepted), ("refused", refused)):
            row = token, format_, outcome
            if count:
                counted[row if row in counted or len(counted) < _MAX_COUNTED else (OTHER, format_, outcome)] += count


def _first_name(parsed: Parsed) -> str:
    """Return the name of a body's first series, document or event, for the statistics."""
    if parsed.batch.keys:
        return parsed.batch.keys[0]
    return parsed.documents[0][0] if parsed.documents else parsed.events[0].title if parsed.events else ""
