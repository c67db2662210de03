"""Words of Uptime Kuma and Healthchecks for what they do not know."""

from __future__ import annotations

import msgspec
import pytest

from dashboard.web.feed.format import Fault
from dashboard.web.feed.heartbeat import Healthchecks, UptimeKuma
from tests.unit.web.feed.asked import asked


@pytest.mark.parametrize(("status", "sent", "known"), [(401, 404, False), (404, 404, False), (429, 429, True)])
def test_a_wrong_token_is_an_unknown_monitor(status: int, sent: int, known: bool) -> None:
    fault = Fault(status, "any", "why", {})
    kuma, checks = UptimeKuma().refuse(asked(), fault), Healthchecks().refuse(asked(), fault)
    assert kuma.status == checks.status == sent
    message = "why" if known else "Monitor not found or not active."
    assert msgspec.json.decode(kuma.body) == {"ok": False, "msg": message}
    assert checks.body == (b"why" if known else b"not found")
