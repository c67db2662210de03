"""Tiles out of sight are not watched: they show the time of their values, and miss nothing when they are seen again."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from playwright.sync_api import Page

from tests.browser.pages import Pages, set_hidden, until, values, wait_for_text, wait_for_values
from tests.support.old_chromium import OldChromium
from tests.support.server import ServerProcess

_BOARD = "document.querySelector('dash-board')"
_SIGHT = f"{_BOARD}.sight"
#: In a test nobody waits for a minute. A tile is about as high as the screen, which is 500 pixels high.
_SOON = f"""() => {{
    if ({_BOARD}.tiles.length !== 7) return false;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(".tile {{ height: 480px }}");
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    {_SIGHT}.afterMs = 300;
    return true;
}}"""
_ASLEEP = f"() => {_BOARD}.tiles.filter((tile) => tile.isAsleep).map((tile) => tile.widget.title).join()"
_DRAWN = f"(title) => {_BOARD}.tiles.find((tile) => tile.widget.title === title).querySelector('.number').textContent"


class Long:
    """Board of seven tiles, each as high as the screen and with one series."""

    def __init__(self, site: ServerProcess, name: str) -> None:
        self._site, self.name, self.address = site, name, f"{site.url}/boards/{name}"
        self.board: dict[str, Any] = {"title": "Long", "columns": 24, "rows": 7, "widgets": []}
        for n in range(7):
            place = {"x": 0, "y": n, "w": 24}
            tile = {"id": f"t{n}", "kind": "stat", "title": f"T{n}", "series": [self.series(n)], **place}
            self.board["widgets"].append(tile)
        self.put()
        self.feed(1)

    def series(self, n: int) -> str:
        return f"{self.name}_{n}"

    def put(self) -> None:
        assert self._site.json("PUT", f"/api/v1/boards/{self.name}", self.board)[0] in (200, 201)

    def feed(self, value: float) -> None:
        for n in range(7):
            self._site.post(self.series(n), value, every_s=3600)


@pytest.fixture
def long(site: ServerProcess, request: pytest.FixtureRequest) -> Long:
    return Long(site, "sight" + str(crc32(request.node.name.encode())))


def opened(pages: Pages, long: Long) -> Page:
    page = pages.open(long.address, width=390, height=500)  # tiles stand in one column
    until(page, _SOON)
    return page


def asleep(page: Page, titles: str) -> None:
    until(page, f"(titles) => ({_ASLEEP})() === titles", titles)


def test_what_is_out_of_sight_is_not_watched_and_has_missed_nothing_when_it_is_seen(pages: Pages, long: Long) -> None:
    page = opened(pages, long)
    asleep(page, "T2,T3,T4,T5,T6")
    watched = pages.sent("watch")
    assert watched[-1]["skip"] == [2, 3, 4, 5, 6]
    assert watched[-1]["since"]  # what is shown is not sent again
    assert page.locator(f"{_card(4)} .badge").inner_text().startswith("as of ")
    for value in (2, 3):
        long.feed(value)
    wait_for_values(page, long.series(0), [1, 2, 3])
    assert values(page, long.series(4)) == [1]
    assert not [frame for frame in pages.received("frame") if long.series(4) in str(frame.get("series"))]
    snapshots = len(pages.received("snapshot"))
    page.evaluate(f"{_BOARD}.tiles[4].scrollIntoView()")
    wait_for_values(page, long.series(4), [1, 2, 3])
    until(page, f"() => ({_DRAWN})('T4') === '3' && !{_BOARD}.tiles[4].isAsleep")
    wait_for_text(page, f"{_card(4)} .badge", "")
    asleep(page, "T0,T1,T2,T6")
    assert pages.sent("watch")[-1]["skip"] == [0, 1, 2, 6]
    assert len(pages.received("snapshot")) == snapshots
    assert pages.received("gap") == []


def test_a_hidden_page_a_change_of_the_board_and_another_window_leave_no_tile_behind(pages: Pages, long: Long) -> None:
    page = opened(pages, long)
    asleep(page, "T2,T3,T4,T5,T6")
    long.feed(2)
    page.get_by_role("button", name="6 h").click()  # a snapshot of what is watched replaces everything
    until(page, f"() => {_BOARD}.store.windowMs === 21600000")
    page.evaluate(f"{_BOARD}.tiles[3].scrollIntoView()")
    until(page, f"() => ({_DRAWN})('T3') === '2' && {_BOARD}.tiles[3].series[0].stepMs > 0")
    page.get_by_role("button", name="15 m").click()
    page.evaluate(f"{_BOARD}.tiles[3].scrollIntoView()")
    asleep(page, "T0,T1,T5,T6")
    set_hidden(page, hidden=True)
    board = long.board
    board["widgets"][0]["unit"] = "s"  # a tile that sleeps is built again
    long.put()
    until(page, f"() => {_BOARD}.tiles[0].widget.unit === 's'")
    set_hidden(page, hidden=False)
    long.feed(4)
    page.evaluate("scrollTo(0, 0)")
    until(page, f"() => ({_DRAWN})('T0') === '4'")
    asleep(page, "T2,T3,T4,T5,T6")
    board["widgets"].insert(0, {"id": "new", "kind": "stat", "title": "New", "series": ["sight_new"], "w": 24})
    board["widgets"][4]["series"] = [long.series(1)]
    board["rows"] = 8
    long.put()
    until(page, f"() => {_BOARD}.tiles.length === 8")
    page.evaluate(f"{_BOARD}.tiles[4].scrollIntoView()")
    long.feed(5)
    until(page, f"() => {_BOARD}.tiles[4].series[0]?.text === '{long.series(1)}' && ({_DRAWN})('T3') === '5'")


def test_a_page_that_is_printed_shows_the_values_of_now(pages: Pages, long: Long) -> None:
    page = opened(pages, long)
    page.evaluate(
        f"window.print = () => {{ window.__printed = {_BOARD}.tiles.map((tile) => tile.querySelector('.number').textContent).join(); }}"
    )
    asleep(page, "T2,T3,T4,T5,T6")
    long.feed(7)
    page.keyboard.press("Control+p")
    until(page, "() => window.__printed === '7,7,7,7,7,7,7'")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    asleep(page, "T2,T3,T4,T5,T6")


def test_a_tile_that_is_scrolled_by_quickly_asks_for_nothing(pages: Pages, long: Long) -> None:
    page = pages.open(long.address, width=390, height=500)
    until(page, f"() => {_BOARD}.tiles.length === 7")
    asked = len(pages.sent("watch"))
    for n in (6, 0, 3, 5, 0):
        page.evaluate(f"{_BOARD}.tiles[{n}].scrollIntoView()")
    page.evaluate(f"{_BOARD}.tick()")
    assert (len(pages.sent("watch")), page.evaluate(_ASLEEP)) == (asked, "")


def test_an_old_browser_watches_only_what_is_seen(long: Long, tmp_path: Path) -> None:
    with OldChromium(79, tmp_path / "profile") as old:
        old.call("Emulation.setDeviceMetricsOverride", width=390, height=500, deviceScaleFactor=1, mobile=False)
        old.open(long.address)
        old.until(f"({_SOON})()")
        old.until(f"({_ASLEEP})() === 'T2,T3,T4,T5,T6'")
        long.feed(9)
        old.evaluate(f"{_BOARD}.tiles[5].scrollIntoView()")
        old.until(f"({_DRAWN})('T5') === '9'")
        assert old.complaints == []


def _card(n: int) -> str:
    return f"dash-board > :nth-child({n + 1})"
