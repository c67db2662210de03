from __future__ import annotations

import logging

import pytest

from dashboard.intake.refusal_log import EVERY_MS, RefusalLog

LOG = logging.getLogger("test")


def test_the_first_refusal_is_said_and_then_one_a_minute_with_how_many_there_were(
    caplog: pytest.LogCaptureFixture,
) -> None:
    refusals = RefusalLog()
    with caplog.at_level(logging.INFO, "test"):
        refusals.say(LOG, "ci", "is not a number", "a x", 1_000)
        refusals.say(LOG, "ci", "again", "b x", 2_000, count=4)
        refusals.say(LOG, "ci", "later", "", 1_000 + EVERY_MS)
    first, second = (record.getMessage() for record in caplog.records)
    assert all(part in first for part in ("ci", "is not a number", "a x"))
    assert all(part in second for part in ("later", "5"))
