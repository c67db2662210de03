from __future__ import annotations

import pytest

from dashboard.domain.errors import NotFound
from dashboard.domain.event import EventIn
from dashboard.intake.annotations import Annotations, number_of, number_of_event
from tests.support.histories import T0
from tests.support.intakes import IntakeStand

pytestmark = pytest.mark.gen_test
NOTE = EventIn(T0, "Deploy", "by ann", kind="annotation")


async def test_an_annotation_is_found_by_the_number_that_its_sender_was_given() -> None:
    stand = IntakeStand()
    async with stand.running():
        annotations = Annotations(journal=stand.journal, replicas=stand.replicas)
        await stand.events.accept([NOTE, EventIn(T0 + 1, "other")])
        item = await annotations.find(number_of_event(NOTE))
        assert (item["label"], item["value"], item["t"]) == ("Deploy", "by ann", T0)
        assert number_of(item["id"]) == number_of_event(NOTE)
        with pytest.raises(NotFound):
            await annotations.find(12)


async def test_an_annotation_is_changed_and_removed() -> None:
    stand = IntakeStand()
    async with stand.running():
        annotations = Annotations(journal=stand.journal, replicas=stand.replicas)
        await stand.events.accept([NOTE])
        number = number_of_event(NOTE)
        await annotations.change(await annotations.find(number), {"value": "by bob"})
        await stand.applied()
        changed = await annotations.find(number)
        assert (changed["value"], changed["label"]) == ("by bob", "Deploy")
        await annotations.remove(changed)
        await stand.applied()
        with pytest.raises(NotFound):
            await annotations.find(number)


async def test_javascript_can_count_as_far_as_numbers_go() -> None:
    assert 0 < number_of("f" * 32) < 2**53
    assert number_of("0" * 32) == 1
    assert number_of("") == number_of("check x") == 0
