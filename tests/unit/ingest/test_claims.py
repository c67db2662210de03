from __future__ import annotations

import pytest

from dashboard.ingest.claims import Claim, claim_of_document
from dashboard.ingest.origins import NameTaken, Origins
from tests.support.claims import own


def test_a_claim_is_checked_settled_and_released_at_its_own_owners() -> None:
    owners, others = Origins(), Origins()
    first, second = Claim(owners, "a_b", "a b"), Claim(owners, "a_b", "a_b")
    second.check()
    assert first.settle()
    with pytest.raises(NameTaken):
        second.check()
    Claim(others, "a_b", "a_b").check()
    first.release()
    assert second.settle()


def test_an_owner_that_gives_way_loses_the_name() -> None:
    owners = Origins()
    own(owners, "a_b", "a b")
    heir = Claim(owners, "a_b", "a_b", lambda owner: owner == "a b")
    assert not heir.settle()  # the name had an owner before, so nothing is provisional
    with pytest.raises(NameTaken):
        Claim(owners, "a_b", "a b").settle()


def test_a_name_belongs_to_one_whose_sample_is_stored_whatever_happens_to_others() -> None:
    owners = Origins()
    first, second, other = (Claim(owners, "a_b", origin) for origin in ("a b", "a b", "a_b"))
    assert (first.settle(), second.settle()) == (True, True)  # two bodies of one sender
    first.release()
    with pytest.raises(NameTaken):
        other.settle()
    second.keep()
    first.release()
    assert not first.settle()
    with pytest.raises(NameTaken):
        other.settle()


def test_a_provisional_owner_that_gave_way_takes_nothing_from_its_heir() -> None:
    owners = Origins()
    first, heir = Claim(owners, "a_b", "a b"), Claim(owners, "a_b", "a_b", lambda _: True)
    first.settle()
    assert heir.settle()
    first.release()
    first.keep()
    with pytest.raises(NameTaken):
        first.settle()
    heir.keep()
    assert not heir.settle()


def test_the_claim_to_a_series_is_none_to_the_document_of_that_name() -> None:
    series, document = Claim(Origins(), "a", "a"), Claim(Origins(), "a ", "a")
    assert claim_of_document({"a": series}, "a") is None
    assert claim_of_document({"a": series, "a ": document}, "a") is document
