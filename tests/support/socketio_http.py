"""Requests of Engine.IO by hand: a session on one process, used through another process."""

from __future__ import annotations

import asyncio
import json

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import websocket_connect

from tests.support.deadline import deadline


async def fetch(port: int, query: str, body: str | None = None) -> HTTPResponse:
    """Send a poll, or a POST of ``body``, with the origin of the port's own pages."""
    return await AsyncHTTPClient().fetch(
        f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling{query}",
        method="GET" if body is None else "POST",
        body=body,
        raise_error=False,
        headers={"Origin": f"http://127.0.0.1:{port}"},
    )


async def opened(port: int, other: int) -> str:
    """Open a session on one process that the other process can reach."""
    async with deadline(30, "the other process' address"):
        while True:
            sid = str(json.loads((await fetch(port, "")).body[1:])["sid"])
            if (await fetch(other, f"&sid={sid}", "40")).code == 200:
                return sid
            await asyncio.sleep(0.2)


async def use_through_another(one: int, two: int, auth: dict[str, str]) -> None:
    """Poll, post to, upgrade and use a session of ``one`` through ``two``; check its end and the answers to wrong ids."""
    sid = await opened(one, two)
    poll = await fetch(two, f"&sid={sid}")
    assert (poll.code, poll.body[:2]) == (200, b"40")
    assert poll.headers["Access-Control-Allow-Origin"] == f"http://127.0.0.1:{two}"
    assert (await fetch(two, f"&sid={sid}", "421" + json.dumps(["auth", auth]))).body == b"ok"
    answer = b""
    async with deadline(10, "the answer to auth"):
        while b"431[" not in answer:
            answer = (await fetch(one, f"&sid={sid}")).body
    assert b'"success":true' in answer
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
