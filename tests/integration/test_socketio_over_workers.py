"""Socket.IO on two workers: requests find the worker that holds their session, people meet, and a killed worker loses nothing acked."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import websockets
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import websocket_connect

from dashboard.domain.identity import Role
from tests.support.cluster import Cluster
from tests.support.deadline import deadline
from tests.support.people import make_users
from tests.support.socketio_clients import node_clients

pytestmark = pytest.mark.gen_test


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("socketio")
    (folder / "server" / "data").mkdir(parents=True)
    users = {"ann": Role.VIEWER, "bob": Role.VIEWER, "eve": Role.VIEWER}
    tokens = make_users(folder / "server" / "data", users, passwords=False)
    with Cluster(folder, "--chat-per-s", "50", "--chat-burst", "200", "--max-user-connections", "60") as cluster:
        yield cluster, tokens


async def fetch(port: int, query: str, body: str | None = None) -> HTTPResponse:
    return await AsyncHTTPClient().fetch(
        f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling{query}",
        method="GET" if body is None else "POST",
        body=body,
        raise_error=False,
        headers={"Origin": f"http://127.0.0.1:{port}"},
    )


async def opened(port: int, other: int) -> str:
    """A session on one worker, which the other worker can reach."""
    async with deadline(30, "the other worker's address"):
        while True:
            sid = str(json.loads((await fetch(port, "")).body[1:])["sid"])
            if (await fetch(other, f"&sid={sid}", "40")).code == 200:
                return sid
            await asyncio.sleep(0.2)


async def test_polls_bodies_and_upgrades_find_the_worker_that_holds_the_session(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company
    one, two = cluster.direct_ports
    sid = await opened(one, two)
    poll = await fetch(two, f"&sid={sid}")
    assert (poll.code, poll.body[:2]) == (200, b"40")
    assert poll.headers["Access-Control-Allow-Origin"] == f"http://127.0.0.1:{two}"
    auth = json.dumps(["auth", {"id": "ann", "token": tokens["ann"]}])
    assert (await fetch(two, f"&sid={sid}", "421" + auth)).body == b"ok"
    assert b'"success":true' in (await fetch(one, f"&sid={sid}")).body
    socket = await websocket_connect(
        HTTPRequest(f"ws://127.0.0.1:{two}/socket.io/?EIO=4&transport=websocket&sid={sid}")
    )
    socket.write_message("2probe")
    assert await socket.read_message() == "3probe"
    socket.write_message("5")
    socket.write_message('422["room:join","host"]')
    async with deadline(10, "the answer"):
        while not str(text := await socket.read_message()).startswith("432["):
            assert text is not None
    assert (await fetch(two, f"&sid={sid}")).code == 400  # it is carried by the WebSocket now
    socket.close()
    async with deadline(10, "the end"):
        while await socket.read_message() is not None:
            pass
        while json.loads((await fetch(two, f"&sid={sid}")).body)["code"] != 1:
            await asyncio.sleep(0.05)
    wrong = await fetch(two, "&sid=0123456789abcdef.unknown")
    assert (wrong.code, json.loads(wrong.body)) == (400, {"code": 1, "message": "Session ID unknown"})


async def talk(cluster: Cluster, tokens: dict[str, str], transports: list[str], stack: AsyncExitStack) -> None:
    """Somebody on ``/ws`` of one worker and somebody on Socket.IO anywhere see the same messages in the same order."""
    clients = await stack.enter_async_context(node_clients())
    page = await stack.enter_async_context(websockets.connect(f"ws://127.0.0.1:{cluster.direct_ports[0]}/ws"))
    seen: list[str] = []

    async def ask(kind: str, **fields: Any) -> dict[str, Any]:
        await page.send(json.dumps({"type": kind, "id": kind, **fields}))
        while True:
            message: dict[str, Any] = json.loads(await page.recv())
            if message["type"] == "message":
                seen.append(message["messageId"])
            if message.get("id") == kind:
                return message

    await ask("auth", userId="bob", token=tokens["bob"])
    await ask("join_room", roomId="host")
    people = [clients.open(f"http://127.0.0.1:{cluster.port}", transports=transports) for _ in range(6)]
    for number, each in enumerate(people):
        who = ("ann", "eve")[number % 2]
        assert (await each.answer("auth", {"id": who, "token": tokens[who]}))["success"]
        assert (await each.answer("room:join", "host"))["success"]
    answers = [await each.answer("chat:message", {"roomId": "host", "text": "x"}) for each in people for _ in range(3)]
    stored = [each["id"] for each in answers]
    async with deadline(20, "all messages everywhere"):
        while not set(stored) <= set(seen):
            await ask("rooms")
        for each in people:
            while not set(stored) <= {message["id"] for message in each.told("chat:message")}:
                await asyncio.sleep(0.02)
    order = [each for each in seen if each in set(stored)]
    for each in people:
        assert [message["id"] for message in each.told("chat:message") if message["id"] in set(stored)] == order


TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]]


@pytest.mark.parametrize("transports", TRANSPORTS if os.environ.get("NIGHTLY") else TRANSPORTS[-1:])
async def test_people_on_any_worker_and_transport_see_one_order(
    company: tuple[Cluster, dict[str, str]], transports: list[str]
) -> None:
    cluster, tokens = company
    async with AsyncExitStack() as stack:
        await talk(cluster, tokens, transports, stack)


async def test_whoever_is_cut_comes_back_on_any_worker_and_misses_nothing(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company
    url = f"http://127.0.0.1:{cluster.port}"
    async with node_clients() as clients:
        eve = clients.open(url, auth={"token": tokens["eve"]})
        ann = clients.open(url, auth={"token": tokens["ann"]}, transports=["websocket"], reconnectionDelay=300)
        for each in (eve, ann):
            await each.next("authenticated")
            assert (await each.answer("room:join", "cluster"))["success"]
        await eve.answer("chat:message", {"roomId": "cluster", "text": "0"})
        await ann.next("chat:message", text="0")
        for number in range(1, 7):
            ann.order("cut")
            await ann.next("disconnect")
            await eve.answer("chat:message", {"roomId": "cluster", "text": str(number)})
            assert (await ann.next("connect"))["recovered"]
            await ann.next("chat:message", text=str(number))
        assert [each["text"] for each in ann.told("chat:message")] == [str(number) for number in range(7)]


async def test_a_killed_worker_loses_no_acked_message(company: tuple[Cluster, dict[str, str]]) -> None:
    cluster, tokens = company
    async with node_clients() as clients:
        ann = clients.open(f"http://127.0.0.1:{cluster.port}", transports=["polling", "websocket"])
        eve = clients.open(f"http://127.0.0.1:{cluster.port}", transports=["polling"])
        stored: list[str] = []

        async def enter(client: Any, who: str) -> None:
            assert (await client.answer("auth", {"id": who, "token": tokens[who]}))["success"]
            assert (await client.answer("room:join", "host"))["success"]

        await asyncio.gather(enter(ann, "ann"), enter(eve, "eve"))
        for number in range(30):
            key, answer = f"k{number}", None
            if number == 10:
                os.kill(cluster.pids()[1], signal.SIGKILL)
            if number == 20:
                os.kill(cluster.pids()[2], signal.SIGKILL)
            async with deadline(40, f"the answer to {key}"):
                while answer is None:
                    try:
                        async with asyncio.timeout(2):
                            (answer,) = await ann.ask("chat:message", {"roomId": "host", "text": key, "key": key})
                    except TimeoutError:
                        continue  # the answer was lost with the worker
                    if not answer["success"]:
                        if answer["code"] in ("not_authenticated", "not_member"):
                            await enter(ann, "ann")
                        answer = None
            stored.append(answer["id"])
        assert len(set(stored)) == 30
        late = clients.open(f"http://127.0.0.1:{cluster.port}")
        await enter(late, "eve")
        past = (await late.answer("history", {"roomId": "host", "limit": 100}))["messages"]
        mine = [(each["id"], each["text"]) for each in past if each["key"].startswith("k")]
        assert mine == [(each, f"k{number}") for number, each in enumerate(stored)]
