"""State of one source of data in this process: whether it runs here, its counters, its refusals and their reasons."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from dashboard.domain import feeder as kept
from dashboard.domain.errors import DashboardError
from dashboard.domain.feeder import FeederState
from dashboard.domain.identity import Caller, Token
from dashboard.ingest.batch import UNREAD, Refusal
from dashboard.ingest.naming import shown
from dashboard.intake.refusal_log import RefusalLog

_log = logging.getLogger(__name__)

_KEPT_REFUSALS = 20
#: The rate is measured over this many calls of ``rate``.
_RATED = 6

#: ``waiting``: it is not known yet which process runs it.
Place = Literal["waiting", "here", "elsewhere"]
_PLACES: dict[Place, str] = {"waiting": "no longer runs here", "here": "runs here", "elsewhere": "runs elsewhere"}


class SourceFault(DashboardError):
    """Failure of a source; failures are counted by ``reason``, a single word."""

    code = "source"
    retryable = True

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


class SourceRefusal(NamedTuple):
    """Refused data: when, why, and its first bytes as text."""

    t_ms: int
    reason: str
    snippet: str


@dataclass(slots=True)
class SourceState:
    """Counters and faults of a source. Every unit of data (line or value) is ``accepted``, ``refused`` or ``dropped``.

    ``received`` counts the datagrams, connections, messages or answers that contained these units.  ``unstored`` counts samples of accepted
    lines that could not be stored (StatsD makes one sample of many lines).  ``series``: the number of series that the source has created,
    of at most ``max_series``.
    """

    id: str
    kind: str
    address: str
    now_ms: Callable[[], int]
    max_series: int
    place: Place = "waiting"
    failing_since_ms: int | None = None
    reason: str = ""
    last_seen_ms: int | None = None
    received: int = 0
    series: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # by code
    dropped: Counter[str] = field(default_factory=Counter)  # by reason; "kernel" counts datagrams
    unstored: Counter[str] = field(default_factory=Counter)  # by code
    failures: Counter[str] = field(default_factory=Counter)  # by reason
    refusals: deque[SourceRefusal] = field(default_factory=lambda: deque(maxlen=_KEPT_REFUSALS))
    last_line: str = ""
    _pace: RefusalLog = field(default_factory=RefusalLog)
    _rated: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_RATED))

    @property
    def caller(self) -> Caller:
        """Caller in whose name this source stores its samples."""
        return Caller(
            "source", self.id, self.id, token=Token(f"source:{self.id}", self.id, (), max_series=self.max_series)
        )

    def rate(self) -> float:
        """Return the number of accepted units per second, averaged over the last ``_RATED`` calls."""
        now_ms = self.now_ms()
        self._rated.append((now_ms, self.accepted))
        then_ms, accepted = self._rated[0]
        return round((self.accepted - accepted) * 1000 / (now_ms - then_ms), 2) if now_ms > then_ms else 0.0

    def seen(self, received: int = 1) -> None:
        """Count received datagrams, connections, messages or answers."""
        self.received += received
        self.last_seen_ms = self.now_ms()

    def refuse(self, code: str, reason: str, offending: bytes | str, *, count: bool = True) -> None:
        """Keep, log and count a refusal. ``count`` False: do not count it, because the caller does."""
        if count:
            self.refused[code] += 1
        now_ms, snippet = self.now_ms(), shown(offending)
        self.refusals.append(SourceRefusal(now_ms, reason, snippet))
        self._pace.say(_log, f"source {self.id}", reason, snippet, now_ms)

    def refuse_all(self, refusals: Sequence[Refusal], *, count: bool = True, unlisted: int = 0) -> None:
        """Count the refusals of a parser or of the intake; keep the last of them, and log the first.

        ``unlisted``: number of further refusals that are not listed.
        """
        if unlisted:
            self.refused[UNREAD] += unlisted
        if count:
            self.refused.update(each.code for each in refusals)
        for each in refusals[:1]:
            self._pace.say(_log, f"source {self.id}", _told(each), each.snippet, self.now_ms(), len(refusals))
        now_ms = self.now_ms()
        self.refusals.extend(
            SourceRefusal(now_ms, _told(each), shown(each.snippet)) for each in refusals[-_KEPT_REFUSALS:]
        )

    def fail(self, fault: Exception) -> None:
        """Record that the source does not work now; log only the first of several failures in a row."""
        reason = fault.reason if isinstance(fault, SourceFault) else getattr(fault, "code", type(fault).__name__)
        self.failures[reason] += 1
        said = text_of(fault)
        if self.failing_since_ms is None:
            self.failing_since_ms = self.now_ms()
            _log.warning("source %s: %s", self.id, said)
        self.reason = said

    def well(self) -> None:
        """Record that the source works."""
        if self.failing_since_ms is not None:
            self.failing_since_ms, self.reason = None, ""
            _log.info("source %s: works again", self.id)

    def moved(self, place: Place) -> None:
        """Record whether the source runs here or in another process, and log a change."""
        if place != self.place:
            self.place = place
            if place != "here":
                self.failing_since_ms, self.reason = None, ""
            _log.info("source %s: %s", self.id, _PLACES[place])


def feeder_of(state: SourceState) -> FeederState:
    """Convert a source's state to a feeder's, for the ingest statistics."""
    newest = state.refusals[-1].snippet if state.refusals else ""
    return FeederState(
        key=f"source:{state.id}",
        name=state.id,
        kind="source",
        formats=(state.kind,),
        accepted=state.accepted,
        refused=state.refused.total(),
        dropped=state.dropped.total(),
        series=state.series,
        max_series=state.max_series,
        rate=state.rate(),
        last_ms=state.last_seen_ms or 0,
        last_line=state.last_line or newest,
        state=state.reason if state.failing_since_ms is not None else "",
        refusals=tuple(kept.Refused(each.t_ms, each.reason, each.snippet) for each in state.refusals),
    )


def _told(refusal: Refusal) -> str:
    return f"{refusal.field}: {refusal.reason}" if refusal.field else refusal.reason


def text_of(fault: Exception) -> str:
    """Return what a fault says; of the system's errors without their number."""
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.filename}: {fault.strerror}" if fault.filename else fault.strerror
    return str(fault) or type(fault).__name__
