from __future__ import annotations

import pytest

from dashboard.domain.errors import Invalid, NotFound
from tests.support.talk import Talk, talking

pytestmark = pytest.mark.gen_test


async def inbox(talk: Talk, user: str) -> list[tuple[str, str, bool]]:
    found, _ = await talk.people.notify.list(talk.caller(user), None, 10)
    return [(each.title, each.text, read) for each, read in found]


async def test_a_user_all_of_a_role_or_all_of_a_room_are_notified() -> None:
    async with talking() as talk:
        send, olga = talk.people.notify.send, talk.caller("olga")
        assert await send(olga, user="ann", title="One", body="only you") == 1
        assert await send(olga, role="viewer", title="Two") == 2
        assert await send(olga, room="ops", title="Three") >= 4
        assert [title for title, _, _ in await inbox(talk, "ann")] == ["Three", "Two", "One"]
        assert [title for title, _, _ in await inbox(talk, "adam")] == ["Three"]
        assert (await inbox(talk, "ann"))[-1] == ("One", "only you", False)


async def test_the_same_key_notifies_once() -> None:
    async with talking() as talk:
        for _ in range(2):
            await talk.people.notify.send(talk.caller("olga"), user="ann", title="One", key="k1")
        assert len(await inbox(talk, "ann")) == 1


@pytest.mark.parametrize(
    ("fields", "error"),
    [({}, Invalid), ({"user": "ann", "role": "viewer"}, Invalid), ({"user": "gone"}, NotFound), ({"room": "gone"}, NotFound),
     ({"role": "king"}, Invalid), ({"user": "ann", "key": "\0"}, Invalid), ({"user": "ann", "title": " "}, Invalid),
     ({"user": "ann", "data": b'"' + b"x" * 5_000 + b'"'}, Invalid)],
)  # fmt: skip
async def test_a_notification_for_nobody_or_of_nothing_is_refused(
    fields: dict[str, object], error: type[Exception]
) -> None:
    async with talking() as talk:
        with pytest.raises(error):
            await talk.people.notify.send(talk.caller("olga"), **{"title": "x", **fields})  # type: ignore[arg-type]


async def test_what_was_read_is_read_up_to_there_or_all() -> None:
    async with talking() as talk:
        notify, ann = talk.people.notify, talk.caller("ann")
        for title in ("One", "Two", "Three"):
            await notify.send(talk.caller("olga"), user="ann", title=title)
        await notify.read(ann, 2)
        assert [read for _, _, read in await inbox(talk, "ann")] == [False, True, True]
        await notify.read(ann, None)
        assert [read for _, _, read in await inbox(talk, "ann")] == [True, True, True]


async def test_pages_are_told_and_older_ones_are_listed_piece_by_piece() -> None:
    async with talking() as talk:
        page = await talk.page("ann")
        for number in range(3):
            await talk.people.notify.send(talk.caller("olga"), user="ann", title=f"N{number}", data=b'{"n":1}')
        told = await page.hear("notification", 3)
        assert (told["title"], told["data"], told["unread"]) == ("N2", {"n": 1}, 3)
        newest, more = await talk.people.notify.list(talk.caller("ann"), None, 2)
        assert ([each.title for each, _ in newest], more) == (["N2", "N1"], True)
        older, more = await talk.people.notify.list(talk.caller("ann"), newest[-1][0].seq, 2)
        assert ([each.title for each, _ in older], more) == (["N0"], False)


async def test_a_mention_that_was_taken_back_is_not_quoted_any_more() -> None:
    async with talking() as talk:
        said = await talk.conversation.post(talk.caller("ann"), "ops", "look @bob")
        assert [text for _, text, _ in await inbox(talk, "bob")] == ["look @bob"]
        await talk.conversation.delete(talk.caller("ann"), "ops", f"ops.{said.seq}")
        assert [text for _, text, _ in await inbox(talk, "bob")] == [""]
        await talk.conversation.post(talk.caller("ann"), "ops", "again @bob")
        await talk.people.notify.empty_quotes("ops")
        assert [text for _, text, _ in await inbox(talk, "bob")] == ["", ""]
