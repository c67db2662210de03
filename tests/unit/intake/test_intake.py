from __future__ import annotations

import pytest

from dashboard.domain.errors import DashboardError, Invalid, TooMany
from dashboard.domain.event import EventIn
from dashboard.ingest.parsed import Parsed
from tests.support.histories import T0
from tests.support.intakes import LOCAL, IntakeStand, feeder

pytestmark = pytest.mark.gen_test


def body() -> Parsed:
    """Return a body of two samples, a bad line, an event, two documents with one key and one whose key is reserved."""
    parsed = Parsed(events=[EventIn(T0, "deploy")])
    parsed.add("a", T0, 1.0)
    parsed.refuse(1, Invalid("is not a number", field="value"), b"b x")
    parsed.add("c", T0, 2.0)
    for place, key in ((3, "note"), (4, "note"), (5, "events")):
        parsed.write(key, {"n": place}, place=place)
    return parsed


async def test_all_that_a_body_holds_is_taken_in_and_what_is_refused_is_told_in_order() -> None:
    stand = IntakeStand()
    async with stand.running():
        outcome = await stand.intake.accept(body(), caller=LOCAL, format_="json")
        replica = await stand.applied()
        assert sorted(series.text for series in replica.table) == ["a", "c"]
        note = replica.documents["note"].document
        assert note is not None
        assert note.body == b'{"n":4}'
        assert "events" in replica.documents
    assert (outcome.accepted, [refusal.index for refusal in outcome.refused]) == (4, [1, 5])


async def test_what_came_is_counted_by_token_and_format_and_shown() -> None:
    stand = IntakeStand()
    async with stand.running():
        await stand.intake.accept(body(), caller=feeder("ci"), format_="influx")
    assert dict(stand.counters.feeder_samples) == {("ci", "influx", "accepted"): 5, ("ci", "influx", "refused"): 2}
    (shown,) = stand.stats.feeders()
    assert (shown.name, shown.formats) == ("ci", ("influx",))


async def test_of_a_token_that_sends_too_much_nothing_is_taken() -> None:
    stand, slow = IntakeStand(), feeder(per_s=1)
    async with stand.running():
        await stand.intake.accept(body(), caller=slow, format_="json")
        stored = stand.journal.head("metrics.0").seq
        with pytest.raises(TooMany):
            await stand.intake.accept(body(), caller=slow, format_="json")
        assert stand.journal.head("metrics.0").seq == stored


async def test_series_that_their_sender_ended_are_ended() -> None:
    stand = IntakeStand()
    parsed = Parsed(ended=[("a", T0 + 1)])
    parsed.add("a", T0, 1.0)
    async with stand.running():
        await stand.intake.accept(parsed, caller=LOCAL, format_="json")
        replica = await stand.applied()
        assert [series.is_ended for series in replica.table] == [True]


async def test_one_document_is_written_and_deleted_by_its_own_address() -> None:
    stand = IntakeStand()
    async with stand.running():
        await stand.intake.write_document("note", b"1", every_s=None, caller=LOCAL)
        assert (await stand.applied()).documents["note"].document is not None
        await stand.intake.delete_document("note", caller=LOCAL)
        assert (await stand.applied()).documents["note"].document is None
    assert stand.counters.feeder_samples["local", "document", "accepted"] == 1


async def test_a_body_that_is_refused_as_a_whole_is_noted_with_its_reason() -> None:
    stand = IntakeStand()
    async with stand.running():
        with pytest.raises(DashboardError):
            await stand.intake.write_document("note", b"{", every_s=None, caller=LOCAL)
    stand.intake.note_fault(LOCAL, "json", "too_large", "a body may have 10 bytes", b"x" * 50)
    assert (stand.counters.samples_refused["invalid"], stand.counters.samples_refused["too_large"]) == (1, 1)
    (shown,) = stand.stats.feeders()
    assert shown.refused == 2
    assert shown.refusals[-1].reason == "a body may have 10 bytes"
