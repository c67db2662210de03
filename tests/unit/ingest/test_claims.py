from __future__ import annotations

import pytest

from dashboard.ingest.claims import Claim
from dashboard.ingest.origins import NameTaken, Origins


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
    Claim(owners, "a_b", "a b").settle()
    heir = Claim(owners, "a_b", "a_b", lambda owner: owner == "a b")
    assert not heir.settle()  # the name had an owner before
    with pytest.raises(NameTaken):
        Claim(owners, "a_b", "a b").settle()
