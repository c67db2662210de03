"""Management of boards in the editor: comparing and rolling back versions, who sees a publication, several tiles at
once, renaming, deletion."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.browser.pages import Pages, type_in, until
from tests.browser.test_board_editor import TILE, make, open_editor
from tests.support.server import ServerProcess

THREE = [TILE, {**TILE, "id": "b", "title": "B", "x": 4}, {**TILE, "id": "c", "title": "C", "x": 8}]


def shown(server: ServerProcess, board: str) -> list[tuple[Any, ...]]:
    document = server.json("GET", f"/api/v1/boards/{board}/draft")[1]["document"]
    return [(w["title"], w["x"], w["y"]) for w in document["widgets"]]


def test_versions_are_compared_and_rolled_back_and_publish_says_who_sees_it(pages: Pages, site: ServerProcess) -> None:
    make(site, "managed", TILE)
    make(site, "managed", {**TILE, "title": "Second"})
    pages.open(f"{site.url}/boards/managed")
    page = open_editor(pages, site.url, "managed")
    expect(page.locator("#publish")).to_have_text("Publish to 1 viewer")
    page.locator(".tile").click()
    page.fill("#field-a-unit", "ms")
    until(page, "() => /1 change since version 2(?!.*not sent)/.test(document.querySelector('#state').textContent)")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("dialog .differences")).to_have_text("Second: unit nothing → “ms”")
    held: list[Route] = []
    of_first = re.compile(r"/diff\?old=1&")
    page.route(of_first, lambda route: held.append(route))
    page.get_by_label("From", exact=True).select_option("1")
    page.get_by_label("From", exact=True).select_option("draft")
    expect(page.locator("dialog .differences")).to_have_text("No difference.")
    with page.expect_response(of_first):
        held[0].continue_()  # the answer comes after that to the later choice
    page.evaluate("new Promise(requestAnimationFrame)")
    expect(page.locator("dialog .differences")).to_have_text("No difference.")
    page.unroute(of_first)
    page.get_by_label("From", exact=True).select_option("1")
    expect(page.locator("dialog .differences")).to_contain_text("title “A” → “Second”")
    page.keyboard.press("Escape")
    page.locator("#publish").click()
    expect(page.locator("dialog")).to_contain_text("1 viewer will show this at once")
    expect(page.locator("dialog .differences")).to_have_text("Second: unit nothing → “ms”")
    type_in(page, "#note", "milliseconds")
    page.keyboard.press("Enter")
    until(page, "() => /as published, version 3/.test(document.querySelector('#state').textContent)")
    expect(page.locator("#leave")).to_be_focused()  # "Publish" is disabled now
    page.get_by_role("tab", name="History").click()
    expect(page.locator(".versions li").first).to_contain_text("milliseconds")
    page.get_by_role("button", name="Roll back to version 1").click()
    expect(page.locator("dialog .differences")).to_contain_text("title “Second” → “A”")
    page.locator("dialog").get_by_role("button", name="Roll back").click()
    expect(page.get_by_role("heading", name="A", exact=True)).to_be_visible()
    until(page, "() => /as published, version 4/.test(document.querySelector('#state').textContent)")
    expect(page.get_by_role("tab", name="History")).to_be_focused()  # the list was read again
    assert site.json("GET", "/api/v1/boards/managed")[1]["widgets"][0]["title"] == "A"


def test_the_history_keeps_the_focus_while_it_grows(pages: Pages, site: ServerProcess) -> None:
    make(site, "long", TILE)

    def edit(number: int) -> None:
        step = {"op": "set", "widget": "a", "field": "note", "value": f"{number}"}
        assert site.json("POST", "/api/v1/boards/long/operations", {"key": f"k{number}", "operation": [step]})[0] == 200

    for number in range(120):
        edit(number)
    page = open_editor(pages, site.url, "long")
    page.get_by_role("tab", name="History").click()
    rows = page.locator("board-panel .operations li")
    expect(rows).to_have_count(100)
    page.get_by_role("button", name="Show earlier ones (20 more changes)").focus()
    edit(120)
    expect(page.get_by_role("button", name="Show earlier ones (21 more changes)")).to_be_focused()
    page.keyboard.press("Enter")
    expect(rows).to_have_count(121)
    expect(rows.last).to_be_focused()  # there are no earlier ones to ask for


def test_an_editor_without_a_draft_follows_a_publication_and_is_led_to_the_new_address(
    pages: Pages, site: ServerProcess
) -> None:
    make(site, "followed", TILE)
    page = open_editor(pages, site.url, "followed")
    make(site, "followed", {**TILE, "title": "From a script"})
    expect(page.get_by_role("heading", name="From a script")).to_be_visible()
    other = open_editor(pages, site.url, "followed")
    other.get_by_role("tab", name="Board").click()
    other.get_by_role("button", name="Archive").click()
    expect(other.get_by_role("button", name="List it again")).to_be_visible()
    other.get_by_role("button", name="Rename").click()
    type_in(other, "#new-id", "led-on")
    other.keyboard.press("Enter")
    other.wait_for_url("**/boards/led-on/edit")
    page.wait_for_url("**/boards/led-on/edit")
    other.get_by_role("tab", name="Board").click()
    other.get_by_role("button", name="Delete").click()
    other.locator("dialog").get_by_role("button", name="Delete").click()
    other.wait_for_url("**/boards")
    expect(page.locator(".editor-error")).to_contain_text("This board was deleted")
    other.get_by_role("button", name="Bring back followed").click()
    expect(other.get_by_role("heading", name="Archived")).to_be_visible()
    assert site.json("GET", "/api/v1/boards/led-on")[0] == 200


def test_several_tiles_move_duplicate_and_go_together(pages: Pages, site: ServerProcess) -> None:
    make(site, "several", *THREE)
    page = open_editor(pages, site.url, "several")
    tiles = page.locator(".tile")
    tiles.nth(0).click()
    tiles.nth(1).click(modifiers=["Control"])
    expect(page.locator(".tile[data-selected]")).to_have_count(2)
    expect(page.locator("board-panel")).to_contain_text("2 tiles are selected")
    page.keyboard.press("ArrowDown")
    until(page, "() => /draft · 1 change(?!.*not sent)/.test(document.querySelector('#state').textContent)")
    assert shown(site, "several") == [("A", 0, 1), ("B", 4, 1), ("C", 8, 0)]
    box, cell = tiles.nth(0).bounding_box(), page.evaluate("document.querySelector('dash-board').clientWidth / 24")
    assert box is not None
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 40 + 8 * cell, box["y"] + 60, steps=6)
    expect(page.locator(".ghost")).to_have_count(2)
    expect(page.locator(".ghost").first).to_have_text("drops here")
    page.mouse.up()
    expect(page.locator(".ghost")).to_have_count(0)
    until(page, "() => /draft · 2 changes(?!.*not sent)/.test(document.querySelector('#state').textContent)")
    assert [place[:2] for place in shown(site, "several")] == [("A", 8), ("B", 12), ("C", 8)]
    page.keyboard.press("d")
    expect(tiles).to_have_count(5)
    expect(page.locator(".tile[data-selected]")).to_have_count(2)
    page.keyboard.press("Delete")
    expect(tiles).to_have_count(3)
    page.keyboard.press("Control+z")
    expect(tiles).to_have_count(5)
    tiles.nth(2).focus()
    page.keyboard.press("Control+a")
    expect(page.locator(".tile[data-selected]")).to_have_count(5)


def test_tiles_are_copied_onto_another_board(pages: Pages, site: ServerProcess) -> None:
    make(site, "copied", *THREE)
    make(site, "target", {**TILE, "id": "t", "title": "There"})
    page = open_editor(pages, site.url, "copied")
    page.locator(".tile").first.focus()
    page.keyboard.press("Control+a")
    text = page.evaluate("""() => {
        const data = new DataTransfer();
        document.body.dispatchEvent(new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
        return data.getData("text/plain");
    }""")
    other = open_editor(pages, site.url, "target")
    other.evaluate(
        """(text) => {
        const data = new DataTransfer();
        data.setData("text/plain", text);
        document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
    }""",
        text,
    )
    expect(other.locator(".tile")).to_have_count(4)
    until(other, "() => /draft · 1 change(?!.*not sent)/.test(document.querySelector('#state').textContent)")
    assert shown(site, "target") == [("There", 0, 0), ("A", 4, 0), ("B", 8, 0), ("C", 12, 0)]


def test_a_series_dragged_from_the_list_shows_where_it_drops_and_long_names_are_whole(
    pages: Pages, site: ServerProcess
) -> None:
    name = "a_rather_long_name_of_a_series_whose_end_tells_it_from_others_by_shop_p99"
    site.post(name, 4)
    make(site, "dragged", TILE)
    page = open_editor(pages, site.url, "dragged")
    page.get_by_label("Search series").fill("rather long")
    page.get_by_label("Search series").fill("a_rather_long")
    pick = page.get_by_role("button", name=name)
    expect(pick).to_be_visible()
    assert pick.evaluate("(e) => { const b = e.querySelector('b'); return b.scrollWidth <= b.clientWidth; }")
    pick.focus()
    site.post(name.removesuffix("p99") + "p50", 4)
    expect(page.locator(".pick")).to_have_count(2)
    expect(pick).to_be_focused()  # although the list was made anew
    board = page.locator("dash-board").bounding_box()
    assert board is not None
    pick.hover()
    page.mouse.down()
    page.mouse.move(board["x"] + board["width"] / 2, board["y"] + board["height"] / 2, steps=4)
    page.mouse.move(board["x"] + board["width"] / 2 + 9, board["y"] + board["height"] / 2 + 9, steps=2)
    expect(page.locator(".ghost")).to_have_text("drops here")
    page.mouse.up()
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator(".ghost")).to_have_count(0)


def test_a_tile_is_inspected_and_shown_series_are_put_on_a_board(pages: Pages, site: ServerProcess) -> None:
    site.post("inspected_one", 42)
    make(site, "inspected", {**TILE, "title": "Seen", "series": ["inspected_one"]})
    page = pages.open(f"{site.url}/boards/inspected")
    until(page, "() => document.querySelector('.tile')?.textContent.includes('42')")
    page.locator(".tile").focus()
    page.keyboard.press("i")
    dialog = page.locator("dialog")
    expect(dialog).to_contain_text("inspected_one")
    expect(dialog.locator("td").first).to_contain_text("42")
    expect(dialog).to_contain_text("1 series, 1 sample in this window")
    expect(dialog).to_contain_text("Last errorNone.")
    expect(dialog).to_contain_text("curl ")
    chosen = pages.open(f"{site.url}/board?series=inspected_one&expr=rate(inspected_one[1m])")
    until(chosen, "() => document.querySelectorAll('.tile').length === 2")
    chosen.get_by_role("button", name="Put on a board").click()
    chosen.get_by_role("button", name="inspected", exact=True).click()
    chosen.wait_for_url("**/boards/inspected/edit")
    expect(chosen.locator(".tile")).to_have_count(3)
    chosen.locator(".tile").last.focus()
    chosen.keyboard.press("i")
    expect(chosen.locator("dialog")).to_contain_text("of the server's CPU")
    put = site.json("GET", "/api/v1/boards/inspected/draft")[1]["document"]["widgets"][1:]
    assert [(w.get("series"), w.get("expr")) for w in put] == [
        (["inspected_one"], None), (None, "rate(inspected_one[1m])"),
    ]  # fmt: skip


def editor_with_a_waiting_edit(pages: Pages, site: ServerProcess, board: str) -> Page:
    """Open the editor of a new board whose operations are held up; the unit of a tile waits to be sent."""
    make(site, board, TILE)
    page = open_editor(pages, site.url, board)
    pages.expect("Failed to load resource")
    page.route("**/operations", lambda route: route.abort())
    page.locator(".tile").click()
    page.fill("#field-a-unit", "ms")
    until(page, "() => /not sent yet/.test(document.querySelector('#state').textContent)")
    return page


def send_waiting(page: Page, site: ServerProcess, board: str) -> None:
    """Let the operations pass, and check that the unit arrives and that none is kept."""
    page.unroute("**/operations")
    until(page, "() => document.querySelector('#state').textContent.startsWith('draft · 1 change since')")
    until(page, "() => !/not sent yet/.test(document.querySelector('#state').textContent)")
    assert site.json("GET", f"/api/v1/boards/{board}/draft")[1]["document"]["widgets"][0]["unit"] == "ms"
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('waiting edits'))") == []


def test_edits_that_the_server_has_not_taken_survive_a_reload(pages: Pages, site: ServerProcess) -> None:
    page = editor_with_a_waiting_edit(pages, site, "waits")
    page.reload()
    until(page, "() => /not sent yet/.test(document.querySelector('#state').textContent)")
    assert "unit" not in site.json("GET", "/api/v1/boards/waits/draft")[1]["document"]["widgets"][0]
    send_waiting(page, site, "waits")


def test_edits_that_wait_go_with_a_board_that_somebody_renames(pages: Pages, site: ServerProcess) -> None:
    page = editor_with_a_waiting_edit(pages, site, "before")
    assert site.request("PATCH", "/api/v1/boards/before", json.dumps({"id": "after"}))[0] == 204
    page.wait_for_url("**/boards/after/edit")
    send_waiting(page, site, "after")
