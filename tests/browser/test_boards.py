"""Boards on screens: a change is shown without a reload, and only changed tiles are built again; old files look as they did."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import SOCKET_FAILED, Pages, type_in, until
from tests.support.deadline import wait_until
from tests.support.proxy import Proxy
from tests.support.server import ServerProcess

TILES = [{"kind": "stat", "title": name, "series": [f"board_{name}"], "w": 6, "h": 3} for name in "abc"]


def put(server: ServerProcess, board: str, **document: Any) -> None:
    status, said = server.json("PUT", f"/api/v1/boards/{board}", document)
    assert status in (200, 201), said


def test_a_published_change_builds_only_the_changed_tile_on_the_screens(pages: Pages, site: ServerProcess) -> None:
    put(site, "live", title="Live", widgets=TILES)
    page = pages.open(f"{site.url}/boards/live")
    until(page, "() => document.querySelectorAll('.tile').length === 3")
    page.evaluate("""() => {
        window.__loaded = true;
        for (const tile of document.querySelectorAll(".tile")) tile.dataset.first = "1";
    }""")
    changed = [TILES[0], {**TILES[1], "title": "b", "unit": "s"}, {**TILES[2], "x": 0, "y": 3}]
    put(site, "live", title="Live 2", widgets=[*changed, {"kind": "stat", "title": "d", "series": ["board_d"]}])
    until(page, "() => document.querySelectorAll('.tile').length === 4")
    until(page, "() => document.querySelector('h1').textContent === 'Live 2'")
    kept = page.evaluate(
        "() => [...document.querySelectorAll('.tile')].filter((t) => t.dataset.first).map((t) => t.widget.title)"
    )
    assert (kept, page.evaluate("window.__loaded")) == (["a", "c"], True)
    site.post("board_d", 5)
    until(
        page,
        "() => [...document.querySelectorAll('.tile')].some((t) => t.widget.title === 'd' && t.textContent.includes('5'))",
    )
    assert site.json("DELETE", "/api/v1/boards/live")[0] == 204
    until(page, "() => document.body.textContent.includes('This board was deleted')")


def test_a_screen_of_a_renamed_board_is_led_on(pages: Pages, site: ServerProcess) -> None:
    put(site, "shown-first", title="Named", widgets=TILES)
    page = pages.open(f"{site.url}/boards/shown-first")
    until(page, "() => document.querySelectorAll('.tile').length === 3")
    assert site.json("PATCH", "/api/v1/boards/shown-first", {"id": "shown-then"})[0] == 204
    until(page, "() => location.pathname === '/boards/shown-then' && document.querySelectorAll('.tile').length === 3")


#: Nothing on the board moves any more; it is drawn once with the data and the time of now.
_FREEZE = """() => {
    const board = document.querySelector("dash-board"), { clock } = board.context, now = clock.now();
    clock.now = () => now;
    board.apply = () => {};
}"""
#: The browser places the tiles, as it did when boards had no places.
_FLOW = """() => {
    document.querySelector("dash-board").style.setProperty("--columns", "12");
    for (const tile of document.querySelectorAll(".tile")) {
        tile.style.gridColumn = `span ${tile.widget.w / 2}`;
        tile.style.gridRow = `span ${tile.widget.h}`;
    }
}"""
_DRAWN = """() => {
    document.querySelector("dash-board").retype();
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
}"""


def picture(page: Page) -> bytes:
    """Return the picture of the board once two in a row are the same: until then the face or tiles are still to come."""
    page.evaluate("() => document.fonts.ready.then(() => true)")
    taken = [b""]

    def rests() -> bool:
        page.evaluate(_DRAWN)
        taken.append(page.locator("dash-board").screenshot(animations="disabled"))
        return taken[-1] == taken[-2]

    wait_until(rests, 20, "two pictures in a row are the same")
    return taken[-1]


@pytest.mark.parametrize("board", ["host", "cluster"])
def test_boards_without_places_look_as_they_did_to_the_pixel(pages: Pages, site: ServerProcess, board: str) -> None:
    page = pages.open(f"{site.url}/boards/{board}", width=1920, height=1080)
    until(page, "() => document.querySelectorAll('.tile').length > 10")
    page.evaluate(_FREEZE)
    placed = picture(page)
    page.evaluate(_FLOW)
    assert page.locator(".tile").first.evaluate("(tile) => tile.style.gridColumn").startswith("span")
    wait_until(
        lambda: picture(page) == placed, 20, "the board looks the same"
    )  # compared by an assertion, pytest takes minutes
    page.evaluate("() => (document.querySelector('.tile').style.gridRow = 'span 1')")
    assert picture(page) != placed  # a picture shows such a difference


def test_the_index_finds_boards_and_a_new_one_is_made_there(pages: Pages, site: ServerProcess) -> None:
    put(site, "indexed", title="Checkout", folder="Shop", tags=["eu"], widgets=TILES)
    put(site, "other", title="Warehouse", widgets=[])
    page = pages.open(f"{site.url}/boards", wait=False)
    cards = page.locator(".card")
    expect(page.get_by_role("heading", name="Shop")).to_be_visible()
    page.get_by_label("Search boards").fill("check eu")
    expect(cards).to_have_count(1)
    page.get_by_role("button", name="Favourite: Checkout").click()
    page.reload()
    expect(page.get_by_role("heading", name="Favourites")).to_be_visible()
    page.get_by_role("button", name="New board").click()
    page.get_by_label("Title").fill("Made by hand")
    page.keyboard.press("Enter")
    page.wait_for_url("**/boards/made-by-hand/edit")
    expect(page.get_by_role("heading", name="Made by hand")).to_be_visible()


def test_a_series_of_the_explore_page_is_put_on_a_board(pages: Pages, site: ServerProcess) -> None:
    put(site, "taker", title="Takes series", widgets=[])
    site.post("explored_one", 4)
    page = pages.open(f"{site.url}/explore")
    page.get_by_label("Choose explored_one").check()
    page.get_by_role("button", name="Put on a board").click()
    page.get_by_role("button", name="Takes series").click()
    page.wait_for_url("**/boards/taker/edit")
    until(page, "() => document.querySelector('dash-board').tiles[0]?.widget.series[0] === 'explored_one'")
    assert site.json("GET", "/api/v1/boards/taker/draft")[1]["operations"] == 1


def test_thumbnails_are_drawn_from_live_data(pages: Pages, site: ServerProcess) -> None:
    put(site, "drawn", title="Drawn", widgets=[{**TILES[0], "kind": "line", "series": ["thumbnail_load"]}])
    now_ms = int(time.time() * 1000)
    for age_s, value in ((20, 1), (10, 5), (0, 3)):
        site.post("thumbnail_load", value, t=now_ms - age_s * 1000)
    page = pages.open(f"{site.url}/boards", wait=False)
    page.get_by_label("Search boards").fill("drawn")
    until(page, "() => document.querySelectorAll('.card svg polyline').length === 1")
    until(page, "() => document.querySelector('.card svg polyline').getAttribute('points').split(' ').length === 3")


#: Whoever waits half a minute or longer waits much less.
IMPATIENT = "{ const wait = setTimeout; window.setTimeout = (act, ms, ...more) => wait(act, ms >= 30000 && ms <= 60000 ? 50 : ms, ...more); }"


def test_a_wall_that_was_away_finds_a_board_that_was_deleted_and_is_back(pages: Pages, site: ServerProcess) -> None:
    put(site, "lost", title="Lost", widgets=TILES)
    pages.expect(SOCKET_FAILED, "status of 502", "status of 404")
    with Proxy(site.port) as proxy:
        page = pages.open(f"{proxy.url}/boards/lost", script=IMPATIENT)
        until(page, "() => document.querySelectorAll('.tile').length === 3")
        proxy.mode = "502"
        proxy.cut()
        assert site.json("DELETE", "/api/v1/boards/lost")[0] == 204
        proxy.mode = "pass"
        until(
            page,
            "() => document.querySelector('dash-board').textContent.includes('there is no board')",
            timeout_ms=20_000,
        )
        assert site.json("POST", "/api/v1/boards/lost/restore", {})[0] in (200, 201, 204)
        until(page, "() => document.querySelectorAll('.tile').length === 3")
        assert site.json("DELETE", "/api/v1/boards/lost")[0] == 204
        page.reload()  # a wall that is switched on finds the page of the error
        expect(page.get_by_role("heading", name="404")).to_be_visible()
        assert site.json("POST", "/api/v1/boards/lost/restore", {})[0] in (200, 201, 204)
        until(page, "() => document.querySelectorAll('.tile').length === 3")


def test_the_focus_stays_on_what_was_pressed_in_the_index(pages: Pages, site: ServerProcess) -> None:
    for n in range(60):
        put(site, f"many-{n}", title=f"Many {n:02}", tags=["many"], widgets=[])
    page = pages.open(f"{site.url}/boards", wait=False)
    last = page.locator("[data-group='All boards'] .card", has_text="Many 59")
    said = """(act) => { document.activeElement.click(); const { activeElement: e } = document; return [e.getAttribute("aria-label") ?? e.textContent, e.getAttribute("aria-pressed"), e.closest("ul")?.dataset.group]; }"""
    last.get_by_role("button", name="Favourite").focus()
    assert page.evaluate(said) == ["Favourite: Many 59", "true", "All boards"]
    page.get_by_role("button", name="many", exact=True).focus()
    assert page.evaluate(said) == ["many", "true", None]
    page.locator("[data-group=Favourites]").get_by_role("button", name="Favourite").focus()
    assert page.evaluate(said) == ["Favourite: Many 59", "false", "All boards"]
    assert site.json("DELETE", "/api/v1/boards/many-59")[0] == 204
    page.reload()
    page.get_by_role("button", name="Bring back Many 59").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Many 59", exact=True)).to_be_focused()


def test_the_header_of_the_index_and_its_dialog_do_not_wait_for_the_list(pages: Pages, site: ServerProcess) -> None:
    held = """{ const ask = fetch; window.fetch = (...more) => String(more[0]).includes("/boards?") ? new Promise(() => {}) : ask(...more); }"""
    page = pages.open(f"{site.url}/boards", wait=False, script=held)
    expect(page.locator("user-menu button").first).to_be_visible()
    until(
        page,
        "() => performance.getEntriesByType('resource').some(({ name, responseEnd }) => responseEnd && name.endsWith('/dialog.js'))",
    )
    page.get_by_label("Search boards").fill("ex")
    expect(page.locator("main")).not_to_contain_text("There are no boards")  # nobody knows yet
    page.get_by_role("button", name="New board").click()
    type_in(page, "#new-title", "Typed at once")
    expect(page.get_by_label("Title")).to_have_value("Typed at once")
