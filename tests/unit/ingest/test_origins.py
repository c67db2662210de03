from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest

from dashboard.ingest.origins import RENEWED_EVERY_MS, NameTaken, Origins, OwnedRecall, Owner

T = 1_700_000_000_000


def test_the_first_name_that_comes_owns_the_series() -> None:
    origins = Origins()
    origins.renew(T)
    assert origins.claim("edge_a_b", "edge_a b") == "edge_a_b"
    assert origins.claim("edge_a_b", "edge_a b") == "edge_a_b"
    with pytest.raises(NameTaken, match="edge a_b") as refused:
        origins.claim("edge_a_b", "edge a_b")
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
            told.append(origins.claim("edge_a_b", origin))
        except NameTaken as refused:
            told.append(refused.code)

    threads = [threading.Thread(target=claim, args=(name,)) for name in ("edge_a b", "edge a_b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["edge_a_b", "name_taken"]


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
    one.claim("a_b", "a b")
    assert (tell(one, other), tell(other, one)) == (1, 0)
    with pytest.raises(NameTaken):
        other.claim("a_b", "a_b")
    assert other.claim("a_b", "a b") == "a_b"


def test_of_two_owners_the_earlier_stays_in_all_processes() -> None:
    one, other = shared(), shared()
    one.claim("a_b", "a b")
    other.renew(T + 5)
    other.claim("a_b", "a_b")
    period = other.period
    tell(other, one)
    assert tell(one, other) == 1
    assert other.period > period  # so that what was learnt of the later owner is read anew
    for process in (one, other):
        assert process.claim("a_b", "a b") == "a_b"
        with pytest.raises(NameTaken):
            process.claim("a_b", "a_b")
    assert (tell(one, other), tell(other, one)) == (0, 0)


def test_claims_are_told_again_in_each_period_and_no_more_are_kept_than_there_is_room_for() -> None:
    origins = Origins(10, is_shared=True)
    origins.renew(T)
    for number in range(30):
        origins.claim(f"s{number}", "x")
    assert len(origins.take_claims(100)) == 10
    origins.renew(T + RENEWED_EVERY_MS)
    origins.claim("s29", "x")
    assert origins.take_claims(100) == {"s29": Owner("x", T)}
