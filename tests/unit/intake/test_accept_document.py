from __future__ import annotations

import asyncio

import pytest

from dashboard.domain.errors import Forbidden, Invalid, LimitReached, NotFound, TooLarge
from dashboard.ingest.claims import Claim
from dashboard.ingest.origins import NameTaken, Origins
from tests.support.intakes import IntakeStand, feeder

pytestmark = pytest.mark.gen_test


async def test_a_document_is_stored_and_taken_out() -> None:
    stand = IntakeStand()
    async with stand.running():
        await stand.documents.write("note", b'{ "n": 1 }', every_s=5.0)
        stored = (await stand.applied()).documents["note"].document
        assert stored is not None
        assert (stored.body, stored.every_s) == (b'{"n":1}', 5.0)
        assert stand.counters.documents_accepted == 1
        await stand.documents.delete("note")
        assert (await stand.applied()).documents["note"].document is None


async def test_a_document_that_is_not_there_cannot_be_taken_out() -> None:
    stand = IntakeStand()
    async with stand.running():
        with pytest.raises(NotFound):
            await stand.documents.delete("note")


@pytest.mark.parametrize(
    ("key", "body", "error"),
    [
        ("note", b"{", Invalid),
        ("note", b'{"a":1,"a":2}', Invalid),
        ("note", b"[" * 50 + b"]" * 50, Invalid),
        ("", b"1", Invalid),
        ("events", b"1", Invalid),
        ("alerts", b"1", Invalid),
        ("note", b'"' + b"x" * 100 + b'"', TooLarge),
    ],
)
async def test_what_is_no_document_is_refused(key: str, body: bytes, error: type[Exception]) -> None:
    stand = IntakeStand()
    async with stand.running():
        with pytest.raises(error):
            await stand.documents.write(key, body)
    assert stand.journal.head("metrics.0").seq == 0


async def test_not_more_documents_are_stored_than_there_may_be_but_each_may_be_written_again() -> None:
    stand = IntakeStand(max_documents=2)
    async with stand.running():
        await stand.documents.write("a", b"1")
        await stand.documents.write("b", b"1")
        with pytest.raises(LimitReached, match="max_documents"):
            await stand.documents.write("c", b"1")
        await stand.documents.write("a", b"2")
        await stand.documents.delete("b")
        await stand.applied()
        await stand.documents.write("c", b"1")


async def test_a_token_writes_only_what_begins_with_its_prefixes() -> None:
    stand = IntakeStand()
    async with stand.running():
        await stand.documents.write("ci_note", b"1", caller=feeder(prefixes=("ci_",)))
        for attempt in (stand.documents.write("note", b"1", caller=feeder(prefixes=("ci_",))),
                        stand.documents.delete("note", caller=feeder(prefixes=("ci_",)))):  # fmt: skip
            with pytest.raises(Forbidden):
                await attempt


async def test_of_two_senders_at_once_the_document_of_the_second_is_refused_and_not_stored() -> None:
    stand, owners = IntakeStand(), Origins()
    async with stand.running():
        both = [stand.documents.write("a_b", b"1", claim=Claim(owners, "a_b ", "a b")),
                stand.documents.write("a_b", b"2", claim=Claim(owners, "a_b ", "a_b"))]  # fmt: skip
        assert [type(each) for each in await asyncio.gather(*both, return_exceptions=True)] == [type(None), NameTaken]
        stored = (await stand.applied()).documents["a_b"].document
        assert stored is not None
        assert stored.body == b"1"


async def test_a_refused_document_takes_no_name() -> None:
    stand, owners = IntakeStand(), Origins()
    async with stand.running():
        with pytest.raises(Forbidden):
            await stand.documents.write(
                "a_b", b"1", claim=Claim(owners, "a_b ", "a b"), caller=feeder(prefixes=("ci_",))
            )
        await stand.documents.write("a_b", b"2", claim=Claim(owners, "a_b ", "a_b"))


async def test_the_same_request_is_stored_once() -> None:
    stand = IntakeStand()
    async with stand.running():
        for _ in range(2):
            await stand.documents.write("note", b"1", request_id="r1")
    assert stand.journal.head("metrics.0").seq == 1
