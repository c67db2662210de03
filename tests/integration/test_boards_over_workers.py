"""Boards on two workers with Redis: what one has answered, the other knows at once. No test waits between the two requests."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import websockets

from dashboard.domain.identity import Role
from tests.support.cluster import Cluster
from tests.support.deadline import deadline, scaled, within
from tests.support.people import make_users

#: Each kind of change is made so often, on alternating workers.
_TIMES = 6


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cluster, str]]:
    """Two workers, and the token of the editor anna."""
    folder = tmp_path_factory.mktemp("boards")
    data = folder / "server" / "data"
    (data / "boards").mkdir(parents=True)
    token = make_users(data, {"anna": Role.EDITOR}, passwords=False)["anna"]
    with Cluster(folder) as cluster:
        yield cluster, token


@pytest.fixture
def pair(served: tuple[Cluster, str]) -> Cluster:
    return served[0]


def ask(
    cluster: Cluster, worker: int, method: str, path: str, value: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, Any]:
    """Ask one worker; return status and JSON, or the text of another answer."""
    body = None if value is None else json.dumps(value)
    status, said, data = cluster.server.request(method, path, body, headers, cluster.direct_ports[worker % 2])
    is_json = said.get("content-type", "").startswith("application/json")
    return status, (json.loads(data) if is_json and data else said.get("location") or data.decode())


def title(cluster: Cluster, worker: int, board: str) -> str:
    status, said = ask(cluster, worker, "GET", f"/api/v1/boards/{board}")
    return str(said["title"]) if status == 200 else str(status)


def test_what_one_worker_has_answered_about_a_board_the_other_knows_at_once(pair: Cluster) -> None:
    for n in range(_TIMES):
        board, path = f"told-{n}", f"/api/v1/boards/told-{n}"

        def here(method: str, path: str, value: Any = None, one: int = n) -> None:
            status, said = ask(pair, one, method, path, value)
            assert status < 300, said

        here("PUT", path, {"title": "One"})
        assert ask(pair, n + 1, "GET", f"/boards/{board}")[0] == 200
        here("PUT", path, {"title": "Two"})
        assert title(pair, n + 1, board) == "Two"
        assert [each["version"] for each in ask(pair, n + 1, "GET", f"{path}/versions")[1]["versions"]] == [2, 1]
        here(
            "POST", f"{path}/operations", {"key": "k", "operation": [{"op": "set", "field": "title", "value": "Three"}]}
        )
        assert ask(pair, n + 1, "GET", f"{path}/draft")[1]["document"]["title"] == "Three"
        here("POST", f"{path}/publish", {"note": ""})
        assert title(pair, n + 1, board) == "Three"
        here("PATCH", path, {"id": f"{board}-new"})
        assert ask(pair, n + 1, "GET", f"/boards/{board}-new/edit")[0] == 200
        assert ask(pair, n + 1, "GET", f"/boards/{board}") == (301, f"/boards/{board}-new")
        here("PATCH", f"{path}-new", {"archived": True})
        listed = {each["id"]: each for each in ask(pair, n + 1, "GET", "/api/v1/boards")[1]["boards"]}
        assert (board in listed, listed[f"{board}-new"]["archived"]) == (False, True)
        here("DELETE", f"{path}-new")
        assert title(pair, n + 1, f"{board}-new") == "404"
        here("POST", f"{path}-new/restore")
        key = {"key": "k2", "operation": [{"op": "set", "field": "title", "value": "Four"}]}
        assert ask(pair, n + 1, "POST", f"{path}-new/operations", key)[0] == 200


def test_of_two_changes_at_once_with_one_condition_one_is_made_and_the_other_hears_of_it(pair: Cluster) -> None:
    path = "/api/v1/boards/raced"

    def both(headers: dict[str, str], *changes: tuple[str, Any]) -> list[tuple[int, Any]]:
        with ThreadPoolExecutor(2) as pool:
            asked = [
                pool.submit(ask, pair, n, method, path, value, headers) for n, (method, value) in enumerate(changes)
            ]
            return sorted([each.result() for each in asked], key=lambda answer: answer[0])

    made, refused = both({"If-None-Match": "*"}, ("PUT", {"title": "here"}), ("PUT", {"title": "there"}))
    assert (made[0], refused[0]) == (201, 412), (made, refused)
    for n in range(_TIMES):
        tag = pair.server.request("GET", path, port=pair.direct_ports[n % 2])[1]["etag"]
        made, refused = both({"If-Match": tag}, ("PUT", {"title": f"here {n}"}), ("PUT", {"title": f"there {n}"}))
        assert (made[0], refused[0], made[1]["version"]) == (200, 412, n + 2), (made, refused)
        assert f"has changed raced meanwhile (version {n + 2}): board: title" in refused[1]["error"]
        assert title(pair, n, "raced") in refused[1]["error"]
    tag = pair.server.request("GET", path, port=pair.direct_ports[0])[1]["etag"]
    made, refused = both({"If-Match": tag}, ("DELETE", None), ("PUT", {"title": "kept"}))
    assert made[0] in (200, 204), (made, refused)
    assert refused[0] == (412 if made[0] == 200 else 409), (made, refused)


def test_a_file_that_one_worker_has_published_the_other_shows_at_once(pair: Cluster) -> None:
    file = pair.server.folder / "data" / "boards" / "filed.yaml"
    file.write_text("title: '0' # by hand\n")
    for worker in range(2):
        asyncio.run(listed(pair, worker, "filed"))
    for n in range(1, _TIMES + 1):
        step = {"op": "set", "field": "title", "value": str(n)}
        assert ask(pair, n, "POST", "/api/v1/boards/filed/operations", {"key": f"k{n}", "operation": [step]})[0] == 200
        status, said = ask(pair, n, "POST", "/api/v1/boards/filed/publish", {"note": ""})
        assert status == 200, said
        assert title(pair, n + 1, "filed") == str(n)
    assert file.read_text() == f"title: '{_TIMES}' # by hand\n"


def test_a_saved_file_is_on_the_screens_of_both_workers_within_a_second(served: tuple[Cluster, str]) -> None:
    pair, token = served
    file = pair.server.folder / "data" / "boards" / "saved.yaml"
    file.write_text("title: '0'\n")

    async def seen(socket: Any, title: str) -> float:
        """Read until the screen gets the board with this title; return when it did."""
        async with deadline(10, f"the board with the title {title}"):
            while True:
                message = json.loads(await socket.recv())
                board = message.get("definition") or message.get("board")
                if isinstance(board, dict) and board["title"] == title:
                    return time.monotonic()

    async def look() -> None:
        sockets = []
        for worker in range(2):
            await listed(pair, worker, "saved")
            url = f"ws://127.0.0.1:{pair.direct_ports[worker]}/ws"
            opening = websockets.connect(
                url, open_timeout=scaled(10), additional_headers={"Cookie": f"session={token}"}
            )
            sockets.append(await opening)
            await sockets[-1].send(json.dumps({"type": "watch", "id": 1, "board": "saved"}))
            await seen(sockets[-1], "0")
        try:
            for n in range(1, _TIMES + 1):
                began_s = time.monotonic()
                await asyncio.to_thread(file.write_text, f"title: '{n}'\n")
                for at_s in await asyncio.gather(*(seen(each, str(n)) for each in sockets)):
                    within(at_s - began_s, 1, f"save {n} to a screen")
        finally:
            for each in sockets:
                await each.close()

    asyncio.run(look())


async def listed(cluster: Cluster, worker: int, board: str) -> None:
    async with deadline(10, f"{board} on worker {worker}"):
        while (await asyncio.to_thread(ask, cluster, worker, "GET", f"/api/v1/boards/{board}"))[0] != 200:
            await asyncio.sleep(0.05)


def test_a_screen_and_an_editor_on_the_other_worker_get_a_new_board_and_are_led_to_a_renamed_one(
    served: tuple[Cluster, str],
) -> None:
    pair, token = served
    cookie = {"Cookie": f"session={token}"}

    async def replies(worker: int, board: str) -> list[dict[str, Any]]:
        """The answers of a worker to ``watch`` and ``edit_board`` on a new connection, and notices before them."""
        url = f"ws://127.0.0.1:{pair.direct_ports[worker % 2]}/ws"
        found: list[dict[str, Any]] = []
        opening = websockets.connect(url, open_timeout=scaled(10), additional_headers=cookie)
        async with opening as socket, deadline(10, f"the answers about {board}"):
            await socket.send(json.dumps({"type": "watch", "id": 1, "board": board}))
            await socket.send(json.dumps({"type": "edit_board", "id": 2, "board": board, "page": "p"}))
            while {1, 2} - {each.get("id") for each in found}:
                found.append(json.loads(await socket.recv()))
        return [each for each in found if each.get("id") or each["type"] == "board_changed"]

    async def meet() -> None:
        for n in range(_TIMES):
            board = f"met-{n}"
            assert (await asyncio.to_thread(ask, pair, n, "PUT", f"/api/v1/boards/{board}", {"title": "Met"}))[0] == 201
            told = {each.get("id"): each for each in await replies(n + 1, board)}
            assert (told[1]["type"], told[1].get("board", {}).get("title")) == ("snapshot", "Met"), told
            assert (told[2]["type"], told[2]["board"]) == ("editing", board), told
            await asyncio.to_thread(ask, pair, n, "PATCH", f"/api/v1/boards/{board}", {"id": f"{board}-new"})
            assert (await asyncio.to_thread(ask, pair, n + 1, "GET", f"/boards/{board}-new"))[0] == 200
            first, *rest = await replies(n + 1, board)
            assert (first["type"], first["board"], first["moved_to"]) == ("board_changed", board, f"{board}-new")
            told = {each.get("id"): each for each in rest}
            assert (told[1]["type"], told[1]["code"]) == ("error", "moved"), told
            assert (told[2]["type"], told[2]["board"]) == ("editing", f"{board}-new"), told

    asyncio.run(meet())


def test_a_screen_that_skips_tiles_on_one_worker_wakes_them_on_the_other_without_a_gap(
    served: tuple[Cluster, str],
) -> None:
    pair, token = served
    began_ms = int(time.time() * 1000) - 1_000
    tiles = [{"kind": "stat", "title": name, "series": [f"skip_{name}"]} for name in "ab"]

    def post(worker: int, number: int) -> None:
        samples = [{"series": f"skip_{name}", "value": number, "t": began_ms + number} for name in "ba"]
        assert ask(pair, worker, "POST", "/api/v1/samples", samples)[0] == 202

    async def until(socket: Any, name: str, number: int, sids: dict[int, str]) -> tuple[list[tuple[str, float]], str]:
        """Read frames until one brings this value; return all samples that came, and the last position."""
        came: list[tuple[str, float]] = []
        async with deadline(10, f"{name} = {number}"):
            while True:
                message = json.loads(await socket.recv())
                assert message["type"] not in ("gap", "error"), message
                sids |= {each["sid"]: each["name"] for each in message.get("series", [])}
                came += [(sids[sid], value) for sid, _, values, *_ in message.get("points", []) for value in values]
                if message["type"] == "snapshot" and message.get("id") == number:
                    return came, json.dumps([message["position"], message["board"]["tag"], message["view"]])
                if (f"skip_{name}", number) in came:
                    return came, message["position"]

    def connected(worker: int) -> Any:
        url = f"ws://127.0.0.1:{pair.direct_ports[worker % 2]}/ws"
        return websockets.connect(url, open_timeout=scaled(10), additional_headers={"Cookie": f"session={token}"})

    async def look() -> None:
        assert (
            await asyncio.to_thread(ask, pair, 0, "PUT", "/api/v1/boards/skips", {"title": "Skips", "widgets": tiles})
        )[0] == 201
        await asyncio.to_thread(post, 0, 1)
        for n in range(_TIMES):
            first, sids = 10 * n + 2, dict[int, str]()
            async with connected(n) as socket:
                await socket.send(json.dumps({"type": "watch", "id": first, "board": "skips"}))
                _, said = await until(socket, "", first, sids)
                since, tag, view = json.loads(said)
                await socket.send(json.dumps({"type": "unwatch", "view": view}))
                await socket.send(
                    json.dumps({"type": "watch", "id": 1, "board": "skips", "tag": tag, "skip": [1], "since": since})
                )
                await asyncio.to_thread(post, n + 1, first)
                await asyncio.to_thread(post, n, first + 1)
                came, _ = await until(socket, "a", first + 1, sids)
                assert {name for name, _ in came} == {"skip_a"}, came
            async with connected(n + 1) as socket:
                await socket.send(json.dumps({"type": "watch", "id": 2, "board": "skips", "tag": tag, "since": since}))
                came, _ = await until(socket, "b", first + 1, sids)
                assert [value for name, value in came if name == "skip_b"] == [first, first + 1], came

    asyncio.run(look())
