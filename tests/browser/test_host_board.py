"""The board at ``/`` of a server as users start it."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.pages import Pages, run_line, until, wait_for_text
from tests.support.deadline import within
from tests.support.server import ServerProcess

#: Tiles with data whose body is empty: titles of those that do not draw yet.
_NOT_DRAWN = """() => [...document.querySelectorAll(".tile")].filter((tile) => {
    if (tile.dataset.fresh === "none") return true;
    if (tile.matches(".line")) return !inked(tile.querySelector(".uplot canvas"));
    if (tile.matches(".stat")) return !/\\d/.test(tile.querySelector(".number").textContent) || !inked(tile.querySelector("canvas"));
    return !/\\d/.test(tile.querySelector(".body").innerText || tile.querySelector(".body").textContent);
}).map((tile) => tile.getAttribute("aria-label"))"""

_ALL_FED = "() => document.querySelector('.tile') && !document.querySelector('.tile[data-fresh=none]')"

#: Colours on a canvas, read from a copy: Chromium warns of a canvas that is read again and again.
_INKED = """window.inked = (canvas) => {
    if (!canvas || !canvas.width || !canvas.height) return 0;
    const copy = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
    const pen = copy.getContext("2d", { willReadFrequently: true });
    pen.drawImage(canvas, 0, 0);
    const { data } = pen.getImageData(0, 0, copy.width, copy.height);
    const colours = new Set();
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 120) colours.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    return colours.size;
};"""


def _feed_line(page: Page, title: str) -> str:
    """Return the first line that a tile offers for feeding it."""
    page.get_by_role("group", name=title, exact=True).focus()
    page.keyboard.press("Enter")
    text = page.locator("dialog pre").inner_text()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    return text.splitlines()[0]


def test_every_tile_with_data_is_drawn_within_two_seconds_of_opening(pages: Pages, host_site: ServerProcess) -> None:
    warm = pages.open(host_site.url)  # its report gives the tile of the delay to the screen something to show
    until(warm, _ALL_FED)
    page = pages.open(host_site.url, wait=False)
    page.evaluate(_INKED)
    until(page, f"() => document.querySelectorAll('.tile').length === 16 && !({_NOT_DRAWN})().length", timeout_ms=2_000)
    within(page.evaluate("performance.now()") / 1000, 2.5, "all tiles are drawn, since the page was asked for")


def test_values_change_by_themselves(pages: Pages, host_site: ServerProcess) -> None:
    page = pages.open(host_site.url)
    page.evaluate(_INKED)
    until(page, "() => inked(document.querySelector('.line .uplot canvas')) > 2")
    before = page.evaluate("""() => {
        window.__first = document.querySelector(".line .uplot canvas").toDataURL();
        return [...document.querySelectorAll(".tile .body")].map((b) => b.textContent);
    }""")
    until(
        page,
        "(before) => [...document.querySelectorAll('.tile .body')].filter((b, i) => b.textContent !== before[i]).length >= 3",
        before,
    )
    for _ in range(4):  # a chart that is made anew for its labels changes once, too
        until(
            page, "() => document.querySelector('.line .uplot canvas').toDataURL() !== window.__first", timeout_ms=3_000
        )
        page.evaluate("() => { window.__first = document.querySelector('.line .uplot canvas').toDataURL(); }")


def test_every_tile_offers_a_line_and_the_line_puts_a_value_on_the_page_within_a_second(
    pages: Pages, host_site: ServerProcess
) -> None:
    page = pages.open(host_site.url)
    until(page, _ALL_FED)
    for title in page.locator(".tile").evaluate_all("(all) => all.map((tile) => tile.getAttribute('aria-label'))"):
        line = _feed_line(page, title)
        assert line.startswith("curl ")
        assert host_site.url in line, title
    line = _feed_line(page, "Uptime")
    head, _, tail = line.partition('"value":')
    value, _, rest = tail.partition(",")
    assert float(value) > 0
    run_line(f'{head}"value":{777 * 86_400 + 3_600},{rest}')
    arrived = "() => document.querySelector('[aria-label=Uptime]').series[0].values.includes(67136400)"
    until(page, arrived, timeout_ms=1_000)


def test_the_line_of_an_empty_tile_fills_it_within_a_second(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url)
    tile = page.get_by_role("group", name="Load", exact=True)
    expect(tile).to_have_attribute("data-fresh", "none")
    line = tile.locator(".empty code").inner_text()
    assert line == _feed_line(page, "Load")
    run_line(line.replace('"value":1', '"value":4.25'))
    wait_for_text(page, "[aria-label=Load] .number", "4.25")
    expect(tile).to_have_attribute("data-fresh", "live")
    expect(tile.locator(".empty")).to_be_hidden()


def test_the_line_of_an_empty_document_tile_fills_it_within_a_second(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(site.url)
    tile = page.get_by_role("group", name="Top processes", exact=True)
    run_line(tile.locator(".empty code").inner_text())
    shown = "() => document.querySelector('[aria-label=\"Top processes\"] .body').innerText.includes('hello')"
    until(page, shown, timeout_ms=1_000)


def test_another_window_shows_other_history_and_is_kept_in_the_address(pages: Pages, host_site: ServerProcess) -> None:
    page = pages.open(host_site.url)
    until(page, "() => document.querySelector('dash-board').store.windowMs === 900000")
    page.keyboard.press("2")
    until(page, "() => document.querySelector('dash-board').store.windowMs === 21600000")
    expect(page).to_have_url(re.compile("window=21600"))
    until(page, "() => document.getElementById('subtitle').textContent.endsWith('last 6 h')")
    page.reload()
    until(page, "() => document.querySelector('dash-board').store.windowMs === 21600000")
    expect(page.get_by_role("button", name="6 h")).to_have_attribute("aria-pressed", "true")


def test_a_board_counts_as_seen_at_the_first_sign_of_a_person(pages: Pages, site: ServerProcess) -> None:
    page = pages.open(f"{site.url}/boards/host")
    seen = "() => localStorage.getItem('recent boards')"
    assert page.evaluate(seen) is None
    page.keyboard.press("Shift")
    assert until(page, seen) == '["host"]'


def test_an_address_that_is_none_is_said_on_a_page(pages: Pages, site: ServerProcess) -> None:
    pages.expect("status of 404")
    page = pages.open(f"{site.url}/boards/nothing", wait=False)
    expect(page.locator("main")).to_contain_text("404")
    expect(page.locator("main")).to_contain_text("there is no board")
    page.get_by_role("link", name="To the board").click()
    page.wait_for_url(f"{site.url}/")
