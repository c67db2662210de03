"""Socket.IO on a server in the test's loop, with real clients: rooms, messages and people are those of ``/ws``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.deadline import deadline
from tests.support.site import Site, Socket, site
from tests.support.socketio_clients import NodeClient, NodeClients, node_clients

pytestmark = pytest.mark.gen_test
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


async def known(socket: Socket, type_: str) -> dict[str, Any]:
    """Return the last message of this type, also one that was read before."""
    found = [each for each in socket.seen if each["type"] == type_]
    return found[-1] if found else await socket.until(type_)


async def two_in_two_rooms(there: Site, clients: NodeClients) -> tuple[Socket, NodeClient]:
    """Return an editor on ``/ws`` and a client of Socket.IO that reconnects, both in the rooms ``ops`` and ``host``."""
    eddy = await there.socket(as_="eddy")
    for room in ("ops", "host"):
        await eddy.ask("join_room", roomId=room)
    vera = clients.open(there.url, auth={"token": there.jwt("vera")}, transports=["websocket"], reconnectionDelay=400)
    await vera.next("authenticated")
    for room in ("ops", "host"):
        assert (await vera.answer("room:join", room))["success"]
    return eddy, vera


@pytest.mark.parametrize("transports", [["websocket"], ["polling"], ["polling", "websocket"]])
async def test_people_on_both_protocols_talk_in_one_room(tmp_path: Path, transports: list[str]) -> None:
    async with site(tmp_path) as there, node_clients() as clients:
        eddy = await there.socket(as_="eddy")
        await eddy.ask("join_room", roomId="ops")
        vera = clients.open(there.url, transports=transports)
        # one after the other without waiting, as the user's client does
        answers = [
            vera.ask("auth", {"id": "vera", "username": "Vera", "token": there.jwt("vera")}),
            vera.ask("room:join", "ops"),
            vera.ask("chat:message", {"roomId": "ops", "text": "hello", "key": "k1"}),
        ]
        async with deadline(10, "the answers"):
            entered, joined, posted = [(await each)[0] for each in answers]
        assert (entered["success"], entered["user"]["id"], entered["user"]["username"]) == (True, "vera", "Vera")
        assert (joined["success"], joined["roomId"]) == (True, "ops")
        assert [each["userId"] for each in joined["members"]] == ["vera", "eddy"]
        assert (posted["success"], posted["id"], posted["status"], posted["key"]) == (True, "ops.1", "delivered", "k1")
        heard = await eddy.until("message")
        assert (heard["messageId"], heard["userId"], heard["text"], heard["position"]) == (
            "ops.1",
            "vera",
            "hello",
            posted["position"],
        )
        assert (await known(eddy, "user_joined"))["user"]["id"] == "vera"
        own = await vera.next("chat:message")
        assert (own["id"], own["senderId"], own["senderName"], own["text"], own["roomId"]) == (
            "ops.1",
            "vera",
            "Vera",
            "hello",
            "ops",
        )
        assert _ISO.fullmatch(own["timestamp"])
        assert own["status"] == "delivered"
        assert {"messageId": "ops.1", "status": "delivered"}.items() <= vera.told("chat:message:ack")[0].items()
        assert (await eddy.ask("read", roomId="ops", messageId="ops.1"))["unread"] == 0
        assert (await vera.next("chat:message:ack", status="read"))["messageId"] == "ops.1"
        eddy.send("typing", roomId="ops", isTyping=True)
        typing = await vera.next("typing:indicator")
        assert (typing["userId"], typing["username"], typing["isTyping"]) == ("eddy", "Eddy", True)
        vera.emit("typing:start", {"roomId": "ops"})
        assert (await eddy.until("typing"))["userId"] == "vera"
        assert (await vera.answer("presence", {"status": "away"})) == {"success": True}
        assert (await eddy.until("user_update"))["user"] == {"id": "vera", "name": "Vera", "status": "away"}
        vera.order("disconnect")
        assert (await eddy.until("user_offline"))["user"]["id"] == "vera"


async def test_the_users_example_runs_where_no_login_is_needed_and_its_people_are_guests(tmp_path: Path) -> None:
    async with site(tmp_path, login="auto") as there, node_clients() as clients:
        plain = await there.socket()
        assert (await plain.ask("auth", userId="vera"))["code"] == "bad_token"  # a user needs a token
        plain = await there.socket()
        entered = await plain.ask("auth", userId="u2", username="Bo")
        assert (entered["user"]["name"], entered["role"]) == ("Bo (guest)", "viewer")
        await plain.ask("join_room", roomId="ops")
        ann = clients.open(there.url)
        answer = await ann.answer("auth", {"id": "u1", "username": "Ann"})
        assert answer["success"]
        assert answer["user"].items() >= {"id": "u1", "username": "Ann", "guest": True}.items()
        joined = await ann.answer("room:join", {"roomId": "ops"})
        assert {(each["userId"], each["username"], each["guest"]) for each in joined["members"]} == {
            ("u1", "Ann", True),
            ("u2", "Bo", True),
        }
        ann.emit("chat:message", {"roomId": "ops", "text": "hello"})
        assert (await plain.until("message"))["name"] == "Ann (guest)"
        said = await ann.next("chat:message")
        assert (said["senderId"], said["senderName"], said["guest"]) == ("u1", "Ann", True)
        refused = await ann.answer("direct", {"userId": "vera", "text": "psst"})
        assert (refused["success"], refused["code"]) == (False, "forbidden")
        assert (await ann.answer("message:delete", {"roomId": "ops", "messageId": said["id"]}))["code"] == "forbidden"
        assert (await ann.answer("rooms"))["success"]


async def test_without_a_token_nobody_is_anybody_where_a_login_is_needed(tmp_path: Path) -> None:
    async with site(tmp_path) as there, node_clients() as clients:
        early = clients.open(there.url, transports=["websocket"])
        early.emit("room:join", "ops")
        assert (await early.next("error"))["code"] == "not_authenticated"
        early.emit("authenticated", {"id": "vera"})
        assert (await early.answer("nonsense"))["code"] == "unknown_type"
        answer = await early.answer("auth", {"id": "vera", "username": "Vera"})
        assert (answer["success"], answer["code"]) == (False, "bad_token")
        assert await early.next("disconnect") == "io server disconnect"  # it does not come back by itself
        wrong = clients.open(there.url, auth={"token": "x.y.z"})
        assert (await wrong.next("connect_error"))["data"]["code"] == "bad_token"


async def test_a_token_or_a_cookie_of_the_handshake_is_enough(tmp_path: Path) -> None:
    async with site(tmp_path) as there, node_clients() as clients:
        token = clients.open(there.url, auth={"token": there.jwt("vera")})
        assert (await token.next("authenticated"))["user"]["id"] == "vera"
        cookie = clients.open(there.url, extraHeaders=there.cookie("eddy"))
        assert (await cookie.next("authenticated"))["user"]["id"] == "eddy"
        assert (await token.next("user:online", userId="eddy"))["username"] == "Eddy"
        assert (await cookie.answer("room:join", "ops"))["success"]
        user = there.server.accounts.authenticator.by_text(there.jwt("eddy"))
        assert user.id == "eddy"
        await there.server.accounts.accounts.change_user("test", "", "eddy", disabled=True)
        assert await cookie.next("disconnect") == "io server disconnect"


async def test_binary_data_is_refused_and_the_session_goes_on(tmp_path: Path) -> None:
    for transports in (["websocket"], ["polling"]):
        async with site(tmp_path / transports[0], login="auto") as there, node_clients() as clients:
            ann = clients.open(there.url, transports=transports)
            await ann.answer("auth", {"id": "u1"})
            (refused,) = await ann.send_binary("chat:message")
            assert (refused["success"], refused["code"]) == (False, "invalid_message")
            assert (await ann.answer("room:join", "ops"))["success"]


async def test_live_data_are_watched_in_their_namespace(tmp_path: Path) -> None:
    async with site(tmp_path) as there, node_clients() as clients:
        await there.fetch("POST", "/api/v1/samples", [{"series": "orders", "value": 3}], there.bearer("write"))
        live = clients.open(there.url + "/live", extraHeaders=there.bearer("read"))
        answer = await live.answer("watch", {"selectors": ["orders"]})
        snapshot = await live.next("snapshot")
        assert (answer["success"], answer["view"]) == (True, snapshot["view"])
        assert snapshot["series"][0]["v"] == [3.0]
        await there.fetch("POST", "/api/v1/samples", [{"series": "orders", "value": 4}], there.bearer("write"))
        frame = await live.next("frame")
        assert frame["points"][0][2] == [4.0]
        plain = await there.socket(there.bearer("read"))
        plain.send("watch", selectors=["orders"])
        assert (await plain.until("snapshot"))["view"] == snapshot["view"]  # one view for both
        assert (await live.answer("unwatch", {"view": snapshot["view"]}))["success"]
        assert (await live.answer("watch", {"selectors": ["orders"], "since": "x"}))["code"] == "invalid"
        nobody = clients.open(there.url + "/live")
        assert (await nobody.answer("watch", {"selectors": ["orders"]}))["code"] == "not_authenticated"


async def test_a_client_that_comes_back_is_in_its_rooms_and_gets_what_it_missed(tmp_path: Path) -> None:
    async with site(tmp_path) as there, node_clients() as clients:
        eddy, vera = await two_in_two_rooms(there, clients)
        for room, text in (("host", "h1"), ("ops", "o1")):
            await eddy.ask("message", roomId=room, text=text)
            assert (await vera.next("chat:message"))["text"] == text
        vera.order("cut")
        await vera.next("disconnect")
        for room, text in (("ops", "o2"), ("host", "h2"), ("ops", "o3")):
            await eddy.ask("message", roomId=room, text=text)
        await eddy.ask("edit", roomId="ops", messageId="ops.1", text="o1, changed")
        assert (await vera.next("connect"))["recovered"]
        assert (await vera.next("chat:message", text="h2"))["id"] == "host.2"
        changed = await vera.next("chat:message:changed") if not vera.told("chat:message:changed") else {}
        assert changed.get("text", "o1, changed") == "o1, changed"
        await eddy.ask("message", roomId="ops", text="o4")
        await vera.next("chat:message", text="o4")
        said = [each["text"] for each in vera.told("chat:message")]
        assert sorted(said) == ["h1", "h2", "o1", "o2", "o3", "o4"]  # each once
        assert [each for each in said if each[0] == "o"] == ["o1", "o2", "o3", "o4"]
        eddy.send("leave_room", roomId="host")
        assert (await vera.answer("room:leave", "host"))["success"]
        await eddy.ask("message", roomId="ops", text="o5")
        await vera.next("chat:message", text="o5")
        vera.order("cut")
        assert (await vera.next("connect"))["recovered"]


async def test_a_client_that_is_cut_twice_gets_nothing_twice_though_a_room_is_quiet(tmp_path: Path) -> None:
    async with site(tmp_path) as there, node_clients() as clients:
        eddy, vera = await two_in_two_rooms(there, clients)
        texts = iter(["o1", "o2", "o3", "o4", "o5"])
        await eddy.ask("message", roomId="ops", text=next(texts))
        await vera.next("chat:message", text="o1")
        for _ in range(2):
            vera.order("cut")
            await vera.next("disconnect")
            await eddy.ask("message", roomId="ops", text=next(texts))
            assert (await vera.next("connect"))["recovered"]
            await eddy.ask("message", roomId="ops", text=(text := next(texts)))
            await vera.next("chat:message", text=text)
        assert [each["text"] for each in vera.told("chat:message")] == ["o1", "o2", "o3", "o4", "o5"]


async def test_a_client_that_authenticated_by_an_event_is_recovered_too_until_it_leaves_or_its_session_ends(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as there, node_clients() as clients:
        eddy = await there.socket(as_="eddy")
        await eddy.ask("join_room", roomId="ops")
        vera = clients.open(there.url, transports=["websocket"], reconnectionDelay=400)
        token = {"id": "vera", "token": there.jwt("vera")}
        assert (await vera.answer("auth", token))["success"]
        assert (await vera.answer("room:join", "ops"))["success"]
        await eddy.ask("message", roomId="ops", text="1")
        await vera.next("chat:message", text="1")
        vera.order("cut")
        await vera.next("disconnect")
        await eddy.ask("message", roomId="ops", text="2")
        assert (await vera.next("connect"))["recovered"]
        await vera.next("chat:message", text="2")
        assert (await vera.answer("auth", token))["success"]  # as programs do whenever they are connected
        assert (await vera.answer("chat:message", {"roomId": "ops", "text": "3"}))["success"]
        await vera.next("chat:message", text="3")
        assert [each["text"] for each in vera.told("chat:message")] == ["1", "2", "3"]
        vera.order("disconnect")
        await vera.next("disconnect")
        vera.order("connect")
        assert not (await vera.next("connect"))["recovered"]
        assert (await vera.answer("room:join", "ops"))["code"] == "not_authenticated"
