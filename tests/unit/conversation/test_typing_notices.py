from __future__ import annotations

import pytest

from tests.support.nodes import until
from tests.support.talk import talking

pytestmark = pytest.mark.gen_test


async def test_the_others_in_a_room_are_told_that_somebody_types_and_has_stopped() -> None:
    async with talking() as talk:
        ann, bob = await talk.page("ann", "ops"), await talk.page("bob", "ops")
        ann.say(type="typing", roomId="ops", isTyping=True)
        told = await bob.hear("typing")
        assert (told["roomId"], told["userId"], told["name"], told["isTyping"]) == ("ops", "ann", "Ann", True)
        ann.say(type="typing", roomId="ops", isTyping=False)
        assert not (await bob.hear("typing", 2))["isTyping"]
        assert ann.told("typing") == []


async def test_whoever_leaves_types_no_more() -> None:
    async with talking() as talk:
        ann, bob = await talk.page("ann", "ops"), await talk.page("bob", "ops")
        ann.say(type="typing", roomId="ops", isTyping=True)
        await bob.hear("typing")
        ann.drop()
        assert not (await bob.hear("typing", 2))["isTyping"]


async def test_in_a_conversation_of_two_the_other_is_told() -> None:
    async with talking() as talk:
        ann, bob, olga = await talk.page("ann"), await talk.page("bob"), await talk.page("olga")
        ann.say(type="typing", roomId="direct:ann:bob", isTyping=True)
        assert (await bob.hear("typing"))["roomId"] == "direct:ann:bob"
        assert olga.told("typing") == []


async def test_typing_is_told_of_rooms_that_were_joined_and_not_without_end() -> None:
    async with talking() as talk:
        ann = await talk.page("ann", "ops")
        assert (await ann.ask(type="typing", roomId="host", isTyping=True))["code"] == "not_member"
        for _ in range(20):
            ann.say(type="typing", roomId="ops", isTyping=True)
        await until(lambda: any(each["code"] == "rate_limited" for each in ann.told("error")))
