"""Messages that arrive together: the loop gets a turn between two that take long, and all are answered in their order."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from dashboard.hub.connection import Connection
from dashboard.turns import next_turn
from dashboard.web.server import websocket
from tests.support.rawsocket import RawSocket, frame
from tests.support.site import site

pytestmark = pytest.mark.gen_test
COUNT = 12


def send_together(port: int, selectors: list[str]) -> list[int]:
    """Send watch requests in one packet; return the ids of the answers."""
    with RawSocket(port) as client:
        requests = [{"type": "watch", "id": n, "selectors": selectors, "window_s": 60 + n} for n in range(COUNT)]
        client.send_raw(b"".join(frame(1, json.dumps(request).encode()) for request in requests))
        found = list[int]()
        while len(found) < COUNT:
            answer = client.read_json()
            found += [answer["id"]] if "id" in answer else []
        return found


@pytest.mark.parametrize(("step_s", "selectors"), [(-1.0, ["a"]), (1e9, ["a" * 500, "b" * 500])])
async def test_the_loop_gets_a_turn_between_two_dear_messages_of_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_s: float, selectors: list[str]
) -> None:
    monkeypatch.setattr(websocket, "_STEP_S", step_s)
    turns, at, receive = 0, list[int](), Connection.receive

    async def counting() -> None:
        nonlocal turns
        turns += 1
        await next_turn()

    def noting(connection: Connection, text: str, now_s: float) -> None:
        at.append(turns)
        receive(connection, text, now_s)

    monkeypatch.setattr(websocket, "next_turn", counting)
    monkeypatch.setattr(Connection, "receive", noting)
    async with site(tmp_path) as there:
        answered = await asyncio.to_thread(send_together, there.server.port, selectors)
    assert answered == list(range(COUNT))
    assert len(set(at)) == len(at) == COUNT
