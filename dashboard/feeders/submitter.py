"""Submission of a source's parsed data to the services, with retries while the journal cannot store it."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from dashboard.domain.errors import DashboardError
from dashboard.domain.event import EventIn
from dashboard.feeders.source_state import SourceState
from dashboard.ingest.batch import Refusal
from dashboard.ingest.claims import Claim, claim_of_document
from dashboard.ingest.parsed import Parsed
from dashboard.intake.accept_document import AcceptDocument
from dashboard.intake.accept_samples import AcceptSamples
from dashboard.intake.token_limits import TokenLimits

T = TypeVar("T")

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0


@dataclass(slots=True)
class Kept:
    """Result of storing a ``Parsed``.

    ``accepted``: number of samples, documents and events; ``dropped``: number of events that were dropped because no service
    stores events.
    """

    accepted: int = 0
    refused: list[Refusal] = field(default_factory=list)
    dropped: int = 0


class TakesEvents(Protocol):
    """Port to the service that stores events."""

    async def accept(self, events: list[EventIn], *, request_id: str = "") -> None:
        """Store the events; raises Overloaded, Unavailable."""


class Submitter:
    """Writer of sources' data. ``events``: the service that stores events; if None, events are counted as dropped."""

    def __init__(
        self,
        *,
        samples: AcceptSamples,
        documents: AcceptDocument,
        limits: TokenLimits,
        events: TakesEvents | None = None,
    ) -> None:
        self._samples = samples
        self._documents = documents
        self._limits = limits
        self._events = events

    def latest_ms(self) -> int:
        """Return the latest time that a sample may have now, in milliseconds."""
        return self._samples.latest_ms()

    async def keep(
        self,
        parsed: Parsed,
        state: SourceState,
        *,
        patience_s: float = math.inf,
        request_id: str = "",
        of_source: bool = True,
    ) -> Kept:
        """Store all data of ``parsed``. Retries store nothing twice; after ``patience_s`` the last retryable error is raised.

        After a cancellation, a call with the same ``request_id`` continues the work.  ``of_source`` False: the samples are this
        server's own, about the source (``up``), and do not count towards the source's series.
        """
        kept, request_id = Kept(), request_id or secrets.token_hex(8)
        caller = state.caller if of_source else None
        if parsed.batch.keys or parsed.batch.refused:
            outcome = await self._patiently(
                lambda: self._samples.accept(parsed.batch, request_id=request_id, caller=caller), state, patience_s
            )
            state.series = self._limits.series_of(state.caller)
            kept.accepted, kept.refused = outcome.accepted, outcome.refused
        if parsed.ended:
            await self._patiently(lambda: self._samples.end(parsed.ended, caller=caller), state, patience_s)
        for number, (key, body, every_s) in enumerate(parsed.documents):
            claim = claim_of_document(parsed.batch.claims, key)
            await self._write(key, body, every_s, claim, f"{request_id} {number}", kept, state, patience_s)
        if parsed.events and self._events is not None:
            take = self._events
            await self._patiently(lambda: take.accept(parsed.events, request_id=request_id), state, patience_s)
            kept.accepted += len(parsed.events)
        elif parsed.events:
            kept.dropped = len(parsed.events)
        return kept

    async def keep_counted(self, parsed: Parsed, state: SourceState, *, patience_s: float = math.inf) -> None:
        """Store the data as ``keep`` does, and count every outcome in ``state``. ``patience_s``: see ``keep``.

        This is for sources in which each line is one sample.
        """
        try:
            kept = await self.keep(parsed, state, patience_s=patience_s)
        except DashboardError as error:
            state.dropped[error.code] += size_of(parsed) + len(parsed.batch.refused) + parsed.batch.unread
            raise
        except asyncio.CancelledError:
            state.dropped["stopped"] += size_of(parsed) + len(parsed.batch.refused) + parsed.batch.unread
            raise
        state.accepted += kept.accepted
        if parsed.batch.keys:
            state.last_line = f"{parsed.batch.keys[-1]} {parsed.batch.values[-1]:.6g}"[:200]
        state.refuse_all(kept.refused, unlisted=parsed.batch.unread)
        if kept.dropped:
            state.dropped["events"] += kept.dropped

    async def _write(
        self,
        key: str,
        body: bytes,
        every_s: float | None,
        claim: Claim | None,
        request_id: str,
        kept: Kept,
        state: SourceState,
        patience_s: float,
    ) -> None:
        try:
            await self._patiently(
                lambda: self._documents.write(
                    key, body, every_s=every_s, passing=True, request_id=request_id, claim=claim
                ),
                state,
                patience_s,
            )
        except DashboardError as error:
            if error.retryable:
                raise
            kept.refused.append(Refusal(0, "document", str(error), error.code, key))
        else:
            kept.accepted += 1

    async def _patiently(self, call: Callable[[], Awaitable[T]], state: SourceState, patience_s: float) -> T:
        loop = asyncio.get_running_loop()
        until, pause_s, failed = loop.time() + patience_s, _FIRST_PAUSE_S, False
        while True:
            try:
                result = await call()
            except DashboardError as error:
                if not error.retryable or loop.time() + pause_s > until:
                    raise
                state.fail(error)
                failed = True
            else:
                if failed:
                    state.well()
                return result
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)


def size_of(parsed: Parsed) -> int:
    """Count the samples, documents and events to store."""
    return len(parsed.batch.keys) + len(parsed.documents) + len(parsed.events)
