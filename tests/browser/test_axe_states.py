"""What axe-core finds in states that a person brings about: menus, dialogs, forms that are refused, the conversation."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, type_in, until
from tests.browser.talking import message, open_talking, say
from tests.browser.test_accessibility import AXE, in_both_themes
from tests.browser.test_board_editor import TILE, make
from tests.support.server import ServerProcess


def _go(page: Page, address: str, ready: str) -> None:
    page.goto("about:blank")  # or another # is no new page
    page.goto(address)
    expect(page.locator(ready).first).to_be_visible()


def _press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def test_axe_finds_nothing_in_menus_dialogs_and_refused_forms(pages: Pages, site: ServerProcess) -> None:
    site.post("stated", 3, labels={"shop": "a"}, every_s=3600)
    found: dict[str, list[str]] = {}
    page = pages.open(f"{site.url}/board?series=stated", script=AXE.read_text())
    expect(page.locator(".tile[data-fresh=live]")).to_be_visible()
    page.locator("user-menu button").click()
    expect(page.locator("user-menu .menu")).to_be_visible()
    in_both_themes(page, "menu of the user", found)
    page.keyboard.press("Escape")
    page.locator(".tile").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    in_both_themes(page, "how to feed a tile", found)
    page.keyboard.press("Escape")
    page.locator(".tile").focus()
    page.keyboard.press("i")
    expect(page.get_by_role("dialog")).to_be_visible()
    in_both_themes(page, "a tile inspected", found)
    page.keyboard.press("Escape")
    _press(page, "Put on a board")
    expect(page.get_by_role("dialog")).to_be_visible()
    in_both_themes(page, "put on a board", found)

    _go(page, f"{site.url}/explore", "#series tr")
    page.locator("#search").fill("rate(stated[")
    expect(page.locator("#count")).to_contain_text(re.compile(r"\d:\d+: "))
    in_both_themes(page, "a fault in an expression", found)
    page.locator("#search").fill("stated")
    page.locator("#series input").first.check()
    in_both_themes(page, "a chosen series", found)

    for section in ("rooms", "links"):
        _go(page, f"{site.url}/admin#{section}", "#section .head button")
        page.locator("#section .head button").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        in_both_themes(page, f"new {section}", found)
        page.locator("dialog [type=submit]").click()
        in_both_themes(page, f"new {section} without what is required", found)
    assert {what: each for what, each in found.items() if each} == {}


def test_axe_finds_nothing_in_an_editor_with_a_tile_chosen(pages: Pages, site: ServerProcess) -> None:
    make(site, "chosen", TILE)
    found: dict[str, list[str]] = {}
    page = pages.open(f"{site.url}/boards/chosen/edit", script=AXE.read_text())
    page.locator(".tile").first.click()
    expect(page.get_by_role("textbox", name="Title")).to_be_visible()
    in_both_themes(page, "a tile chosen", found)
    page.get_by_role("textbox", name="Or this expression").fill("rate(")
    page.keyboard.press("Tab")
    until(page, "() => /\\d:\\d+: /.test(document.querySelector('board-panel').textContent)")
    in_both_themes(page, "an expression that is refused", found)
    pages.expect("status of 400")
    assert {what: each for what, each in found.items() if each} == {}


def test_axe_finds_nothing_in_the_conversation(pages: Pages, site: ServerProcess) -> None:
    found: dict[str, list[str]] = {}
    note = {
        "notificationId": "n",
        "title": "Disk",
        "body": "nearly full",
        "level": "warning",
        "t": 1_767_268_800_000,
        "read": False,
    }
    said = [message(1, "Look at this"), message(2, "@anna please"), message(3, "mine", userId="anna", name="Anna Kern")]
    page = open_talking(pages, site.url, *said, unread=2, last_read="m1", notifications=(note,))
    page.evaluate(AXE.read_text())
    page.keyboard.press("c")
    expect(page.get_by_role("textbox", name="Message")).to_be_focused()
    expect(page.locator("side-panel article").filter(has_text="mine")).to_be_visible()
    in_both_themes(page, "conversation", found)
    say(page, {"type": "typing", "roomId": "host", "userId": "ben", "name": "Ben Moor", "isTyping": True})
    type_in(page, "side-panel textarea", "@b")
    expect(page.get_by_role("option").first).to_be_visible()
    in_both_themes(page, "names to choose from", found)
    for tab in ("People", "Notifications"):
        page.get_by_role("tab", name=re.compile(tab)).click()
        in_both_themes(page, tab, found)
    assert {what: each for what, each in found.items() if each} == {}
