"""Requests to another server, and their cancellation."""

from __future__ import annotations

import asyncio

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from dashboard.accounts.fetch import FETCH_FAULTS, fetch


@pytest.mark.gen_test
async def test_what_fails_after_it_was_given_up_is_no_error_in_the_log() -> None:
    came, go = asyncio.Event(), asyncio.Event()

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        await go.wait()
        writer.transport.abort()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        client = AsyncHTTPClient(force_instance=True)
        request = HTTPRequest(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        asking = asyncio.ensure_future(fetch(client, request))
        await came.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        go.set()
        with pytest.raises(FETCH_FAULTS):  # by now it was seen to fail; what stands in the log fails this test
            await fetch(client, request)
        client.close()
