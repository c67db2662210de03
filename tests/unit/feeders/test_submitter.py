"""Submission of a parser's result to the services: patience, no doubles, exact counts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest

from dashboard.domain.errors import Invalid, LimitReached, Unavailable
from dashboard.domain.event import EventIn
from dashboard.domain.identity import Caller
from dashboard.feeders import statsd
from dashboard.feeders import submitter as keeper_module
from dashboard.feeders.source_state import SourceState
from dashboard.feeders.sources_file import Statsd
from dashboard.feeders.statsd import StatsdSource
from dashboard.feeders.submitter import Submitter
from dashboard.ingest.batch import Batch
from dashboard.ingest.claims import Claim
from dashboard.ingest.parsed import Parsed
from dashboard.ingest.statsd_aggregator import Aggregator
from dashboard.intake.accept_document import AcceptDocument
from dashboard.intake.accept_samples import AcceptSamples
from dashboard.intake.outcome import Outcome
from dashboard.intake.token_limits import TokenLimits
from tests.support.histories import T0
from tests.support.intakes import IntakeStand


@dataclass
class Services:
    """Both services, which refuse as often as the test says and then store."""

    refusals: int = 0
    batches: list[Batch] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    full: bool = False

    def latest_ms(self) -> int:
        return 2_000_000_000_000

    def series_of(self, caller: Caller) -> int:
        return len({(caller.id, key) for batch in self.batches for key in batch.keys})

    async def accept(self, batch: Batch, *, request_id: str = "", caller: Caller | None = None) -> Outcome:
        assert caller is not None
        self.ids.append(request_id)
        if self.refusals:
            self.refusals -= 1
            raise Unavailable("the disk is full")
        self.batches.append(batch)
        return Outcome(len(batch.keys), list(batch.refused))

    async def write(
        self,
        key: str,
        body: bytes,
        *,
        every_s: float | None = None,
        passing: bool = False,
        request_id: str = "",
        claim: Claim | None = None,
    ) -> None:
        assert passing
        if self.full:
            raise LimitReached("one document too many")
        self.documents.append(key)


@dataclass
class Events:
    """The service for events."""

    titles: list[str] = field(default_factory=list)

    async def accept(self, events: list[EventIn], *, request_id: str = "") -> None:
        self.titles += [event.title for event in events]


def made(services: Services, events: Events | None = None) -> tuple[Submitter, SourceState]:
    submitter = Submitter(
        samples=cast(AcceptSamples, services),
        documents=cast(AcceptDocument, services),
        limits=cast(TokenLimits, services),
        events=events,
    )
    return submitter, SourceState("a", "test", "nowhere", lambda: 1_000, 10)


def parsed() -> Parsed:
    whole = Parsed()
    whole.add("a", None, 1.0)
    whole.add("b", None, 2.0)
    whole.refuse(2, Invalid("is wrong"), b"c")
    whole.write("note", {"text": "hello"})
    whole.events.append(EventIn(None, "deploy"))
    return whole


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "_FIRST_PAUSE_S", 0.001)


@pytest.mark.gen_test
async def test_everything_that_came_is_counted_once() -> None:
    events = Events()
    services = Services()
    submitter, state = made(services, events)
    await submitter.keep_counted(parsed(), state)
    assert (state.accepted, state.refused, state.dropped, state.series) == (4, {"invalid": 1}, {}, 2)
    assert (services.documents, events.titles) == (["note"], ["deploy"])


@pytest.mark.gen_test
async def test_events_that_nobody_takes_and_documents_that_do_not_fit_are_counted() -> None:
    submitter, state = made(Services(full=True))
    await submitter.keep_counted(parsed(), state)
    assert (state.accepted, state.refused, state.dropped) == (2, {"invalid": 1, "limit_reached": 1}, {"events": 1})


@pytest.mark.gen_test
@pytest.mark.expects_log("the disk is full")
async def test_what_the_journal_refuses_for_now_is_offered_again_under_the_same_number() -> None:
    services = Services(refusals=3)
    submitter, state = made(services)
    await submitter.keep(parsed(), state)
    assert len(services.batches) == 1
    assert len(services.ids) == 4
    assert len(set(services.ids)) == 1
    assert (state.failing_since_ms, state.failures) == (None, {"unavailable": 3})


@pytest.mark.gen_test
async def test_a_document_takes_its_name_when_it_is_stored_and_one_of_another_sender_is_refused() -> None:
    stand, aggregator = IntakeStand(), Aggregator()
    submitter = Submitter(samples=stand.samples, documents=stand.documents, limits=stand.limits)
    state = SourceState("a", "test", "nowhere", lambda: 1_000, 10)
    async with stand.running():
        for check in (b"_sc|my db|0", b"_sc|my_db|1", b"_sc|my db|2"):
            aggregator.feed(check, 2_000_000_000_000)
            for piece in aggregator.flush(T0, 10):
                await submitter.keep_counted(piece, state)
        (stored,) = (await stand.applied()).documents.values()
    assert stored.document is not None
    assert b"critical" in stored.document.body.lower()
    assert aggregator.refused == {"name_taken": 1}


@pytest.mark.gen_test
async def test_without_patience_it_is_raised_at_once() -> None:
    services = Services(refusals=1)
    submitter, state = made(services)
    with pytest.raises(Unavailable):
        await submitter.keep(parsed(), state, patience_s=0)
    assert len(services.ids) == 1


@pytest.mark.gen_test
@pytest.mark.expects_log("the disk is full")
async def test_flushes_wait_for_the_journal_in_a_bounded_queue_and_what_does_not_fit_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(statsd, "_MAX_WAITING", 30)
    services = Services(refusals=10**9)
    submitter, state = made(services)
    source = StatsdSource(Statsd(), submitter=submitter, state=state)
    for number in range(40):
        source._aggregator.feed(b"a:%d|g" % number, 2_000_000_000_000)
        for piece in source._flushed():
            source._put(piece)
    assert len(source._waiting) == 30
    assert state.unstored == {"queue_full": 10}
    storing = asyncio.ensure_future(source._store())
    while not state.failures:
        await asyncio.sleep(0)
    services.refusals = 0
    while source._waiting:
        await asyncio.sleep(0.001)
    storing.cancel()
    assert [batch.values for batch in services.batches] == [[float(number)] for number in range(10, 40)]


@pytest.mark.gen_test
@pytest.mark.expects_log("the disk is full")
async def test_what_waits_when_the_source_stops_is_counted() -> None:
    submitter, state = made(Services(refusals=10**9))
    keeping = asyncio.ensure_future(submitter.keep_counted(parsed(), state))
    while not state.failures:
        await asyncio.sleep(0)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    assert (state.accepted, state.refused, state.dropped) == (0, {}, {"stopped": 5})


@pytest.mark.gen_test
async def test_what_a_journal_refuses_is_counted_by_its_reason() -> None:
    submitter, state = made(Services(refusals=1))
    with pytest.raises(Unavailable):
        await submitter.keep_counted(parsed(), state, patience_s=0)
    assert (state.accepted, state.refused, state.dropped) == (0, {}, {"unavailable": 5})
