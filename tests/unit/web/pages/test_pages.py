"""Pages: which board is whose home, where former ids lead, and who is sent away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dashboard.web.pages.routes import page_routes
from tests.unit.boards.test_library import EDDY, WALL
from tests.unit.web.asking import Reply
from tests.unit.web.boards.served import Served, served

pytestmark = pytest.mark.gen_test
BROWSER = {"Accept": "text/html", "User_Agent": "Mozilla/5.0 Chrome/120.0"}


class Browsing:
    """Pages of a process, as a browser asks for them."""

    def __init__(self, boards: Served) -> None:
        self._boards, services = boards, boards.pages
        no_data: Any = None  # the pages' data is not asked for
        self._site = boards.serve(*page_routes(services, no_data, no_data, Path("static")))

    async def ask(self, uri: str, by: str = "", **headers: str) -> Reply:
        cookie = {"Cookie": f"session={self._boards.tokens[by]}"} if by else {}
        return await self._site.ask(uri, **BROWSER, **cookie, **headers)


async def test_home_is_the_board_chosen_here_then_the_one_of_the_setting(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        await boards.node.library.put(EDDY, "hall", WALL | {"title": "Great hall"})
        browser = Browsing(boards)
        for cookie, title in (("", b"Wall"), ("hall", b"Great hall"), ("gone", b"Wall")):
            page = (await browser.ask("/", Cookie=f"home_board={cookie}")).body
            assert b"<title>" + title in page
        await boards.node.library.delete(EDDY, "wall")
        index = await browser.ask("/")
        assert (index.status, index.headers["Location"]) == (302, "/boards")


async def test_a_former_id_leads_to_the_board_with_its_query(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        await boards.node.library.rename(EDDY, "wall", "hall")
        browser = Browsing(boards)
        moved = await browser.ask("/boards/wall?span=1h")
        assert (moved.status, moved.headers["Location"]) == (301, "/boards/hall?span=1h")
        edited = await browser.ask("/boards/wall/edit")
        assert (edited.status, edited.headers["Location"]) == (302, "/boards/hall/edit")
        assert (await browser.ask("/boards/hall")).status == 200
        assert (await browser.ask("/boards/none")).status == 404


async def test_only_an_editor_gets_the_editor(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        browser = Browsing(boards)
        assert (await browser.ask("/boards/wall/edit", by="eddy")).status == 200
        assert (await browser.ask("/boards/wall/edit", by="vera")).status == 403


async def test_without_a_login_a_page_leads_to_the_login_and_back(tmp_path: Path) -> None:
    async with served(tmp_path, open_=False) as boards:
        browser = Browsing(boards)
        for path, target in (("/", "%2F"), ("/boards/wall", "%2Fboards%2Fwall"), ("/explore", "%2Fexplore")):
            sent = await browser.ask(path)
            assert (sent.status, sent.headers["Location"]) == (302, f"/login?next={target}")
        page = await browser.ask("/login?next=https://evil.example/")
        assert (page.status, b"evil.example" in page.body) == (200, False)
        back = await browser.ask("/login?next=/boards/wall", by="vera")
        assert (back.status, back.headers["Location"]) == (302, "/boards/wall")


async def test_old_browsers_get_the_files_that_were_built_for_them(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        browser = Browsing(boards)
        new, old = await browser.ask("/boards/wall"), await browser.ask("/boards/wall?files=old")
        assert (b"vendor/old.js" in new.body, b"vendor/old.js" in old.body) == (False, True)


async def test_chosen_series_are_the_title_and_a_wrong_selector_is_refused(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        browser = Browsing(boards)
        assert b"cpu, sum(mem)" in (await browser.ask("/board?series=cpu&expr=sum(mem)")).body
        assert (await browser.ask("/board?series=cpu{")).status == 400


async def test_every_other_page_is_there(tmp_path: Path) -> None:
    async with served(tmp_path) as boards:
        browser = Browsing(boards)
        for path in ("/boards", "/explore", "/feeders"):
            assert (await browser.ask(path)).status == 200
        assert (await browser.ask("/profile", by="vera")).status == 200
        assert (await browser.ask("/admin", by="vera")).status == 403
        first = await browser.ask("/first-admin?code=c0de")
        assert (first.status, b"c0de" in first.body) == (200, False)
        icon = await browser.ask("/favicon.ico")
        assert (icon.headers["Content-Type"], icon.body[:4]) == ("image/svg+xml", b"<svg")
