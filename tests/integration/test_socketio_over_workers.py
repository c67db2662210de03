"""Socket.IO on two workers: requests find the worker that holds their session, users meet, and a killed worker loses
nothing acked."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import websockets

from dashboard.domain.identity import Role
from tests.support.cluster import Cluster
from tests.support.deadline import deadline, scaled, within
from tests.support.people import make_users
from tests.support.pulse import seconds_since
from tests.support.socketio_clients import node_clients
from tests.support.socketio_http import use_through_another

pytestmark = pytest.mark.gen_test


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("socketio")
    (folder / "server" / "data").mkdir(parents=True)
    users = {"ann": Role.VIEWER, "bob": Role.VIEWER, "eve": Role.VIEWER, "gus": Role.VIEWER, "root": Role.ADMIN}
    tokens = make_users(folder / "server" / "data", users, passwords=False)
    with Cluster(folder, "--chat-per-s", "50", "--chat-burst", "200", "--max-user-connections", "60") as cluster:
        yield cluster, tokens


async def test_polls_bodies_and_upgrades_find_the_worker_that_holds_the_session(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company
    await use_through_another(*cluster.direct_ports, {"id": "ann", "token": tokens["ann"]})


async def talk(cluster: Cluster, tokens: dict[str, str], transports: list[str], stack: AsyncExitStack) -> None:
    """Check that a user on ``/ws`` of one worker and a user on Socket.IO anywhere see the same messages in the same order."""
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
        bob = clients.open(url, transports=["websocket"], reconnectionDelay=1500, reconnectionDelayMax=3000)
        assert (await bob.answer("auth", {"id": "bob", "token": tokens["bob"]}))[
            "success"
        ]  # by an event, and never again
        for each in (eve, ann):
            await each.next("authenticated")
        for each in (eve, ann, bob):
            assert (await each.answer("room:join", "cluster"))["success"]
        await eve.answer("chat:message", {"roomId": "cluster", "text": "0"})
        for each in (ann, bob):
            await each.next("chat:message", text="0")
        for number in range(1, 7):
            for each in (ann, bob):
                each.order("cut")
                await each.next("disconnect")
            await eve.answer("chat:message", {"roomId": "cluster", "text": str(number)})
            for each in (ann, bob):
                assert (await each.next("connect"))["recovered"]
                await each.next("chat:message", text=str(number))
        for each in (ann, bob):
            assert [said["text"] for said in each.told("chat:message")] == [str(number) for number in range(7)]


async def test_a_killed_redis_loses_no_acked_message(company: tuple[Cluster, dict[str, str]]) -> None:
    cluster, tokens = company
    transports = (["polling"], ["websocket"])
    async with node_clients() as clients:
        people = [
            clients.open(f"http://127.0.0.1:{port}", transports=kind)
            for port, kind in zip(cluster.direct_ports, transports, strict=True)
        ]
        for each, who in zip(people, ("ann", "eve"), strict=True):
            assert (await each.answer("auth", {"id": who, "token": tokens[who]}))["success"]
            assert (await each.answer("room:join", "host"))["success"]
        stored: list[str] = []

        async def say(first: int, last: int) -> None:
            for number in range(first, last):
                body, answer = {"roomId": "host", "text": f"r{number}", "key": f"r{number}"}, {"success": False}
                async with deadline(40, f"the answer to {body}"):
                    while not answer["success"]:  # refused while neither the journal nor the store can tell the others
                        (answer,) = await people[number % 2].ask("chat:message", body)
                stored.append(answer["id"])

        await say(0, 3)
        cluster.redis.kill()
        await say(3, 6)
        cluster.redis.start()
        await say(6, 9)
        assert len(set(stored)) == 9
        async with deadline(40, "all messages at both"):
            for each in people:
                while not set(stored) <= {message["id"] for message in each.told("chat:message")}:
                    await asyncio.sleep(0.05)
        for each in people:
            mine = [message["id"] for message in each.told("chat:message") if message["id"] in set(stored)]
            assert mine == stored


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
                        async with asyncio.timeout(scaled(2)):
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
        mine = [(each["id"], each["text"]) for each in past if each["key"] in {f"k{n}" for n in range(30)}]
        assert mine == [(each, f"k{number}") for number, each in enumerate(stored)]


async def test_what_is_revoked_ends_on_both_workers_and_transports_within_2_s(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company
    async with node_clients() as clients:
        pages = [
            clients.open(f"http://127.0.0.1:{port}", auth={"token": tokens["gus"]}, transports=[transport])
            for port, transport in zip(cluster.direct_ports, ("polling", "websocket"), strict=True)
        ]
        for each in pages:
            await each.next("authenticated")
        headers = {"Authorization": f"Bearer {tokens['root']}", "Content-Type": "application/json"}
        began = time.monotonic()
        status, _, _ = await asyncio.to_thread(
            cluster.server.request, "PATCH", "/api/v1/users/gus", b'{"disabled":true}', headers=headers
        )
        assert status == 200
        for each in pages:
            assert await each.next("disconnect") == "io server disconnect"
        within(seconds_since(began), 2, "what is revoked ends")


async def test_a_view_is_told_that_there_is_a_gap_when_the_journal_was_lost(
    company: tuple[Cluster, dict[str, str]],
) -> None:
    cluster, tokens = company
    async with node_clients() as clients:
        live = clients.open(f"http://127.0.0.1:{cluster.port}/live", auth={"token": tokens["ann"]})
        assert (await live.answer("watch", {"selectors": ["orders"]}))["success"]
        await live.next("snapshot")
        cluster.redis.kill()
        cluster.redis.empty()
        cluster.redis.start()
        async with deadline(40, "the gap"):
            while not live.told("gap"):
                await asyncio.sleep(0.05)
        gap = await live.next("gap")
        assert (gap["reason"], gap["view"]) == ("epoch", live.told("snapshot")[0]["view"])
        await live.next("snapshot", view=gap["view"])
