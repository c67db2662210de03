from __future__ import annotations

import pytest

from dashboard.domain.errors import Forbidden, TooMany
from dashboard.intake.token_limits import BURST_S
from tests.support.intakes import LOCAL, IntakeStand, feeder

pytestmark = pytest.mark.gen_test


async def test_a_token_pays_for_its_samples_and_saves_up() -> None:
    stand, slow = IntakeStand(), feeder(per_s=2)
    stand.limits.pay(slow, int(2 * BURST_S))
    with pytest.raises(TooMany) as refused:
        stand.limits.pay(slow, 4)
    assert 0 < refused.value.retry_after_s <= 2.0
    stand.now_s += 2.0
    stand.limits.pay(slow, 4)
    with pytest.raises(TooMany):
        stand.limits.pay(slow, 1)


async def test_the_further_parts_of_a_body_are_paid_in_any_case() -> None:
    stand, slow = IntakeStand(), feeder(per_s=2)
    for _ in range(3):
        stand.limits.pay(slow, int(2 * BURST_S), follows=True)
    with pytest.raises(TooMany) as refused:
        stand.limits.pay(slow, 1)
    assert 2 * BURST_S < refused.value.retry_after_s < 2 * BURST_S + 1


async def test_callers_without_a_token_or_a_rate_pay_nothing() -> None:
    limits = IntakeStand().limits
    for caller in (None, LOCAL, feeder()):
        limits.pay(caller, 10**9)


async def test_a_token_may_write_what_begins_with_one_of_its_prefixes() -> None:
    limits, caller = IntakeStand().limits, feeder("ci", prefixes=("ci_", "web_"))
    assert limits.barred(caller, ["ci_a", "web_b", "a", "ci"]) == {"a", "ci"}
    assert limits.barred(feeder(), ["a"]) == limits.barred(None, ["a"]) == set()
    limits.check_name(caller, "ci_a")
    with pytest.raises(Forbidden, match="ci_ or web_"):
        limits.check_name(caller, "a")
    assert "ci_ or web_" in limits.why(caller)
    assert limits.why(None) == ""


async def test_a_token_brings_only_so_many_series_into_being() -> None:
    stand, caller = IntakeStand(), feeder(max_series=2)
    keys = ["a", "b", "c", "a"]
    assert stand.limits.surplus(caller, keys, set(keys), lambda key: True) == {"c"}
    assert stand.limits.note(caller, ["a", "b"])
    assert not stand.limits.note(caller, ["a"])
    assert stand.limits.series_of(caller) == 2
    assert stand.limits.surplus(caller, ["a", "b"], set(), lambda key: True) == set()
    assert stand.limits.surplus(caller, ["d"], {"d"}, lambda key: True) == {"d"}
    reason, code = stand.limits.why_surplus(caller)
    assert "2 series" in reason
    assert code == "token_series_limit"


async def test_series_that_are_gone_make_room_for_others() -> None:
    stand, caller = IntakeStand(), feeder(max_series=2)
    stand.limits.note(caller, ["a", "b"])
    stand.now_s += 3_600
    assert stand.limits.surplus(caller, ["c"], {"c"}, lambda key: key == "a") == set()


async def test_callers_without_a_token_have_no_series_of_their_own() -> None:
    limits = IntakeStand().limits
    assert limits.surplus(LOCAL, ["a"], {"a"}, lambda key: True) == set()
    assert not limits.note(LOCAL, ["a"])
    assert limits.series_of(None) == 0
