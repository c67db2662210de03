from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest

from dashboard.ingest.claims import Claims
from dashboard.ingest.origins import RENEWED_EVERY_MS, NameTaken, Origins, OwnedRecall, Owner
from tests.support.claims import own

T = 1_700_000_000_000


def test_the_first_name_that_comes_owns_the_series() -> None:
    origins = Origins()
    origins.renew(T)
    assert own(origins, "edge_a_b", "edge_a b") == "edge_a_b"
    assert own(origins, "edge_a_b", "edge_a b") == "edge_a_b"
    with pytest.raises(NameTaken, match="edge a_b") as refused:
        own(origins, "edge_a_b", "edge a_b")
    assert (refused.value.code, refused.value.field) == ("name_taken", "series")


class Gate(dict[str, Owner]):
    """Table of owners that lets other threads look a series up between the look-up and the entry of a new owner."""

    def __init__(self) -> None:
        super().__init__()
        self.both_have_looked = threading.Barrier(2)

    def get(self, key: str, default: Any = None) -> Any:
        found = super().get(key, default)
        with contextlib.suppress(threading.BrokenBarrierError):  # the other thread may have to wait
            self.both_have_looked.wait(0.2)
        return found


def test_of_two_names_at_once_one_owns_the_series() -> None:
    origins = Origins(lock=threading.Lock())
    origins.renew(T)
    origins._before = Gate()
    told: list[str] = []

    def claim(origin: str) -> None:
        try:
            told.append(own(origins, "edge_a_b", origin))
        except NameTaken as refused:
            told.append(refused.code)

    threads = [threading.Thread(target=claim, args=(name,)) for name in ("edge_a b", "edge a_b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["edge_a_b", "name_taken"]


def test_a_name_is_taken_when_its_sample_is_accepted_and_not_before() -> None:
    recall: OwnedRecall[str, int] = OwnedRecall()
    origins = recall.origins
    recall.renew(T)
    refused: Claims = {}
    for _ in range(2):
        assert recall.own("edge_a b", 1, origins.claim("edge_a_b", "edge_a b", refused), refused) == 1
    assert (list(refused), recall) == (["edge_a_b"], {})
    with pytest.raises(NameTaken):  # within a body
        origins.claim("edge_a_b", "edge a_b", refused)
    late, now = Claims(), Claims()
    for claims in (late, now):
        origins.claim("edge_a_b", "edge a_b" if claims is now else "edge_a b", claims)
    assert now["edge_a_b"].settle()
    assert now["edge_a_b"].settle()
    for check in (late["edge_a_b"].check, late["edge_a_b"].settle):
        with pytest.raises(NameTaken, match="edge a_b"):
            check()
    for is_stored in (False, True):
        if is_stored:
            now["edge_a_b"].keep()
        recall.own("edge a_b", 2, origins.claim("edge_a_b", "edge a_b", claims := Claims()), claims)
        assert (len(claims), recall) == ((0, {"edge a_b": 2}) if is_stored else (1, {}))


def test_an_owner_whose_sample_could_not_be_stored_is_forgotten() -> None:
    origins = shared()
    claims: Claims = {}
    origins.claim("a", "first", claims)
    claims["a"].settle()
    assert origins.take_claims(9) == {}
    period = origins.period
    claims["a"].release()
    assert (origins.take_claims(9), origins.period) == ({}, period)  # nobody knows it, so no cache is emptied
    assert own(origins, "a", "second") == "a"


def test_an_owner_that_was_silent_for_a_while_loses_its_series() -> None:
    origins = Origins()
    for period in range(2):
        origins.renew(T + period * RENEWED_EVERY_MS)
        if not period:
            own(origins, "a", "first")
    with pytest.raises(NameTaken):
        own(origins, "a", "second")
    origins.renew(T + 2 * RENEWED_EVERY_MS)
    assert own(origins, "a", "second") == "a"


def test_after_a_long_pause_nobody_owns_anything() -> None:
    origins = Origins()
    origins.renew(T)
    own(origins, "a", "first")
    origins.renew(T + 10 * RENEWED_EVERY_MS)
    assert own(origins, "a", "second") == "a"


def test_what_was_worked_out_is_forgotten_when_owners_are_renewed() -> None:
    recall: OwnedRecall[str, int] = OwnedRecall()
    recall.renew(T)
    recall.learn("a", 1)
    recall.renew(T + 1)
    assert recall == {"a": 1}
    recall.renew(T + RENEWED_EVERY_MS)
    assert recall == {}


def shared() -> Origins:
    origins = Origins(is_shared=True)
    origins.renew(T)
    return origins


def tell(teller: Origins, hearer: Origins) -> int:
    claims = teller.take_claims(100)
    hearer.hear(claims)
    return len(claims)


def test_what_one_process_has_heard_holds_in_the_others() -> None:
    one, other = shared(), shared()
    own(one, "a_b", "a b")
    assert (tell(one, other), tell(other, one)) == (1, 0)
    with pytest.raises(NameTaken):
        own(other, "a_b", "a_b")
    assert own(other, "a_b", "a b") == "a_b"


@pytest.mark.parametrize(("origin", "is_earlier"), [("a b", False), ("a_b", True), ("a_b", False)])
def test_what_is_heard_while_the_first_sample_is_stored_counts_as_ever(origin: str, is_earlier: bool) -> None:
    one, other = shared(), shared()
    other.renew(T - 5 if is_earlier else T + 5)
    claims: Claims = {}
    one.claim("a_b", "a b", claims)
    claims["a_b"].settle()
    own(other, "a_b", origin)
    tell(other, one)
    claims["a_b"].keep()
    tell(one, other)
    for process in (one, other):
        assert own(process, "a_b", origin if is_earlier else "a b") == "a_b"


def test_of_two_owners_the_earlier_stays_in_all_processes() -> None:
    one, other = shared(), shared()
    own(one, "a_b", "a b")
    other.renew(T + 5)
    own(other, "a_b", "a_b")
    period = other.period
    tell(other, one)
    assert tell(one, other) == 1
    assert other.period > period  # so that what was learnt of the later owner is read anew
    for process in (one, other):
        assert own(process, "a_b", "a b") == "a_b"
        with pytest.raises(NameTaken):
            own(process, "a_b", "a_b")
    assert (tell(one, other), tell(other, one)) == (0, 0)


def test_claims_are_told_again_in_each_period_and_no_more_are_kept_than_there_is_room_for() -> None:
    origins = Origins(10, is_shared=True)
    origins.renew(T)
    for number in range(30):
        own(origins, f"s{number}", "x")
    assert len(origins.take_claims(100)) == 10
    origins.renew(T + RENEWED_EVERY_MS)
    own(origins, "s29", "x")
    assert origins.take_claims(100) == {"s29": Owner("x", T)}
