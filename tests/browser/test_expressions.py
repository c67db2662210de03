"""Expressions on screens: a tile with old inputs names them, a wrong one shows the place of the fault, explore evaluates."""

from __future__ import annotations

import time
from urllib.parse import urlencode

from playwright.sync_api import expect

from tests.browser.pages import Pages, type_in, until
from tests.browser.test_accessibility import AXE, faults
from tests.support.deadline import scaled, within
from tests.support.pulse import seconds_since
from tests.support.server import ServerProcess


def test_a_tile_shows_an_expressions_values_and_which_inputs_are_old(pages: Pages, site: ServerProcess) -> None:
    for host in ("web-1", "web-2", "web-3"):
        site.post("load", 2, labels={"host": host}, every_s=1 if host == "web-3" else 600)
    page = pages.open(f"{site.url}/board?" + urlencode({"expr": "sum(load)"}))
    tile = page.locator(".tile")
    site.post("load", 2, labels={"host": "web-3"}, every_s=1)  # again: the page may have taken its time
    expect(tile).to_have_attribute("data-fresh", "live", timeout=scaled(10_000))
    until(page, "document.querySelector('.tile').series[0]?.value === 6")
    expect(tile.locator("footer")).to_contain_text("1 of 3 inputs is stale: web-3", timeout=scaled(15_000))
    expect(tile.locator(".badge")).to_have_text("1 of 3 inputs old")


def test_an_expression_that_fails_says_why_and_the_other_tile_is_well(pages: Pages, site: ServerProcess) -> None:
    for shop in ("a", "b"):
        site.post("sales", 1, labels={"shop": shop})
    page = pages.open(f"{site.url}/board?" + urlencode([("expr", "sales * on () sales"), ("expr", "sum(sales)")]))
    expect(page.locator(".tile").nth(0)).to_contain_text("many-to-many matching not allowed", timeout=scaled(10_000))
    expect(page.locator(".tile").nth(1)).to_have_attribute("data-fresh", "live", timeout=scaled(10_000))


def test_a_tile_without_values_says_how_to_feed_a_series_but_not_an_expression(
    pages: Pages, site: ServerProcess
) -> None:
    page = pages.open(f"{site.url}/board?" + urlencode([("series", "unfed"), ("expr", "rate(unfed[1m])")]))
    empty = page.locator(".tile .empty")
    expect(empty.nth(0)).to_contain_text("No data yet. Feed it:curl")
    expect(empty.nth(1)).to_have_text("This expression has no values yet:rate(unfed[1m])")


def test_explore_evaluates_an_expression_and_says_where_it_is_wrong(pages: Pages, site: ServerProcess) -> None:
    site.post("visits", 20, labels={"page": "x"})
    page = pages.open(f"{site.url}/explore")
    page.locator("#search").fill("sum(visits) / 4")
    expect(page.locator("#series tr")).to_have_count(1, timeout=scaled(10_000))
    expect(page.locator("#series tr td.value")).to_have_text("5", timeout=scaled(10_000))
    page.locator("#search").fill("sum(visits")
    expect(page.locator("#count")).to_contain_text("1:4: unclosed left parenthesis", timeout=scaled(10_000))
    expect(page.locator(".cm-lintRange-error")).to_have_text("(", timeout=scaled(10_000))
    page.locator("#search").fill("sum(visits)")
    expect(page.locator("#series tr td.value")).to_have_text("20", timeout=scaled(10_000))
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)


def test_the_expression_line_completes_by_keyboard_what_the_server_has(pages: Pages, site: ServerProcess) -> None:
    for shop in ("berlin", "paris"):
        site.post("takings_total", 5, labels={"shop": shop})
    page = pages.open(f"{site.url}/explore", script=AXE.read_text(), permissions=["clipboard-read", "clipboard-write"])
    expect(page.locator("#series tr").first).to_be_visible()
    page.keyboard.press("/")
    line = page.locator(".cm-content#search")
    expect(line).to_be_focused()  # the editor has come in the place of the input
    for typed, offered, then in (
        ("rat", "rate", "rate"),
        ("(taki", "takings_total", "rate(takings_total)"),
        ("{sh", "shop", "rate(takings_total{shop})"),
        ('="par', "paris", 'rate(takings_total{shop="paris"})'),
    ):
        type_in(page, ".cm-content#search", typed)
        until(page, _IS_OFFERED, offered)
        if typed == "rat":
            assert faults(page) == []
        began_s = time.monotonic()
        while line.text_content() != then:  # a list takes no Enter in its first moments, and may come anew
            within(seconds_since(began_s), 10, f"{offered} is taken")
            if page.evaluate(_IS_OFFERED, offered):
                page.keyboard.press("Enter")
            page.wait_for_timeout(100)
    page.get_by_role("button", name="curl").click()
    until(page, "() => navigator.clipboard.readText().then((text) => text.startsWith('curl -G'))")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="curl")).to_be_focused()


_IS_OFFERED = (
    "(text) => document.querySelector('.cm-tooltip-autocomplete li[aria-selected]')?.textContent.startsWith(text)"
)


def test_explore_keeps_its_plain_input_without_the_editor(pages: Pages, site: ServerProcess) -> None:
    site.post("plain_visits", 20)
    pages.expect("net::ERR_FAILED")
    page = pages.open(f"{site.url}/explore", wait=False)
    page.route("**/vendor/codemirror.js", lambda route: route.abort())
    expect(page.locator("#series tr").first).to_be_visible()
    with page.expect_event("requestfailed"):
        page.locator("input#search").focus()
    type_in(page, "input#search", "sum(plain_visits) / 4")
    expect(page.locator("#series tr td.value")).to_have_text("5", timeout=scaled(10_000))
    expect(page.locator("#answer canvas")).to_be_visible()
