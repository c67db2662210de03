"""Two workers with Redis: messages and presence on one are seen on the other, and so is the end of a connection."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets

from dashboard.domain.identity import Role
from tests.support.cluster import Cluster
from tests.support.deadline import deadline, scaled, timeouts_as_deadlines, within
from tests.support.people import make_users
from tests.support.pulse import seconds_since
from tests.support.server import wait_until

USERS = {"ann": Role.VIEWER, "bob": Role.OPERATOR, "eve": Role.VIEWER, "root": Role.ADMIN}
LEAVING = {"u0901": Role.VIEWER, "u0902": Role.VIEWER}


@contextmanager
def served(folder: Path, users: dict[str, Role]) -> Iterator[tuple[Cluster, dict[str, str]]]:
    """Run two workers whose store has these users; return them with the users' tokens."""
    (folder / "server" / "data").mkdir(parents=True)
    tokens = make_users(folder / "server" / "data", users, passwords=False)
    with Cluster(folder, "--chat-per-s", "50", "--chat-burst", "100", "--max-user-connections", "6") as cluster:
        yield cluster, tokens


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, dict[str, str]]]:
    with served(tmp_path_factory.mktemp("people"), USERS | LEAVING) as company:
        yield company


class Page:
    """One page of a user; ``await page.next("type", …)`` skips messages until one fits."""

    def __init__(self, socket: Any, user: str) -> None:
        self.socket = socket
        self.user = user
        self.heard: list[dict[str, Any]] = []

    async def ask(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def next(self, kind: str, timeout_s: float = 10, **wanted: Any) -> dict[str, Any]:
        async with deadline(timeout_s, f"{kind} {wanted or ''}"):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.recv())
                self.heard.append(message)
                if message["type"] == kind and all(message.get(name) == value for name, value in wanted.items()):
                    return message

    async def until_tabs(self, user: str, count: int) -> None:
        async with deadline(10, f"{count} tabs of {user}"):
            while True:
                await self.ask("users", id=count)
                known = {each["id"]: each["tabs"] for each in (await self.next("users"))["users"]}
                if known.get(user) == count:
                    return
                await asyncio.sleep(0.1)

    async def quiet(self, for_s: float, *kinds: str) -> None:
        """Check that no message of these kinds arrives for some time."""
        try:
            async with asyncio.timeout(for_s):
                while True:
                    message = json.loads(await self.socket.recv())
                    assert message["type"] not in kinds, message
        except TimeoutError:
            pass


async def page(stack: AsyncExitStack, port: int, user: str, token: str, *, room: str = "host") -> Page:
    connecting = websockets.connect(f"ws://127.0.0.1:{port}/ws", max_queue=None, open_timeout=scaled(10))
    with timeouts_as_deadlines("a connection"):
        socket = await stack.enter_async_context(connecting)
    opened = Page(socket, user)
    await opened.ask("auth", userId=user, token=token)
    if room:
        await opened.ask("join_room", roomId=room)
        await opened.next("joined", roomId=room)
    else:
        await opened.next("authenticated")
    return opened


def run(work: Callable[[AsyncExitStack], Any]) -> None:
    async def whole() -> None:
        async with AsyncExitStack() as stack:
            await work(stack)

    asyncio.run(whole())


