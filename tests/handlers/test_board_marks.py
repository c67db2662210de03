"""Favourites, home board and boards seen last: of the user, on all devices."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dashboard.boards import own_marks
from dashboard.store.board_marks import BoardMark
from tests.handlers.test_boards import put
from tests.support.host import factor
from tests.support.site import Site, site

pytestmark = pytest.mark.gen_test


async def marks(at: Site, as_: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await at.json("GET", "/api/v1/boards", as_=as_))[1]["marks"]
    return found


async def mark(at: Site, board: str, as_: str = "vera", **change: bool) -> int:
    status: int = (await at.json("PATCH", f"/api/v1/boards/{board}/marks", change, as_=as_))[0]
    return status


async def home(at: Site, as_: str, kept: str = "") -> str:
    """Return the id of the board that ``/`` shows. ``kept``: the home board that the browser keeps."""
    cookie = at.cookie(as_)["Cookie"] + (f"; home_board={kept}" if kept else "")
    page = await at.fetch("GET", "/", headers={"Cookie": cookie})
    assert page.code == 200
    return page.body.decode().partition('data-board="')[2].partition('"')[0]


async def test_each_user_has_a_home_board_favourites_and_boards_seen_last(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        for board in ("one", "two"):
            await put(at, board=board)
        assert await marks(at, "vera") == {"home": "", "favourites": [], "recent": []}
        assert await mark(at, "one", seen=True) == 204
        assert await mark(at, "one", favourite=True, home=True) == 204
        for board in ("two", "one", "two"):
            assert await mark(at, board, seen=True) == 204
        assert await marks(at, "vera") == {"home": "one", "favourites": ["one"], "recent": ["two", "one"]}
        assert await home(at, "vera") == "one"
        assert await home(at, "vera", kept="two") == "one"
        assert await home(at, "eddy") == "host"
        assert await home(at, "eddy", kept="two") == "two"
        assert await mark(at, "two", home=True) == 204
        assert await home(at, "vera") == "two"
        assert await mark(at, "two", home=False, favourite=False) == 204
        assert await home(at, "vera") == "host"
        assert await marks(at, "eddy") == {"home": "", "favourites": [], "recent": []}


async def test_the_home_page_does_not_wait_for_a_store_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = asyncio.Event()

    async def hang(*_: object) -> list[BoardMark]:
        await answers.wait()
        return []

    async with site(tmp_path) as at:
        await put(at, board="one")
        assert await mark(at, "one", home=True) == 204
        monkeypatch.setattr(own_marks, "read_marks", hang)
        try:
            async with asyncio.timeout(3 * factor()):
                assert await home(at, "vera") == "host"
        finally:
            answers.set()
        monkeypatch.undo()
        assert await home(at, "vera") == "one"


async def test_marks_follow_a_renamed_board_and_can_be_taken_back_there(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        await put(at, board="one")
        assert await mark(at, "one", favourite=True, home=True) == 204
        assert (await at.json("PATCH", "/api/v1/boards/one", {"id": "new"}, as_="eddy"))[0] < 300
        assert await marks(at, "vera") == {"home": "new", "favourites": ["new"], "recent": []}
        assert await mark(at, "new", favourite=False) == 204
        assert await marks(at, "vera") == {"home": "new", "favourites": [], "recent": []}


async def test_marks_of_boards_that_one_cannot_see_and_of_callers_without_an_account_are_refused(
    tmp_path: Path,
) -> None:
    async with site(tmp_path) as at:
        await put(at, board="one")
        assert await mark(at, "gone", seen=True) == 404
        assert await mark(at, "one") == 400
        assert await mark(at, "one", as_="", seen=True) in (401, 403)
