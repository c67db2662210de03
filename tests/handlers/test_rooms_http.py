"""Rooms, messages, exports and notifications, by HTTP."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from dashboard.domain.errors import ConfigurationError, Unavailable
from dashboard.journal.port import ROOMS
from dashboard.store.schema import messages
from tests.handlers.support import fetch
from tests.support.deadline import deadline
from tests.support.inprocess import running
from tests.support.site import Site, site

pytestmark = pytest.mark.gen_test


async def say(at: Site, text: str, *, as_: str = "vera", room: str = "ops", **more: Any) -> str:
    status, said = await at.json("POST", "/api/message", {"roomId": room, "text": text, **more}, as_=as_)
    assert (status, said["sent"]) == (200, True), said
    return str(said["messageId"])


async def test_a_room_is_made_listed_changed_and_closed(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        body = {"id": "dev", "title": "Dev", "private": True, "members": ["vera", "olga"]}
        made = {
            "id": "dev",
            "kind": "room",
            "title": "Dev",
            "private": True,
            "members": ["vera", "olga"],
            "position": "0",
        }
        assert await at.json("POST", "/api/v1/rooms", body, as_="olga") == (201, made)
        assert made in (await at.json("GET", "/api/v1/rooms", as_="vera"))[1]["rooms"]
        assert made not in (await at.json("GET", "/api/v1/rooms", as_="eddy"))[1]["rooms"]
        assert (await at.json("POST", "/api/v1/rooms", body, as_="olga"))[1]["field"] == "id"
        changed = made | {"title": "Development", "private": False, "members": []}
        change = {"title": "Development", "private": False, "members": []}
        assert await at.json("PATCH", "/api/v1/rooms/dev", change, as_="olga") == (200, changed)
        assert await at.json("PATCH", "/api/v1/rooms/dev", {}, as_="olga") == (200, changed)
        await say(at, "x", as_="eddy", room="dev")
        assert (await at.fetch("DELETE", "/api/v1/rooms/dev", as_="olga")).code == 204
        for method, path, body_ in (
            ("DELETE", "/api/v1/rooms/dev", None),
            ("PATCH", "/api/v1/rooms/dev", {}),
            ("GET", "/api/v1/rooms/dev/messages", None),
            ("GET", "/api/v1/rooms/dev/export", None),
            ("POST", "/api/message", {"roomId": "dev", "text": "x"}),
            ("DELETE", "/api/v1/rooms/inbox:vera", None),
            ("PATCH", "/api/v1/rooms/direct:eddy:vera", {"members": ["olga"]}),
        ):
            assert (await at.fetch(method, path, body_, as_="olga")).code == 404, (method, path)


async def test_what_was_not_said_cannot_be_read_but_what_is_forgotten_can(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        socket = await at.socket(as_="eddy")
        await socket.ask("join_room", roomId="ops")
        first, second = await say(at, "1"), await say(at, "2")
        async with at.server.accounts.database.write() as tx:
            await tx.execute(delete(messages).where(messages.c.room_id == "ops", messages.c.seq == 1))
        for beyond in ("ops.3", "ops.9999", "ops.999999999999999"):
            assert (await socket.ask("read", roomId="ops", messageId=beyond))["code"] == "not_found", beyond
        for said, unread in ((first, 1), (second, 0)):
            read = await socket.ask("read", roomId="ops", messageId=said)
            assert (read["messageId"], read["unread"]) == (said, unread)
        assert (await socket.ask("read", roomId="direct:eddy:vera", messageId="direct:eddy:vera.1"))[
            "code"
        ] == "not_found"


async def test_a_list_of_rooms_says_how_far_each_has_got(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        socket = await at.socket(as_="eddy")
        for position in ("0", "1", "2"):
            listed = (await at.json("GET", "/api/v1/rooms", as_="eddy"))[1]["rooms"]
            assert {room["id"]: room["position"] for room in listed}["ops"] == position
            greeted = await (await at.socket(at.cookie("eddy"))).until("authenticated")
            for rooms in ((await socket.ask("rooms"))["rooms"], greeted["rooms"]):
                assert {room["roomId"]: room["position"] for room in rooms}["ops"] == position
            await say(at, position)
        direct = await at.json("POST", "/api/message", {"userId": "eddy", "text": "psst"}, as_="vera")
        rooms = (await socket.ask("rooms"))["rooms"]
        assert {room["roomId"]: room["position"] for room in rooms}["direct:eddy:vera"] == "1", direct


async def test_a_boards_room_stays_as_long_as_the_board(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        said = {"code": "invalid", "error": "room: belongs to a board and stays as long as the board", "field": "room"}
        for name in ("olga", "ada"):
            assert await at.json("DELETE", "/api/v1/rooms/host", as_=name) == (400, said)
        await say(at, "still here", room="host")


WRONG: list[tuple[str, str, Any, str]] = [
    ("POST", "/api/v1/rooms", {}, "id"),
    ("POST", "/api/v1/rooms", {"id": "a:b"}, "id"),
    ("POST", "/api/v1/rooms", {"id": "a" * 61}, "id"),
    ("POST", "/api/v1/rooms", {"id": "x", "title": "x" * 201}, "title"),
    ("POST", "/api/v1/rooms", {"id": "x", "title": "\u202e"}, "title"),
    ("POST", "/api/v1/rooms", {"id": "x", "members": [1]}, "members"),
    ("POST", "/api/v1/rooms", {"id": "x", "members": ["m" * 41]}, "members"),
    ("POST", "/api/v1/rooms", {"id": "x", "members": ["vera", "ghost"]}, "members"),
    ("POST", "/api/v1/rooms", {"id": "x", "private": True, "members": ["ghost"]}, "members"),
    ("PATCH", "/api/v1/rooms/ops", {"members": ["ghost"]}, "members"),
    ("POST", "/api/v1/rooms", {"id": "x", "kind": "board"}, "kind"),
    ("PATCH", "/api/v1/rooms/ops", {"title": ""}, "title"),
    ("PATCH", "/api/v1/rooms/ops", {"private": 1}, "private"),
    ("POST", "/api/message", {"text": "x"}, "roomId"),
    ("POST", "/api/message", {"roomId": "ops", "userId": "eddy", "text": "x"}, "roomId"),
    ("POST", "/api/message", {"roomId": "ops"}, "text"),
    ("POST", "/api/message", {"roomId": "ops", "text": " "}, "text"),
    ("POST", "/api/message", {"roomId": "ops", "text": "x" * 4001}, "text"),
    ("POST", "/api/message", {"roomId": "ops", "text": "x", "key": ""}, "key"),
    ("POST", "/api/message", {"roomId": "ops", "text": "x", "key": "k" * 101}, "key"),
    ("POST", "/api/message", {"roomId": "ops", "text": "x", "key": "a\nb"}, "key"),
    ("POST", "/api/v1/notifications", {"user": "vera"}, "title"),
    ("POST", "/api/v1/notifications", {"title": "x"}, "user"),
    ("POST", "/api/v1/notifications", {"title": "x", "user": "vera", "role": "viewer"}, "user"),
    ("POST", "/api/v1/notifications", {"title": "x", "role": "root"}, "role"),
    ("POST", "/api/v1/notifications", {"title": "x" * 201, "user": "vera"}, "title"),
    ("POST", "/api/v1/notifications", {"title": "x", "user": "vera", "body": "x" * 2001}, "body"),
    ("POST", "/api/v1/notifications", {"title": "x", "user": "vera", "data": "x" * 5000}, "data"),
    ("POST", "/api/v1/notifications", {"title": "x", "user": "vera", "key": "k" * 61}, "key"),
    ("POST", "/api/v1/notifications", {"title": "x", "user": "vera", "key": "a\0b"}, "key"),
    ("GET", "/api/v1/rooms/ops/messages?limit=0", None, "limit"),
    ("GET", "/api/v1/rooms/ops/messages?limit=101", None, "limit"),
    ("GET", "/api/v1/rooms/ops/export?format=xml", None, "format"),
]


async def test_a_wrong_field_is_named(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for method, path, body, field in WRONG:
            status, said = await at.json(method, path, body, as_="olga")
            assert (status, said["code"], said.get("field")) == (400, "invalid", field), (path, body, said)


async def test_a_member_that_is_no_user_is_named_and_one_that_was_may_stay(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        body = {"id": "x", "members": ["vera", "ghost", "operator"]}
        status, said = await at.json("POST", "/api/v1/rooms", body, as_="olga")
        assert (status, said["error"]) == (400, "members: there is no user 'ghost'")
        body["members"] = ["vera", "dora", "operator"]
        assert (await at.json("POST", "/api/v1/rooms", body, as_="olga"))[1]["members"] == body["members"]
        assert (await at.fetch("DELETE", "/api/v1/users/vera", as_="ada")).code == 204
        change = {"members": ["vera", "eddy"]}
        assert (await at.fetch("PATCH", "/api/v1/rooms/x", change, as_="olga")).code == 200


async def test_messages_come_in_pages_oldest_first(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        ids = [await say(at, f"m{n}") for n in range(7)]
        page = (await at.json("GET", "/api/v1/rooms/ops/messages?limit=3", as_="eddy"))[1]
        assert ([m["messageId"] for m in page["messages"]], page["more"]) == (ids[4:], True)
        page = (await at.json("GET", f"/api/v1/rooms/ops/messages?limit=50&before={ids[4]}", as_="eddy"))[1]
        assert ([m["messageId"] for m in page["messages"]], page["more"]) == (ids[:4], False)
        first = page["messages"][0]
        assert (first["text"], first["html"], first["userId"], first["name"]) == ("m0", "<p>m0</p>", "vera", "Vera")
        for before in ("x", "secret.1", "ops.x"):
            assert (await at.fetch("GET", f"/api/v1/rooms/ops/messages?before={before}", as_="eddy")).code == 404


async def test_a_message_by_http_reaches_the_room_and_the_same_key_once(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        socket = await at.socket(as_="eddy")
        await socket.ask("join_room", roomId="ops")
        first = await say(at, "<b>hi</b> @eddy", key="k")
        assert await say(at, "other", key="k") == first
        message = await socket.until("message")
        assert (message["messageId"], message["text"], message["key"]) == (first, "<b>hi</b> @eddy", "k")
        assert (message["html"], message["mentions"]) == (
            '<p>&lt;b&gt;hi&lt;/b&gt; <span class="mention">@eddy</span></p>',
            ["eddy"],
        )
        notification = await socket.until("notification")
        assert notification["data"] == {"roomId": "ops", "messageId": first}
        second = await say(at, "next")
        assert (await socket.until("message"))["messageId"] == second


async def test_programs_talk_in_rooms_for_all_only_and_not_to_one(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        headers = at.bearer("message")
        assert (await at.fetch("POST", "/api/message", {"roomId": "ops", "text": "x"}, headers)).code == 200
        assert (await at.fetch("POST", "/api/message", {"roomId": "host", "text": "x"}, headers)).code == 200
        for room in ("secret", "inbox:vera", "direct:eddy:vera", "none"):
            assert (await at.fetch("POST", "/api/message", {"roomId": room, "text": "x"}, headers)).code == 404, room
        assert (await at.fetch("POST", "/api/message", {"userId": "vera", "text": "x"}, headers)).code == 400


async def test_a_conversation_is_of_two_users_that_there_are_by_its_one_id(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        status, said = await at.json("POST", "/api/message", {"userId": "eddy", "text": "psst"}, as_="vera")
        assert (status, said["messageId"]) == (200, "direct:eddy:vera.1")
        assert await say(at, "yes", as_="eddy", room="direct:eddy:vera") == "direct:eddy:vera.2"
        for room in (
            "direct:vera:eddy", "direct:vera", "direct:vera:", "direct::vera", "direct:vera:vera", "direct:nobody:vera",
            "direct:ada:eddy:vera", "direct:vera:zzz", "direct:eddy:vera:", "direct:", f"direct:vera:{'x' * 60}", "inbox:vera",
        ):  # fmt: skip
            assert (await at.fetch("POST", "/api/message", {"roomId": room, "text": "x"}, as_="vera")).code == 404, room
        for user in ("nobody", "vera", "dora", "", "a:b"):
            code = (await at.fetch("POST", "/api/message", {"userId": user, "text": "x"}, as_="vera")).code
            assert code == (400 if not user else 404), user
        socket = await at.socket(as_="vera")
        for room in ("direct:vera:eddy", "direct:ada:eddy:vera"):
            assert (await socket.ask("message", roomId=room, text="x"))["code"] == "not_found"


async def test_more_messages_than_the_limit_are_refused_and_come_through_later(tmp_path: Path) -> None:
    async with site(tmp_path, chat_per_s=0.01, chat_burst=5.0) as at:
        body = {"roomId": "ops", "text": "x"}
        codes = [(await at.fetch("POST", "/api/message", body, as_="vera")).code for _ in range(6)]
        assert codes == [200] * 5 + [429]
        assert (await at.fetch("POST", "/api/message", body, as_="eddy")).code == 200


# --- export ---


async def test_who_is_at_the_machine_keeps_the_private_room_they_make() -> None:
    async with running() as server:
        made = await fetch(server, "/api/v1/rooms", method="POST", body='{"id":"own","private":true,"members":[]}')
        assert made.code == 201
        changed = await fetch(server, "/api/v1/rooms/own", method="PATCH", body='{"title":"Mine"}')
        assert (changed.code, json.loads(changed.body)["title"]) == (200, "Mine")


# --- notifications ---


async def test_notifications_reach_a_user_a_role_a_room_and_the_same_key_once(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        sockets = {name: await at.socket(as_=name) for name in ("vera", "eddy")}
        for receiver, count in (
            ({"user": "vera"}, 1),
            ({"role": "viewer"}, 1),
            ({"role": "editor"}, 1),
            ({"room": "ops"}, 4),
            ({"room": "secret"}, 2),
        ):
            body = {"title": "T", "body": "B", "data": {"a": [1]}, "key": "k" + str(receiver), **receiver}
            assert await at.json("POST", "/api/v1/notifications", body, as_="olga") == (200, {"sent": count}), receiver
            assert await at.json("POST", "/api/v1/notifications", body, as_="olga") == (200, {"sent": count})
        listed = await sockets["vera"].ask("notifications")
        assert [each["title"] for each in listed["notifications"]] == ["T"] * 4
        assert (listed["unread"], listed["notifications"][0]["data"], listed["more"]) == (4, {"a": [1]}, False)
        assert len((await sockets["eddy"].ask("notifications"))["notifications"]) == 2
        assert (await sockets["vera"].ask("notification_read"))["unread"] == 0
        assert at.server.counters.notifications_sent == 9
        for receiver in ({"user": "nobody"}, {"user": "dora"}, {"room": "none"}):
            assert (await at.fetch("POST", "/api/v1/notifications", {"title": "x", **receiver}, as_="olga")).code == 404
        assert (
            await at.fetch("POST", "/api/v1/notifications", {"title": "x", "user": "vera"}, at.bearer("notify"))
        ).code == 200


async def test_a_deleted_message_is_not_quoted_by_the_notifications_it_made(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        vera, eddy, olga = [await at.socket(as_=name) for name in ("vera", "eddy", "olga")]
        await vera.ask("join_room", roomId="ops")
        said, other = await say(at, "@eddy my password is x"), await say(at, "@eddy @olga another")
        notice = await eddy.until("notification")
        assert notice["body"] == "@eddy my password is x"
        change = {
            "roomId": "ops",
            "messageId": said,
            "text": "@olga my password is x",
        }  # eddy is not mentioned any more
        assert (await vera.ask("edit", **change))["status"] == "changed"
        assert (await vera.ask("delete", roomId="ops", messageId=said))["status"] == "changed"
        for socket in (eddy, olga):
            emptied = await socket.until("notification_changed", body="")
            assert emptied["data"] == {"roomId": "ops", "messageId": said}
            listed = (await socket.ask("notifications"))["notifications"]
            assert {each["data"]["messageId"]: each["body"] for each in listed} == {
                said: "",
                other: "@eddy @olga another",
            }
        again = await eddy.ask("notifications")
        assert (again["unread"], again["notifications"][-1]["notificationId"]) == (2, notice["notificationId"])
        assert again["notifications"][-1]["title"] == notice["title"]
        async with at.server.accounts.database.read() as tx:
            kept = (await tx.execute(select(messages.c.text))).scalars().all()
        assert not [text for text in kept if "password" in text]


async def test_a_closed_room_is_not_quoted_by_the_notifications_it_made(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        vera, eddy = [await at.socket(as_=name) for name in ("vera", "eddy")]
        await vera.ask("join_room", roomId="ops")
        said = [await say(at, text) for text in ("@eddy my password is x", "@eddy that password", "no password")]
        await vera.ask("edit", roomId="ops", messageId=said[1], text="never mind")
        assert (await at.fetch("DELETE", "/api/v1/rooms/ops", as_="olga")).code == 204
        await eddy.until("notification_changed", body="")
        await eddy.until("notification_changed", body="")
        listed = (await eddy.ask("notifications"))["notifications"]
        assert [each["body"] for each in listed] == ["", ""]
        async with at.server.accounts.database.read() as tx:
            kept = (await tx.execute(select(messages.c.text))).scalars().all()
        assert not [text for text in kept if "password" in text]


async def test_what_is_read_while_the_journal_is_away_is_told_when_it_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with site(tmp_path) as at:
        vera, eddy = await at.socket(as_="vera"), await at.socket(as_="eddy")
        for each in (vera, eddy):
            assert (await each.ask("join_room", roomId="ops"))["type"] == "joined"
        said = [await vera.ask("message", roomId="ops", text=f"{number}") for number in range(2)]
        append, away, failed = at.server.journal.append, [True], [0]

        async def fail(partition: str, *args: Any, **options: Any) -> Any:
            if partition == ROOMS and away:
                failed[0] += 1
                raise Unavailable("no")
            return await append(partition, *args, **options)

        monkeypatch.setattr(at.server.journal, "append", fail)
        for each in said:
            assert (await eddy.ask("read", roomId="ops", messageId=each["messageId"]))["type"] == "read"
        assert at.server.counters.room_events_not_appended == 2
        told = failed[0]
        async with deadline(20):
            while failed[0] == told:  # until a sweep could not tell it either
                await asyncio.sleep(0.02)
            away.clear()
            ack = await vera.until("ack", status="read")
        assert (ack["messageId"], ack["userId"]) == (said[1]["messageId"], "eddy")
        assert not at.server.people.logs._unpublished


async def test_notifications_quote_what_an_edited_message_says_now_and_only_to_whom_it_mentions(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        vera, eddy = await at.socket(as_="vera"), await at.socket(as_="eddy")
        assert (await vera.ask("join_room", roomId="ops"))["type"] == "joined"
        said = await vera.ask("message", roomId="ops", text="@eddy the password is hunter2", key="k")

        async def edit(text: str) -> str:
            changed = await vera.ask("edit", roomId="ops", messageId=said["messageId"], text=text)
            assert changed["type"] == "ack", changed
            (listed,) = (await eddy.ask("notifications"))["notifications"]
            return str(listed["body"])

        assert await edit("@eddy never mind") == "@eddy never mind"
        assert await edit("never mind") == ""
        assert await edit("@eddy after all") == "@eddy after all"


async def test_the_person_at_the_machine_is_written_to_and_mentioned_like_others(tmp_path: Path) -> None:
    async with site(tmp_path, login="auto") as at:
        page = await at.fetch("GET", "/")
        operator = await at.socket({"Cookie": page.headers["Set-Cookie"].partition(";")[0]})
        await operator.until("authenticated")
        vera = await at.socket(as_="vera")
        assert (await vera.ask("direct", userId="operator", text="hello"))["roomId"] == "direct:operator:vera"
        await operator.until("message", text="hello")
        assert (await vera.ask("join_room", roomId="ops"))["type"] == "joined"
        assert (await vera.ask("message", roomId="ops", text="@operator look"))["type"] == "ack"
        await operator.until("notification", body="@operator look")
    async with site(tmp_path / "other") as at:
        vera = await at.socket(as_="vera")
        assert (await vera.ask("direct", userId="operator", text="hello"))["code"] == "not_found"


async def test_who_is_gone_is_not_written_to_any_more(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        vera = await at.socket(as_="vera")
        room = (await vera.ask("direct", userId="eddy", text="hello"))["roomId"]
        assert (await at.fetch("DELETE", "/api/v1/users/eddy", as_="ada")).code == 204
        assert (await vera.ask("message", roomId=room, text="still there?"))["code"] == "not_found"
        assert (await vera.ask("history", roomId=room))["messages"][0]["text"] == "hello"


async def test_a_board_gets_an_operators_room_of_its_id_with_its_rules_and_no_private_one(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        accounts = at.server.accounts
        at.server.access.reserve(["ops"])
        vera = await at.socket(as_="vera")
        assert (await vera.ask("join_room", roomId="ops"))["type"] == "joined"
        await at.server.people.room_admin.ensure_boards({"ops": "The ops"})
        await accounts.directory.look()
        again = await at.socket(as_="vera")
        assert (await again.ask("join_room", roomId="ops"))["code"] == "not_found"
        assert (await at.fetch("DELETE", "/api/v1/rooms/ops", None, as_="olga")).code == 400
        with pytest.raises(ConfigurationError, match="secret"):
            await at.server.people.room_admin.ensure_boards({"secret": "Secret"})
