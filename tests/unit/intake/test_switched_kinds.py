"""Series whose sender switches from totals to increases, or back."""

from __future__ import annotations

import pytest

from dashboard.ingest.batch import Batch
from dashboard.ingest.origins import Origins
from dashboard.intake.owned_names import SWITCHED_MS
from tests.unit.intake.test_accept_samples import Stand, running

pytestmark = pytest.mark.gen_test
TOTALS, INCREASES = "a", "a (delta temporality)"


async def send(stand: Stand, owners: Origins, kind: str, *, origin: str = "", every_s: float | None = None) -> int:
    """Send a sample of the series a; return how many were accepted, and wait until they are applied."""
    body = Batch(["a"], [None], [1.0], [(0, None, every_s)], kinds={"a": kind})
    is_delta = kind == "delta"
    origin, former = origin or (INCREASES if is_delta else TOTALS), TOTALS if is_delta else INCREASES
    owners.claim("a", origin, body.claims, former="" if origin == former else former)
    accepted = (await stand.accepting.accept(body)).accepted
    await stand.applied()
    return accepted


@pytest.mark.parametrize(("first", "then"), [("counter", "delta"), ("delta", "counter")])
async def test_a_sender_that_switches_is_refused_until_its_earlier_samples_are_over(first: str, then: str) -> None:
    async with running(Stand()) as stand:
        owners = Origins()
        assert await send(stand, owners, first) == 1
        assert await send(stand, owners, then) == 0
        stand.hand.move(SWITCHED_MS / 1000)
        assert await send(stand, owners, then) == 0
        stand.hand.move(0.001)
        assert await send(stand, owners, then) == 1
        assert await send(stand, owners, first) == 0
        assert await send(stand, owners, then) == 1


async def test_increases_go_on_after_an_older_version_that_named_them_like_totals() -> None:
    async with running(Stand()) as stand:
        owners = Origins()
        assert await send(stand, owners, "delta", origin=TOTALS) == 1
        assert await send(stand, owners, "delta") == 1
        assert await send(stand, owners, "counter") == 0


async def test_between_the_samples_of_a_sender_that_sends_seldom_no_other_kind_is_taken() -> None:
    async with running(Stand()) as stand:
        owners = Origins()
        assert await send(stand, owners, "counter", every_s=300) == 1
        stand.hand.move(2.5 * 300)
        assert await send(stand, owners, "delta") == 0
        stand.hand.move(0.001)
        assert await send(stand, owners, "delta") == 1


async def test_another_name_never_gives_way() -> None:
    async with running(Stand()) as stand:
        owners = Origins()
        assert await send(stand, owners, "delta", origin="A") == 1
        stand.hand.move(SWITCHED_MS / 1000 + 1)
        with pytest.raises(Exception, match="would both be a here"):
            await send(stand, owners, "delta")
