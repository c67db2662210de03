"""The groups of a Pushgateway."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest

from dashboard.domain.errors import Unavailable
from dashboard.domain.identity import Caller
from dashboard.intake.accept_samples import AcceptSamples
from dashboard.intake.push_groups import PushGroups
from tests.support.nodes import ownership

JOB = {"job": "a"}


class Ending:
    """Service that records which series end; while ``away`` the journal does not store it."""

    def __init__(self) -> None:
        self.away = False
        self.barred = set[str]()
        self.ended: list[list[str]] = []

    async def end(self, ended: Iterable[tuple[str, int | None]], *, caller: Caller | None = None) -> set[str]:
        if self.away:
            raise Unavailable("away")
        keys = {key for key, _ in ended}
        self.ended.append(sorted(keys - self.barred))
        return keys & self.barred


def made() -> tuple[Ending, PushGroups, Caller]:
    ending = Ending()
    return ending, PushGroups(ownership=ownership(), samples=cast("AcceptSamples", ending)), Caller("local")


@pytest.mark.gen_test
async def test_what_could_not_be_ended_ends_when_it_is_tried_again() -> None:
    ending, groups, caller = made()
    await groups.replace(JOB, ["a", "b"], caller=caller)
    await groups.add(JOB, ["c"], caller=caller)
    await groups.replace({"job": "other"}, ["a"], caller=caller)
    ending.away = True
    with pytest.raises(Unavailable):
        await groups.replace(JOB, ["b"], caller=caller)
    ending.away = False
    await groups.replace(JOB, ["b"], caller=caller)
    await groups.replace(JOB, (), caller=caller)
    assert ending.ended == [["a", "c"], ["b"]]


@pytest.mark.gen_test
async def test_what_is_pushed_besides_takes_the_place_of_what_has_its_name() -> None:
    ending, groups, caller = made()
    await groups.add(JOB, ['a{l="1"}', 'a{l="2"}', "b"], caller=caller)
    await groups.add(JOB, ['a{l="2"}', 'a{l="3"}'], caller=caller)
    await groups.replace(JOB, (), caller=caller)
    assert ending.ended == [['a{l="1"}'], ['a{l="2"}', 'a{l="3"}', "b"]]


@pytest.mark.gen_test
async def test_what_is_not_the_callers_to_end_stays_in_the_group() -> None:
    ending, groups, caller = made()
    await groups.replace(JOB, ["own", "theirs"], caller=caller)
    ending.barred = {"theirs"}
    await groups.replace(JOB, (), caller=caller)
    ending.barred = set()
    await groups.replace(JOB, (), caller=caller)
    assert ending.ended == [["own"], ["theirs"]]
