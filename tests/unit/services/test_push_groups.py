"""The groups of a Pushgateway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest

from dashboard.domain.errors import Unavailable
from dashboard.domain.identity import Caller
from dashboard.services.accept_samples import AcceptSamples
from dashboard.services.push_groups import PushGroups
from tests.support.holdings import holdings

JOB = {"job": "a"}


class Ending:
    """Takes down what is to end; while ``away`` the journal does not store it."""

    def __init__(self) -> None:
        self.away = False
        self.ended: list[list[str]] = []

    async def end(self, ended: Iterable[tuple[str, int | None]], *, caller: Caller | None = None) -> None:
        if self.away:
            raise Unavailable("away")
        self.ended.append([key for key, _ in ended])


@pytest.mark.gen_test
async def test_what_could_not_be_ended_ends_when_it_is_tried_again() -> None:
    ending = Ending()
    groups = PushGroups(holdings=holdings(), samples=cast("AcceptSamples", ending))
    caller = Caller("local")
    await groups.replace(JOB, ["a", "b"], caller=caller)
    await groups.add(JOB, ["c"])
    await groups.replace({"job": "other"}, ["a"], caller=caller)
    ending.away = True
    with pytest.raises(Unavailable):
        await groups.replace(JOB, ["b"], caller=caller)
    ending.away = False
    await groups.replace(JOB, ["b"], caller=caller)
    await groups.replace(JOB, (), caller=caller)
    assert ending.ended == [["a", "c"], ["b"]]
