"""A token that is not known here while the store of tokens does not answer: try again, not "wrong"."""

from __future__ import annotations

from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.support.site import site

pytestmark = pytest.mark.gen_test
UNKNOWN = {"Authorization": "Bearer dsh_unknown"}
SAMPLE = [{"series": "a", "value": 1}]


async def test_an_unknown_token_is_refused_for_now_while_the_store_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent() -> bool:
        return False

    async with site(tmp_path, login="required") as at:
        socket = HTTPRequest(f"ws://127.0.0.1:{at.server.port}/ws", headers=UNKNOWN)
        for code in (401, 503):
            if code == 503:
                monkeypatch.setattr(at.server.accounts.directory, "refresh", silent)
            feeding = await at.fetch("POST", "/api/v1/samples", SAMPLE, UNKNOWN)
            assert (feeding.code, "Retry-After" in feeding.headers) == (code, code == 503)
            assert (await at.json("PUT", "/api/v1/boards/x", {"title": "X"}, headers=UNKNOWN))[0] == code
            with pytest.raises(HTTPClientError) as refused:
                await websocket_connect(socket)
            assert refused.value.code == code