def test_what_is_said_typed_read_and_changed_on_one_worker_shows_on_the_other(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company

    async def talk(stack: AsyncExitStack) -> None:
        ann = await page(stack, cluster.direct_ports[0], "ann", tokens["ann"])
        bob = await page(stack, cluster.direct_ports[1], "bob", tokens["bob"])
        await ann.next("user_joined", roomId="host")
        await bob.ask("typing", roomId="host", isTyping=True)
        assert (await ann.next("typing"))["isTyping"] is True
        await ann.ask("message", roomId="host", text="hello @bob", key="k1", id=7)
        ack = await ann.next("ack", id=7)
        said = await bob.next("message", messageId=ack["messageId"])
        assert (said["text"], said["mentions"], said["key"]) == ("hello @bob", ["bob"], "k1")
        assert (await bob.next("notification"))["data"] == {"roomId": "host", "messageId": ack["messageId"]}
        await bob.ask("read", roomId="host", messageId=ack["messageId"])
        assert await ann.next("ack", status="read", messageId=ack["messageId"], userId="bob")
        await ann.ask("edit", roomId="host", messageId=ack["messageId"], text="hello all")
        assert (await bob.next("message_changed"))["text"] == "hello all"
        assert (await bob.next("notification_changed", body=""))["data"]["messageId"] == ack["messageId"]
        await ann.ask("delete", roomId="host", messageId=ack["messageId"])
        gone = await bob.next("message_changed", deleted=True)
        assert (gone["text"], gone["html"]) == ("", "")
        await ann.ask("message", roomId="host", text="hello", id=8)
        plain = (await ann.next("ack", id=8))["messageId"]
        for text in ("hello @bob", "hello @bob and @ann"):  # the second mentions nobody anew
            await ann.ask("edit", roomId="host", messageId=plain, text=text)
        assert (await bob.next("notification"))["data"]["messageId"] == plain
        await bob.next("message_changed", text="hello @bob and @ann", mentions=["bob"])
        await bob.next("notification_changed", body="hello @bob and @ann")
        await bob.quiet(0.5, "notification", "notification_changed")
        await ann.next("typing", isTyping=False, timeout_s=8)  # by itself
        await bob.ask("direct", userId="ann", text="psst", key="d1")
        assert (await ann.next("message", roomId="direct:ann:bob"))["text"] == "psst"

    run(talk)


def test_a_user_with_pages_on_both_comes_and_goes_once_and_a_page_that_returns_makes_no_noise(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company

    async def come_and_go(stack: AsyncExitStack) -> None:
        bob = await page(stack, cluster.direct_ports[0], "bob", tokens["bob"])
        async with AsyncExitStack() as first:
            eve = await page(first, cluster.direct_ports[0], "eve", tokens["eve"])
            began = time.monotonic()
            await bob.next("user_online")
            await bob.next("user_joined", roomId="host")
            within(seconds_since(began), 3, "a user who comes is shown")
            async with AsyncExitStack() as second:
                await page(second, cluster.direct_ports[1], "eve", tokens["eve"])
                await bob.quiet(0.7, "user_online", "user_joined", "user_offline")
            await bob.quiet(0.7, "user_offline", "user_left")  # the other page is still there
            eve.socket.transport.abort()  # without a good-bye
            await bob.quiet(0.3, "user_offline", "user_left")
            await page(first, cluster.direct_ports[1], "eve", tokens["eve"])
            await bob.quiet(5.5, "user_offline", "user_left", "user_online", "user_joined")
            began = time.monotonic()
        await bob.next("user_offline")  # closed with 1000: a clean leave
        await bob.next("user_left", roomId="host")
        # they do not have their five seconds to come back
        within(seconds_since(began), 4, "a clean leave is shown")

    run(come_and_go)


def test_a_worker_that_is_killed_takes_its_people_with_it_within_15_s(company: tuple[Cluster, dict[str, str]]) -> None:
    cluster, tokens = company

    async def crash(stack: AsyncExitStack) -> None:
        bob = await page(stack, cluster.direct_ports[0], "bob", tokens["bob"])
        await page(stack, cluster.direct_ports[1], "eve", tokens["eve"])
        await bob.next("user_online")
        began = time.monotonic()
        pid = cluster.signal_worker(2, signal.SIGKILL)
        await bob.next("user_offline", timeout_s=15)
        await bob.next("user_left", timeout_s=5, roomId="host")
        assert time.monotonic() - began > 4  # they had their five seconds to come back
        within(seconds_since(began), 15, "a killed worker's users have left")
        await bob.ask("users", id=9)
        assert [each["id"] for each in (await bob.next("users"))["users"]] == ["bob"]
        await asyncio.to_thread(cluster.wait_replaced, 2, pid)

    run(crash)
    cluster.wait_ready()


def test_what_is_revoked_ends_on_both_workers_within_2_s(company: tuple[Cluster, dict[str, str]]) -> None:
    cluster, tokens = company

    async def revoke(stack: AsyncExitStack) -> None:
        pages = [await page(stack, port, "ann", tokens["ann"]) for port in cluster.direct_ports]
        body = json.dumps({"disabled": True}).encode()
        headers = {"Authorization": f"Bearer {tokens['root']}", "Content-Type": "application/json"}
        began = time.monotonic()
        status, _, _ = await asyncio.to_thread(
            cluster.server.request, "PATCH", "/api/v1/users/ann", body, headers=headers
        )
        assert status == 200
        for each in pages:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await each.next("never")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4503
        within(seconds_since(began), 2, "what is revoked ends")
        for port in cluster.direct_ports:
            async with websockets.connect(f"ws://127.0.0.1:{port}/ws") as socket:
                again = Page(socket, "ann")
                await again.ask("auth", userId="ann", token=tokens["ann"])
                assert (await again.next("error"))["code"] == "bad_token"
                with pytest.raises(websockets.ConnectionClosed):
                    await again.next("never")
                assert socket.close_code == 4500

    run(revoke)


def test_a_revoked_token_takes_its_sockets_on_both_workers_with_it_within_2_s(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company
    headers = {"Authorization": f"Bearer {tokens['root']}", "Content-Type": "application/json"}
    body = json.dumps({"name": "follower", "verbs": ["read"]})
    status, _, answer = cluster.server.request("POST", "/api/v1/tokens", body, headers)
    made = json.loads(answer)
    assert (status, made["expires"]) == (201, None)

    async def revoke(stack: AsyncExitStack) -> None:
        shown = {"Authorization": f"Bearer {made['token']}"}
        sockets = []
        for port in cluster.direct_ports:
            connecting = websockets.connect(f"ws://127.0.0.1:{port}/ws", additional_headers=shown)
            sockets.append(await stack.enter_async_context(connecting))
        began = time.monotonic()
        path = f"/api/v1/tokens/{made['id']}"
        assert (await asyncio.to_thread(cluster.server.request, "DELETE", path, None, headers))[0] == 204
        for socket in sockets:
            with pytest.raises(websockets.ConnectionClosed):
                await Page(socket, "follower").next("never")
            assert socket.close_code == 4503
        within(seconds_since(began), 2, "what is revoked ends")

    run(revoke)


def test_what_is_made_on_one_worker_is_there_on_the_other_at_once(company: tuple[Cluster, dict[str, str]]) -> None:
    cluster, tokens = company

    def ask(worker: int, method: str, path: str, body: Any = None, *, token: str) -> tuple[int, Any]:
        said = json.dumps(body) if body is not None else None
        headers = {"Authorization": f"Bearer {token}"}
        status, _, answer = cluster.server.request(method, path, said, headers, port=cluster.direct_ports[worker])
        return status, json.loads(answer) if answer else None

    async def at_once(stack: AsyncExitStack) -> None:
        bob = await page(stack, cluster.direct_ports[1], "bob", tokens["bob"])
        for turn in range(5):
            status, made = await asyncio.to_thread(
                ask,
                0,
                "POST",
                "/api/v1/tokens",
                {"name": f"t{turn}", "verbs": ["message", "write"]},
                token=tokens["root"],
            )
            assert status == 201
            said = {"roomId": "host", "text": f"from {turn}"}
            status, answer = await asyncio.to_thread(ask, 1, "POST", "/api/message", said, token=made["token"])
            assert (status, answer["sent"]) == (200, True)
            fed = {"series": "x", "value": 1, "auth_token": made["token"]}
            status, _, _ = await asyncio.to_thread(
                cluster.server.request, "POST", "/api/v1/samples", json.dumps(fed), port=cluster.direct_ports[1]
            )
            assert status == 202
            room = {"id": f"room-{turn}"}
            assert (await asyncio.to_thread(ask, 0, "POST", "/api/v1/rooms", room, token=tokens["root"]))[0] == 201
            await bob.ask("join_room", roomId=f"room-{turn}", id=turn)
            await bob.next("joined", id=turn)

    run(at_once)


def test_a_users_connections_are_counted_over_the_workers_and_one_too_many_is_final(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company

    async def too_many(stack: AsyncExitStack) -> None:
        for number in range(6):
            await page(stack, cluster.direct_ports[number % 2], "eve", tokens["eve"], room="")
        bob = await page(stack, cluster.direct_ports[0], "bob", tokens["bob"], room="")
        other = await page(stack, cluster.direct_ports[1], "bob", tokens["bob"], room="")
        for each in (bob, other):  # until both have heard of all
            await each.until_tabs("eve", 6)
        for port in cluster.direct_ports:
            socket = await stack.enter_async_context(websockets.connect(f"ws://127.0.0.1:{port}/ws"))
            one_more = Page(socket, "eve")
            await one_more.ask("auth", userId="eve", token=tokens["eve"])
            assert (await one_more.next("error"))["code"] == "too_many_connections"
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await one_more.next("authenticated")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4504

    run(too_many)


def test_what_was_fed_to_one_worker_shows_in_the_others_tap(company: tuple[Cluster, dict[str, str]]) -> None:
    cluster, tokens = company
    headers = {"Authorization": f"Bearer {tokens['root']}"}
    body = '[{"series":"tapped","value":5},{"series":"<b>","value":1}]'
    cluster.server.request("POST", "/api/v1/samples", body, headers=headers, port=cluster.direct_ports[0])

    def seen() -> list[dict[str, Any]]:
        answer = cluster.server.request("GET", "/api/v1/feeders", headers=headers, port=cluster.direct_ports[1])[2]
        return [each for each in json.loads(answer)["feeders"] if each["key"] == "user:root"]

    (feeder,) = wait_until(seen, 10, "the other worker's tap")
    assert (feeder["accepted"], feeder["refused"]) == (1, 1)
    assert feeder["refusals"][0]["snippet"] == '{"series":"<b>","value":1}'


def test_an_order_to_reload_reaches_the_screens_of_that_board_on_both_workers(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company

    def order(board: str) -> None:
        headers = {"Authorization": f"Bearer {tokens['bob']}"}
        assert cluster.server.request("POST", f"/dashboards/{board}", '{"event":"reload"}', headers=headers)[0] == 204

    async def work(stack: AsyncExitStack) -> None:
        screens = []
        for port, board in zip(cluster.direct_ports * 2, ("host", "host", "cluster", "cluster"), strict=True):
            screen = Page(await stack.enter_async_context(websockets.connect(f"ws://127.0.0.1:{port}/ws")), "")
            await screen.ask("watch", id=1, board=board)
            await screen.next("snapshot")
            screens.append(screen)
        await asyncio.to_thread(order, "host")
        for screen in screens[:2]:
            await screen.next("reload", board="host")
        await asyncio.to_thread(order, "*")
        for screen in screens:
            await screen.next("reload", board="*")
        for screen in screens[2:]:
            assert [told["board"] for told in screen.heard if told["type"] == "reload"] == ["*"]

    run(work)


@pytest.mark.parametrize("frame", [b"", b"\x03\xe8"])  # empty, 1000
def test_who_says_good_bye_has_left_at_once(company: tuple[Cluster, dict[str, str]], frame: bytes) -> None:
    cluster, tokens = company

    async def work(stack: AsyncExitStack) -> None:
        bob = await page(stack, cluster.direct_ports[1], "bob", tokens["bob"])
        other = "u0901" if frame else "u0902"
        leaving = await page(stack, cluster.direct_ports[0], other, tokens[other])
        await bob.next("user_joined", roomId="host")
        leaving.socket.transport.write(b"\x88" + bytes([0x80 | len(frame)]) + bytes(4) + frame)
        async with deadline(4, f"{other} has left"):  # they do not have their five seconds to come back
            while other not in json.dumps(await bob.next("user_offline")):
                pass

    run(work)
