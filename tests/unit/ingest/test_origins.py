from __future__ import annotations

import pytest

from dashboard.ingest.origins import RENEWED_EVERY_MS, NameTaken, Origins, OwnedRecall

T = 1_700_000_000_000


def test_the_first_name_that_comes_owns_the_series() -> None:
    origins = Origins()
    origins.renew(T)
    assert origins.claim("edge_a_b", "edge_a b") == "edge_a_b"
    assert origins.claim("edge_a_b", "edge_a b") == "edge_a_b"
    with pytest.raises(NameTaken, match="edge a_b") as refused:
        origins.claim("edge_a_b", "edge a_b")
    assert (refused.value.code, refused.value.field) == ("name_taken", "series")


def test_an_owner_that_was_silent_for_a_while_loses_its_series() -> None:
    origins = Origins()
    for period in range(2):
        origins.renew(T + period * RENEWED_EVERY_MS)
        if not period:
            origins.claim("a", "first")
    with pytest.raises(NameTaken):
        origins.claim("a", "second")
    origins.renew(T + 2 * RENEWED_EVERY_MS)
    assert origins.claim("a", "second") == "a"


def test_after_a_long_pause_nobody_owns_anything() -> None:
    origins = Origins()
    origins.renew(T)
    origins.claim("a", "first")
    origins.renew(T + 10 * RENEWED_EVERY_MS)
    assert origins.claim("a", "second") == "a"


def test_what_was_worked_out_is_forgotten_when_owners_are_renewed() -> None:
    recall: OwnedRecall[str, int] = OwnedRecall()
    recall.renew(T)
    recall.learn("a", 1)
    recall.renew(T + 1)
    assert recall == {"a": 1}
    recall.renew(T + RENEWED_EVERY_MS)
    assert recall == {}
