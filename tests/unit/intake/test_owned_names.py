from __future__ import annotations

import pytest

from dashboard.domain.errors import DashboardError, Overloaded, Unavailable
from dashboard.ingest.batch import Batch
from dashboard.ingest.claims import Claim
from dashboard.ingest.origins import Origins
from dashboard.intake.owned_names import provisional, settle
from dashboard.intake.shares import divide
from tests.support.claims import own


def test_accepted_samples_take_their_names_unless_another_sender_was_faster() -> None:
    owners = Origins()
    keys = ["a_b", "c_d", "a_b", "known"]
    batch = Batch(keys, [None] * 4, [1.0, 2.0, 3.0, 4.0])
    batch.claims = {key: Claim(owners, key, key.replace("_", " ")) for key in ("a_b", "c_d", "refused")}
    own(owners, "c_d", "c_d")
    (share,) = divide(batch, 1)
    settled: list[Claim] = []
    (refusal,) = settle(share, batch.claims, settled, batch)
    assert (refusal.index, refusal.code, "'c d' and 'c_d'" in refusal.reason) == (1, "name_taken", True)
    assert (share.batch.keys, share.batch.values) == (["a_b", "a_b", "known"], [1.0, 3.0, 4.0])
    assert [claim.key for claim in settled] == ["a_b"]
    assert Claim(owners, "refused", "any").settle()
    assert settle(share, {}, settled, batch) == []


@pytest.mark.parametrize(
    ("error", "may_be_stored", "is_kept"),
    [(Overloaded("full"), False, False), (Overloaded("full"), True, True), (Unavailable("no answer"), False, True)],
)
def test_a_name_is_given_back_only_if_it_is_sure_that_nothing_is_stored(
    error: DashboardError, may_be_stored: bool, is_kept: bool
) -> None:
    claim = Claim(Origins(), "a_b", "a b")
    assert claim.settle()
    with pytest.raises(type(error)), provisional([claim], lambda: may_be_stored):
        raise error
    assert claim.settle() is not is_kept
