"""Everything can be reached without a mouse, and has a name for screen readers."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, board_url, build, until
from tests.support.server import ServerProcess

_FOCUSED = """() => {
    const e = document.activeElement;
    const style = getComputedStyle(e);
    const box = e.getBoundingClientRect();
    const name = (e.getAttribute("aria-label") ?? e.textContent.trim()) || e.getAttribute("href");
    const inside = box.left >= 0 && box.right <= innerWidth + 1;
    return { tag: e.tagName, name, outline: style.outlineStyle, width: parseFloat(style.outlineWidth), inside };
}"""

#: Who is here comes a moment later than the tiles.
_SETTLED = """() => !document.querySelector("watcher-badges") || !document.querySelector("meta[name=user]")
    || document.querySelector(".watchers")"""

_FOCUSABLE = """() => [...document.querySelectorAll("a[href], button:not([disabled]), input:not([disabled]), [tabindex='0'], [contenteditable=true]")]
    .filter((e) => e.getClientRects().length)
    .map((e) => (e.getAttribute("aria-label") ?? e.textContent.trim()) || e.getAttribute("href"))"""


def _walk(page: Page) -> list[dict[str, Any]]:
    """Press Tab from the top of the page to its end; return the focused elements."""
    steps: list[dict[str, Any]] = []
    for _ in range(3_000):  # as many as there may be: others feed this server too
        page.keyboard.press("Tab")
        focused: dict[str, Any] = page.evaluate(_FOCUSED)
        if focused["tag"] == "BODY":
            return steps
        steps.append(focused)
    raise AssertionError("Tab does not come to an end")


@pytest.mark.parametrize("path", ["/", "/explore"])
def test_tab_reaches_everything_and_shows_where_it_is(path: str, pages: Pages, site: ServerProcess) -> None:
    site.post("reachable", 1)
    page = pages.open(site.url + path)
    expect(page.locator(".tile, #series tr").first).to_be_visible()
    until(page, _SETTLED)
    expected, now, steps = None, page.evaluate(_FOCUSABLE), list[dict[str, Any]]()
    while expected != now:  # again, if others came or left meanwhile
        expected, steps, now = now, _walk(page), page.evaluate(_FOCUSABLE)
    assert sorted(step["name"] for step in steps) == sorted(expected)
    assert [step["name"] for step in steps if step["outline"] == "none" or step["width"] < 2] == []
    assert [step["name"] for step in steps if not step["inside"]] == []


def test_enter_on_a_tile_shows_how_to_feed_it_and_escape_goes_back(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url)
    tile = page.get_by_role("group", name="CPU", exact=True)
    tile.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("host_cpu_percent")
    assert page.evaluate("document.querySelector('dialog').contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "CPU"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the button of the same tile
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_line_can_be_copied(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="How to feed CPU", exact=True).click()
    shown = page.locator("dialog pre").inner_text()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == shown


@pytest.mark.parametrize("path", ["/", "/explore"])
def test_a_question_mark_shows_the_keys_and_each_of_them_works(path: str, pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url + path)
    page.keyboard.press("?")
    expect(page.locator("dialog")).to_be_visible()
    keys = page.locator("dialog kbd").all_inner_texts()
    assert {"t", "?"} <= set(keys)
    assert len(set(keys)) == len(keys)
    page.keyboard.press("t")  # not while a dialog is open
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()  # as on a tablet
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("h" if path == "/explore" else "e")
    page.wait_for_url(f"{site.url}/" if path == "/explore" else f"{site.url}/explore")


def test_a_change_of_state_is_announced_and_a_change_of_value_is_not(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(board_url(site.url, "announced"))
    build(page, {"kind": "stat", "title": "Orders", "series": ["announced"]})
    page.evaluate("""() => {
        window.__said = [];
        const announcer = document.getElementById("announcer");
        new MutationObserver(() => window.__said.push(announcer.textContent))
            .observe(announcer, { childList: true, characterData: true, subtree: true });
    }""")
    for number in range(5):
        site.post("announced", number, every_s=3600)
        expect(page.locator(".number")).to_have_text(str(number))
    assert page.evaluate("window.__said") == []
    site.post("announced", 5, every_s=1.5)
    until(page, "() => window.__said.includes('Orders: late')")
    site.post("announced", 9)
    until(page, "() => window.__said.some((text) => text.endsWith('Orders: live again'))")
    assert page.locator("#announcer").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("path", ["/", "/explore", "/board?series=named", "/boards/none"])
def test_every_control_has_a_name_and_every_page_its_landmarks(path: str, pages: Pages, site: ServerProcess) -> None:
    pages.expect("status of 404")
    site.post("named", 1)
    page = pages.open(site.url + path, wait=path != "/boards/none")
    expect(page.locator(".tile, #series tr, main.message").first).to_be_visible()
    nodes = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    roles = {"button", "link", "textbox", "searchbox", "checkbox", "combobox", "group", "dialog"}
    named = [
        (n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n["ignored"] and n.get("role")
    ]
    assert [role for role, name in named if role in roles and not name.strip()] == []
    assert [role for role, _ in named].count("main") == 1
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.title()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
