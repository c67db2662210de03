"""Bodies of requests: bounded, decompressed in steps, given back to the budget."""

from __future__ import annotations

import gzip

import pytest

from dashboard.domain.errors import Invalid, Overloaded, TooLarge
from dashboard.web.server.request_body import BodyBudget, RequestBody


def body(budget: BodyBudget | None = None, *, max_bytes: int = 1_000_000, zipped: bool = False) -> RequestBody:
    return RequestBody(max_bytes=max_bytes, budget=budget or BodyBudget(10_000_000), gzip=zipped)


def steps(into: RequestBody, *chunks: bytes) -> int:
    return sum(1 for chunk in chunks for _ in into.take(chunk))


def test_a_body_is_what_arrived() -> None:
    whole = body()
    assert steps(whole, b"ab", b"cd") == 0
    assert (whole.begun(), whole.so_far(), whole.whole(), whole.size, whole.is_gzip) == (
        b"ab",
        b"abcd",
        b"abcd",
        4,
        False,
    )
    assert body().begun() == b""


def test_a_gzip_body_is_unpacked_in_steps() -> None:
    data = bytes(900_000)
    whole = body(zipped=True)
    assert steps(whole, gzip.compress(data)) >= 3
    assert whole.is_gzip
    assert whole.whole() == data
    several = body(zipped=True)
    steps(several, gzip.compress(b"one") + gzip.compress(b"two"))
    assert several.whole() == b"onetwo"


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"plain", "is not gzip"), (gzip.compress(b"abc", mtime=0)[:-4], "is cut off")],
    ids=["plain", "cut off"],
)
def test_a_broken_gzip_body_is_refused(data: bytes, reason: str) -> None:
    broken = body(zipped=True)
    steps(broken, data)
    with pytest.raises(Invalid, match=reason):
        broken.whole()


@pytest.mark.parametrize("chunks", [(b"x" * 101,), (b"x" * 50, b"x" * 51), (gzip.compress(bytes(101), mtime=0),)])
def test_a_body_has_a_limit_also_unpacked(chunks: tuple[bytes, ...]) -> None:
    budget = BodyBudget(1_000)
    long = body(budget, max_bytes=100, zipped=chunks[0][:2] == b"\x1f\x8b")
    steps(long, *chunks)
    with pytest.raises(TooLarge, match="more than 100 bytes"):
        long.whole()
    assert budget.held_bytes == 0


def test_all_bodies_together_have_a_limit() -> None:
    budget = BodyBudget(100)
    one, two = body(budget), body(budget)
    steps(one, b"x" * 60)
    steps(two, b"x" * 60)
    with pytest.raises(Overloaded):
        two.whole()
    assert budget.held_bytes == 60
    one.replace(b"x" * 90)
    assert (one.whole(), budget.held_bytes) == (b"x" * 90, 90)
    with pytest.raises(Overloaded):
        one.replace(b"x" * 101)
    one.close()
    two.close()
    assert budget.held_bytes == 0
    assert budget.take(100)
    assert not budget.take(1)
    budget.give_back(100)
    assert budget.held_bytes == 0


def test_many_empty_members_are_bounded() -> None:
    many = body(zipped=True, max_bytes=10_000_000)
    steps(many, gzip.compress(b"") * 100_001)
    with pytest.raises(Invalid, match="more than 100000 members"):
        many.whole()
