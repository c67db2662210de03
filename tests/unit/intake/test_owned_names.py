from __future__ import annotations

from dashboard.ingest.batch import Batch
from dashboard.ingest.claims import Claim
from dashboard.ingest.origins import Origins
from dashboard.intake.owned_names import settle
from dashboard.intake.shares import divide


def test_accepted_samples_take_their_names_unless_another_sender_was_faster() -> None:
    owners = Origins()
    keys = ["a_b", "c_d", "a_b", "known"]
    batch = Batch(keys, [None] * 4, [1.0, 2.0, 3.0, 4.0])
    batch.claims = {key: Claim(owners, key, key.replace("_", " ")) for key in ("a_b", "c_d", "refused")}
    Claim(owners, "c_d", "c_d").settle()
    (share,) = divide(batch, 1)
    settled: list[Claim] = []
    (refusal,) = settle(share, batch.claims, settled, batch)
    assert (refusal.index, refusal.code, "'c d' and 'c_d'" in refusal.reason) == (1, "name_taken", True)
    assert (share.batch.keys, share.batch.values) == (["a_b", "a_b", "known"], [1.0, 3.0, 4.0])
    assert [claim.key for claim in settled] == ["a_b"]
    assert Claim(owners, "refused", "any").settle()
    assert settle(share, {}, settled, batch) == []
